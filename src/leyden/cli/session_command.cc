#include <algorithm>
#include <iostream>
#include <memory>

#include <unistd.h>

#include "leyden/base/utf8.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session_export.h"
#include "leyden/cli/terminal.h"
#include "leyden/prompt/session_ledger.h"

namespace leyden::cli {
namespace {

using nlohmann::json;

struct Flags {
  std::string name;
  std::vector<std::string> names;
  std::string tenant;
  bool every_tenant = false;
  std::size_t turn = 0;
  std::string reward;
  std::string output;
  bool whole = false;
  bool yes = false;
  bool as_json = false;
};

// What the commands work with.
struct Open {
  std::unique_ptr<prompt::SessionLedger> ledger;
  std::string tenant;
  std::stop_token stop;

  // Errors: not_found, too.
  [[nodiscard]] Result<prompt::Session> find(const std::string& name) const {
    auto session = ledger->find(tenant, name);
    if (!session) return std::unexpected(session.error());
    if (!*session) {
      return fail(
          Errc::not_found,
          "tenant \"{}\" has no session \"{}\": `leyden session list` tells which there are",
          tenant, name);
    }
    return **std::move(session);
  }
  [[nodiscard]] Result<std::vector<prompt::Session>> find_all(
      const std::vector<std::string>& names) const {
    std::vector<prompt::Session> sessions;
    for (const std::string& name : names) {
      auto session = find(name);
      if (!session) return std::unexpected(session.error());
      sessions.push_back(*std::move(session));
    }
    return sessions;
  }
};

// Text of models and documents: nothing in it may steer the terminal.
std::string shown(const std::string& text) {
  std::string out = utf8::replace_invalid(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) c = ' ';
  }
  return out;
}

json facts_json(const prompt::Session& session) {
  return {{"session", session.facts.name},
          {"tenant", session.facts.tenant},
          {"turns", session.turns},
          {"tokens", session.ids},
          {"model", session.facts.model},
          {"tokenizer", session.facts.tokenizer_name},
          {"tokenizer_fingerprint", session.facts.tokenizer.hex()},
          {"chat_format", session.facts.chat_format},
          {"reasoning", reasoning_name(session.facts.reasoning)},
          {"created", utc(session.created)},
          {"updated", utc(session.updated)},
          {"damaged", session.damaged}};
}

int run_list(const Flags& flags, const Open& open) {
  auto sessions = open.ledger->list(flags.every_tenant ? std::nullopt : std::optional(open.tenant));
  if (!sessions) return report(sessions.error());
  json array = json::array();
  for (const prompt::Session& session : *sessions) {
    if (flags.as_json) {
      array.push_back(facts_json(session));
      continue;
    }
    write_stdout(fmt::format(
        "{:<24} {:>4} turns {:>8} tokens  {}  {}{}{}\n", utf8::one_line(session.facts.name),
        session.turns, session.ids, utc(session.updated), utf8::one_line(session.facts.model),
        flags.every_tenant ? " (tenant " + utf8::one_line(session.facts.tenant) + ")" : "",
        session.damaged ? " DAMAGED: leyden session delete" : ""));
  }
  if (flags.as_json)
    write_stdout(json_line(array));
  else if (sessions->empty())
    write_stdout("no sessions: `leyden ask --session NAME \"question\"` begins one\n");
  return kDone;
}

int run_show(const Flags& flags, const Open& open) {
  auto session = open.find(flags.name);
  if (!session) return report(session.error());
  json turns = json::array();
  std::string text = fmt::format(
      "{}, tokenizer {} ({}), {}, {} turns, {} tokens\n", utf8::one_line(session->facts.model),
      utf8::one_line(session->facts.tokenizer_name), session->facts.tokenizer.hex().substr(0, 8),
      session->facts.chat_format, session->turns, session->ids);
  prompt::TurnReader reader = open.ledger->turns(*session);
  while (true) {
    auto turn = reader.next();
    if (!turn) return report(turn.error());
    if (!*turn) break;
    const prompt::Turn& is = **turn;
    const std::optional<std::uint64_t> reused = is.prompt_tokens_reused;
    turns.push_back({{"turn", is.number},
                     {"at", utc(is.at)},
                     {"question", is.question},
                     {"answer", is.answer},
                     {"finish", finish_name(is.end)},
                     {"prompt_tokens", is.prompt.size()},
                     {"prompt_tokens_shared", is.shared},
                     {"prompt_tokens_reused", reused ? json(*reused) : json()},
                     {"response_tokens", is.response.size()},
                     {"logprobs", !is.logprobs.empty()},
                     {"reward", is.reward ? json(*is.reward) : json()}});
    text += fmt::format(
        "\n[{}] {}  {} prompt tokens, {} of them the turn before's, {} reused; {} response tokens"
        "{}{}\n> {}\n{}\n",
        is.number, utc(is.at), is.prompt.size(), is.shared,
        reused ? std::to_string(*reused) : "not told how many", is.response.size(),
        is.end == prompt::TurnEnd::length ? ", cut" : "",
        is.reward ? fmt::format(", reward {}", *is.reward) : "", shown(is.question),
        shown(is.answer));
  }
  if (flags.as_json) {
    json out = facts_json(*session);
    out["turns"] = std::move(turns);
    write_stdout(json_line(out));
  } else {
    write_stdout(text);
  }
  return kDone;
}

int run_export(const Flags& flags, const Open& open) {
  auto sessions = open.find_all(flags.names);
  if (!sessions) return report(sessions.error());
  if (flags.names.empty()) {
    sessions = open.ledger->list(open.tenant);
    if (!sessions) return report(sessions.error());
  }
  auto out = ExportOutput::open(flags.output);
  if (!out) return report(out.error());
  for (const prompt::Session& session : *sessions) {
    auto done = export_session(*open.ledger, session, flags.whole,
                               [&](std::string_view line) -> Result<bool> {
                                 if (open.stop.stop_requested())
                                   return fail(Errc::cancelled, "stopped: nothing is exported");
                                 return out->write(line);
                               });
    if (!done) return report(done.error());
  }
  if (auto done = out->finish(); !done) return report(done.error());
  return kDone;
}

// Asks on a terminal; elsewhere --yes has to say it.
Result<bool> confirmed(const Flags& flags, std::size_t turns) {
  if (flags.yes) return true;
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0) {
    return fail(Errc::invalid_argument,
                "{} sessions with {} turns would be deleted for good: say --yes",
                flags.names.size(), turns);
  }
  fmt::print(stderr, "Delete {} sessions with {} turns for good? [y/N] ", flags.names.size(),
             turns);
  std::string line;
  std::getline(std::cin, line);
  return line == "y" || line == "Y" || line == "yes";
}

