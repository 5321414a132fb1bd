#include <algorithm>
#include <charconv>
#include <memory>
#include <unordered_map>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/terminal.h"
#include "leyden/cli/text_inputs.h"
#include "leyden/prompt/order_replay.h"

namespace leyden::cli {
namespace {

struct Flags {
  std::string requests;
  std::string lengths;
  std::vector<std::string> caches{"64000", "256000", "1000000", "unlimited"};
  std::vector<std::string> orders{"ranked", "stable", "prefix"};
  bool best_last = false;
  bool offline = false;
  bool as_json = false;
};

using prompt::PassageOrder;
using prompt::PromptPart;

// The lines of a file of JSON objects, blank ones skipped. `take` returns what is wrong with one.
Result<void> read_lines(const std::string& file,
                        const std::function<std::string(const nlohmann::json&)>& take) {
  auto content = read_input(file);
  if (!content) return std::unexpected(content.error());
  std::size_t number = 0;
  for (std::size_t at = 0; at < content->size();) {
    const std::size_t end = std::min(content->find('\n', at), content->size());
    const std::string_view line(content->data() + at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto parsed = nlohmann::json::parse(line, nullptr, false);
    const std::string wrong = !parsed.is_object() ? "no JSON object" : take(parsed);
    if (!wrong.empty()) return fail(Errc::invalid_argument, "{}:{}: {}", file, number, wrong);
  }
  return {};
}

// What names a passage in both files: a number or a string.
std::string name_of(const nlohmann::json& id) {
  return id.is_number_integer() || id.is_string() ? id.dump() : std::string();
}

Result<std::vector<std::vector<PromptPart>>> read_trace(const Flags& flags) {
  std::unordered_map<std::string, PromptPart> passages;
  auto lengths = read_lines(flags.lengths, [&](const nlohmann::json& line) -> std::string {
    const auto id = line.find("passage_id");
    const auto length = line.find("token_length");
    if (id == line.end() || name_of(*id).empty()) return "passage_id is no number or string";
    if (length == line.end() || !length->is_number_unsigned())
      return "token_length is no number of tokens";
    passages[name_of(*id)] = {.id = passages.size() + 1, .tokens = length->get<std::size_t>()};
    return {};
  });
  if (!lengths) return std::unexpected(lengths.error());
  std::vector<std::vector<PromptPart>> requests;
  auto read = read_lines(flags.requests, [&](const nlohmann::json& line) -> std::string {
    const auto hashes = line.find("hash_ids");
    if (hashes == line.end() || !hashes->is_object()) return "hash_ids is no object";
    const auto ids = hashes->find("passages_ids");
    if (ids == hashes->end() || !ids->is_array()) return "hash_ids.passages_ids is no array";
    std::vector<PromptPart>& request = requests.emplace_back();
    for (const auto& id : *ids) {
      const auto passage = passages.find(name_of(id));
      if (passage == passages.end())
        return fmt::format("passage {} has no length in {}", id.dump(), flags.lengths);
      if (std::ranges::find(request, passage->second.id, &PromptPart::id) == request.end())
        request.push_back(passage->second);
    }
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return requests;
}

Result<std::size_t> cache_tokens(const std::string& value) {
  if (value == "unlimited") return prompt::kUnlimitedTokens;
  std::size_t tokens = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), tokens);
  if (error != std::errc() || end != value.data() + value.size() || tokens == 0)
    return fail(Errc::invalid_argument,
                "--server-cache-tokens: {} is neither a number of tokens nor \"unlimited\"", value);
  return tokens;
}

struct Row {
  std::string order;
  std::string cache;
  double share = 0;
};

std::string to_text(const std::vector<Row>& rows, const Flags& flags) {
  std::string out = fmt::format("{:<22}", "order \\ server's cache");
  for (const std::string& cache : flags.caches) out += fmt::format("{:>11}", cache);
  std::string last;
  for (const Row& row : rows) {
    if (row.order != last) out += fmt::format("\n{:<22}", row.order);
    last = row.order;
    out += fmt::format("{:>9.1f} %", row.share * 100);
  }
  return out + "\n";
}

std::string to_json(const std::vector<Row>& rows) {
  auto out = nlohmann::json{{"results", nlohmann::json::array()}};
  for (const Row& row : rows) {
    const bool unlimited = row.cache == "unlimited";
    out[row.order == "offline" ? "offline" : "results"].push_back(
        {{"order", row.order},
         {"server_cache_tokens",
          unlimited ? nlohmann::json(row.cache) : nlohmann::json(cache_tokens(row.cache).value())},
         {"reused_token_share", row.share}});
  }
  return json_line(out);
}

int run_order(const Flags& flags, const Context& context) {
  std::vector<std::size_t> caches;
  for (const std::string& value : flags.caches) {
    auto tokens = cache_tokens(value);
    if (!tokens) return report(tokens.error());
    caches.push_back(*tokens);
  }
  auto requests = read_trace(flags);
  if (!requests) return report(requests.error());
  std::vector<std::string> orders = flags.orders;
  if (flags.offline) orders.emplace_back("offline");
  ProgressBar bar("replaying");
  std::vector<Row> rows;
  for (const std::string& order : orders) {
    for (std::size_t i = 0; i < caches.size(); ++i) {
      auto on_request = [&](std::size_t done) {
        bar.update(rows.size() * requests->size() + done,
                   orders.size() * caches.size() * requests->size(), order);
        return !context.stop.stop_requested();
      };
      const prompt::Replay replay =
          order == "offline" ? prompt::replay_knowing_the_future(*requests, caches[i], on_request)
                             : prompt::replay_order(*requests,
                                                    {.order = *prompt::passage_order(order),
                                                     .best_last = flags.best_last},
                                                    caches[i], on_request);
      if (context.stop.stop_requested()) return kInterrupted;
      rows.push_back({order, flags.caches[i], replay.reused_share()});
    }
  }
  write_stdout(flags.as_json ? to_json(rows) : to_text(rows, flags));
  return kDone;
}

}  // namespace

void add_bench_command(CLI::App& app, Run& run) {
  CLI::App* bench = app.add_subcommand("bench", "Measure on your own data what Leyden would save");
  bench->require_subcommand(1);
  auto flags = std::make_shared<Flags>();
  CLI::App* order = bench->add_subcommand(
      "order",
      "What share of a trace's prompt tokens a model server's prefix cache serves, by the "
      "order of the passages");
  order
      ->add_option("--requests", flags->requests,
                   R"(JSON lines: {"hash_ids": {"passages_ids": [7, 3, ...]}}, best first)")
      ->required();
  order
      ->add_option("--lengths", flags->lengths,
                   R"(JSON lines: {"passage_id": 7, "token_length": 241})")
      ->required();
  order
      ->add_option("--server-cache-tokens", flags->caches,
                   "Sizes of the server's cache, or \"unlimited\"")
      ->delimiter(',')
      ->capture_default_str();
  order->add_option("--order", flags->orders, "Which orders")
      ->delimiter(',')
      ->check(CLI::IsMember({"ranked", "stable", "prefix"}))
      ->capture_default_str();
  order->add_flag("--best-last", flags->best_last, "The top-ranked passage stands last");
  order->add_flag("--offline", flags->offline,
                  "Also the best order that we know for one who knows the future");
  order->add_flag("--json", flags->as_json, "One JSON object on standard output");
  order->footer(
      "A prompt is its distinct passages. The server keeps whole passages and forgets those used "
      "least recently.\nExample: leyden bench order --requests requests.jsonl --lengths "
      "lengths.jsonl");
  order->callback([flags, &run] {
    run = [flags](const Context& context) { return run_order(*flags, context); };
  });
}

}  // namespace leyden::cli