int run_delete(const Flags& flags, const Open& open) {
  // Not find(): a damaged session is deleted, too.
  auto all = open.ledger->list(open.tenant);
  if (!all) return report(all.error());
  std::size_t turns = 0;
  for (const std::string& name : flags.names) {
    const auto is = std::ranges::find_if(
        *all, [&](const prompt::Session& session) { return session.facts.name == name; });
    if (is == all->end()) return report(open.find(name).error());
    turns += is->turns;
  }
  auto sure = confirmed(flags, turns);
  if (!sure) return report(sure.error());
  if (!*sure) return kDone;
  for (const std::string& name : flags.names) {
    if (auto erased = open.ledger->erase(open.tenant, name); !erased) return report(erased.error());
  }
  if (flags.as_json)
    write_stdout(json_line({{"deleted", flags.names}, {"turns", turns}}));
  else
    write_stdout(fmt::format("{} sessions with {} turns are deleted\n", flags.names.size(), turns));
  return kDone;
}

int run_reward(const Flags& flags, const Open& open) {
  auto session = open.find(flags.name);
  if (!session) return report(session.error());
  std::optional<double> reward;
  if (flags.reward != "none") {
    std::size_t read = 0;
    try {
      reward = std::stod(flags.reward, &read);
    } catch (const std::exception&) {
      read = 0;
    }
    if (read == 0 || read != flags.reward.size()) {
      return report(
          {Errc::invalid_argument, fmt::format("the reward \"{}\" is no number: 0.5, -1 or none",
                                               utf8::one_line(flags.reward))});
    }
  }
  if (auto set = open.ledger->set_reward(*session, flags.turn, reward); !set)
    return report(set.error());
  if (flags.as_json) {
    write_stdout(json_line({{"session", session->facts.name},
                            {"turn", flags.turn},
                            {"reward", reward ? json(*reward) : json()}}));
  }
  return kDone;
}

}  // namespace

void add_session_command(CLI::App& app, Run& run) {
  using Act = int (*)(const Flags&, const Open&);
  CLI::App* command = app.add_subcommand(
      "session", "Conversations kept as exact token IDs: list, show, export, delete, reward");
  command->require_subcommand(1);
  command->footer(
      "leyden ask --session NAME begins or continues one. Each turn's prompt begins with the exact "
      "IDs of the turn before. Nothing is ever evicted: delete what you no longer want.\n"
      "Exit codes: 0 done, 2 no such session or turn, 5 the ledger can't be read or is damaged.\n"
      "Example: leyden session export talk --output talk.jsonl");
  auto add = [&](const char* name, const char* help, const char* footer, Act act) {
    auto flags = std::make_shared<Flags>();
    CLI::App* sub = command->add_subcommand(name, help);
    sub->footer(footer);
    sub->add_option("--tenant", flags->tenant, "Whose [default: default]");
    sub->callback([flags, &run, act] {
      run = [flags, act](const Context& context) -> int {
        const SystemClock clock;
        auto ledger = prompt::SessionLedger::open(context.settings.sessions_file(), clock,
                                                  sql::OpenMode::existing);
        if (!ledger) return report(ledger.error());
        return act(*flags,
                   {.ledger = *std::move(ledger),
                    .tenant = flags->tenant.empty() ? context.settings.tenant : flags->tenant,
                    .stop = context.stop});
      };
    });
    return std::pair(sub, flags);
  };
  const auto one = [](CLI::App* sub, Flags& flags) {
    sub->add_option("name", flags.name, "Which session")->required();
  };
  const auto as_json = [](CLI::App* sub, Flags& flags) {
    sub->add_flag("--json", flags.as_json, "JSON on standard output");
  };
  {
    auto [sub, flags] = add("list", "What there is, continued last first",
                            "Example: leyden session list", run_list);
    sub->add_flag("--every-tenant", flags->every_tenant, "Not only one tenant's");
    as_json(sub, *flags);
  }
  {
    auto [sub, flags] =
        add("show", "Questions and answers with the counts of tokens",
            "IDs are not shown: export has them.\nExample: leyden session show talk", run_show);
    one(sub, *flags);
    as_json(sub, *flags);
  }
  {
    auto [sub, flags] = add(
        "export", "JSON lines for training: IDs, loss mask, logprobs, reward",
        "One object a turn: prompt_ids; response_ids; loss_mask over both, 1 for what the model "
        "sampled; logprobs of the response, null without; reward, null without; finish. "
        "end_inferred "
        "says that the last ID of the response is the chat format's end token, which servers "
        "don't deliver: its logprob is null. --whole: one object for each run of turns that goes "
        "on "
        "from the exact IDs before, a whole session where its reasoning is kept.\n"
        "Examples: leyden session export talk | head -1\n"
        "          leyden session export --whole --output all.jsonl",
        run_export);
    sub->add_option("names", flags->names, "Which sessions [default: all of the tenant's]");
    sub->add_flag("--whole", flags->whole, "One object a session");
    sub->add_option("--output", flags->output,
                    "Into this file, whole or not at all [default: standard output]");
  }
  {
    auto [sub, flags] =
        add("delete", "Delete sessions for good; their bytes are overwritten",
            "Asks on a terminal; elsewhere --yes has to say it.\nExample: leyden session delete "
            "talk --yes",
            run_delete);
    sub->add_option("names", flags->names, "Which sessions")->required();
    sub->add_flag("--yes", flags->yes, "Without a question");
    as_json(sub, *flags);
  }
  {
    auto [sub, flags] = add("reward", "Set the reward of a turn, which export gives",
                            "Examples: leyden session reward talk 2 0.5\n"
                            "          leyden session reward talk 2 none",
                            run_reward);
    one(sub, *flags);
    sub->add_option("turn", flags->turn, "Its number, from 1")->required();
    sub->add_option("value", flags->reward, "A finite number, or none")->required();
    as_json(sub, *flags);
  }
}

}  // namespace leyden::cli
