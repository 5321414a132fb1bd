#include <memory>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/model_catalogue.h"
#include "leyden/cli/open_model.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/rag/conversation.h"

namespace leyden::cli {
namespace {

struct Flags {
  std::vector<std::string> questions;
  std::optional<std::string> model;
  std::vector<std::string> servers;
  std::optional<std::string> tokenizer;
  RetrieveFlags retrieve;
  std::size_t max_answer_tokens = 200;
  double temperature = 0;
  std::uint32_t seed = 0;
  std::string session;
  bool new_session = false;
  std::optional<prompt::ReasoningPolicy> old_reasoning;
  bool logprobs = false;
  bool no_model = false;
  bool as_json = false;
};

std::string row(std::string_view name, const std::string& value) {
  return fmt::format("  {:<34} {}\n", name, value);
}

std::string retrieval_rows(const rag::RetrievedContext& context) {
  return row("passages", std::to_string(context.doc_count)) +
         row("tokens: from the cache / now",
             fmt::format("{} / {}", context.cached_tokens,
                         context.token_count - context.cached_tokens)) +
         row("retrieval", fmt::format("{:.1f} ms", context.timings.search_ms)) +
         row("token step", fmt::format("{:.2f} ms", context.timings.tokens_ms));
}

nlohmann::json answer_json(const std::string& question, const rag::GenerateResult& result) {
  constexpr const char* kFinish[] = {"stop", "length", "content_filter", "cancelled"};
  const auto& reused = result.prompt_tokens_reused;
  return {{"question", question},
          {"response", result.response},
          {"response_ids", result.response_ids},
          {"session_tokens", result.session_tokens},
          {"context_tokens", result.context_tokens},
          {"query_tokens", result.query_tokens},
          {"total_tokens", result.total_tokens},
          {"prompt_tokens_reused", reused ? nlohmann::json(*reused) : nlohmann::json()},
          {"prompt_tokens_expected_reused", result.prompt_tokens_expected_reused},
          {"ids_exact", result.ids_exact},
          {"cache_hit", result.cache_hit},
          {"finish", kFinish[static_cast<int>(result.finish)]},
          {"latency_ms",
           {{"total", result.latency.total_ms}, {"first_token", result.latency.first_token_ms}}},
          {"context", to_json(result.context)}};
}

int retrieve_only(const Flags& flags, const Context& context) {
  auto tokenizer =
      open_tokenizer(context.settings, flags.tokenizer ? flags.tokenizer : flags.model);
  if (!tokenizer) return report(tokenizer.error());
  auto session = Session::open(context.settings, *tokenizer, "ask");
  if (!session) return report(session.error());
  for (const std::string& question : flags.questions) {
    auto found =
        (*session)->rag().retrieve_tokens(flags.retrieve.request(question, "ask", context));
    if (!found) return report(found.error());
    if (flags.as_json) {
      write_stdout(
          json_line({{"question", question}, {"response", nullptr}, {"context", to_json(*found)}}));
    } else {
      write_stdout(fmt::format("> {}\n{}(no model: --no-model)\n{}\n", question,
                               describe_documents(*found), retrieval_rows(*found)));
    }
    if (context.stop.stop_requested()) return kInterrupted;
  }
  return kDone;
}

// A session's turn beside its answer; without a session only the answer.
using Answered = rag::ConversationAnswer;

nlohmann::json session_json(const std::string& name, const Answered& answered) {
  const auto& broken = answered.prefix_broken_at;
  return {{"name", name},
          {"turn", answered.turn},
          {"prefix_broken_at", broken ? nlohmann::json(*broken) : nlohmann::json()},
          {"kept", !answered.not_kept},
          {"reason", answered.not_kept ? answered.not_kept->message : ""}};
}

std::string session_row(const Answered& answered) {
  if (answered.turn == 0) return {};
  std::string value =
      fmt::format("{}, {} tokens before it", answered.turn, answered.answer.session_tokens);
  if (answered.prefix_broken_at)
    value += fmt::format(", old reasoning dropped from token {} on", *answered.prefix_broken_at);
  return row("turn of the session", value);
}

// Where the turns are kept. Nothing without --session. Errors: the ledger's; invalid_argument when --new-session names one that there is.
Result<std::unique_ptr<prompt::SessionLedger>> open_ledger(const Flags& flags,
                                                           const Context& context,
                                                           const Clock& clock) {
  if (flags.session.empty()) return nullptr;
  auto ledger = prompt::SessionLedger::open(context.settings.sessions_file(), clock);
  if (!ledger || !flags.new_session) return ledger;
  const auto request = flags.retrieve.request({}, "ask", context);
  auto found = (*ledger)->find(request.scope.tenant, flags.session);
  if (!found) return std::unexpected(found.error());
  if (*found) {
    return fail(Errc::invalid_argument,
                "there is a session \"{}\" with {} turns already: leave out --new-session to "
                "continue it, or choose another name",
                flags.session, (*found)->turns);
  }
  return ledger;
}

int run_ask(const Flags& flags, const Context& context) {
  if (flags.no_model) return retrieve_only(flags, context);
  const SystemClock clock;
  auto ledger = open_ledger(flags, context, clock);
  if (!ledger) return report(ledger.error());
  auto model = open_model({.name = flags.model,
                           .servers = flags.servers,
                           .tokenizer = flags.tokenizer,
                           .needs_ids_for = flags.session.empty() ? "" : "a session"},
                          context);
  if (!model) return model.error();
  auto session = Session::open(
      context.settings, model->tokenizer, "ask",
      {.secret = {}, .system_prompt = {}, .sent = model->sent.get(), .degraded_reason = {}});
  if (!session) return report(session.error());

  std::optional<rag::Conversation> conversation;
  if (*ledger) {
    conversation.emplace(
        **ledger, (*session)->rag(), *model->tokenizer, *model->server,
        rag::ConversationOptions{.session = flags.session, .reasoning = flags.old_reasoning});
  }
  const auto answer_to = [&](const rag::RetrieveRequest& request,
                             const rag::GenerateOptions& options,
                             const auto& on_text) -> Result<Answered> {
    if (conversation) return conversation->ask(request, options, on_text, context.stop);
    auto answer =
        (*session)->rag().generate(request, *model->server, options, on_text, context.stop);
    if (!answer) return std::unexpected(answer.error());
    return Answered{.answer = *std::move(answer), .not_kept = {}};
  };

  for (const std::string& question : flags.questions) {
    if (context.stop.stop_requested()) return kInterrupted;
    if (!flags.as_json) write_stdout(fmt::format("> {}\n", question));
    rag::GenerateOptions options{
        .max_answer_tokens = flags.max_answer_tokens,
        .sampling = {.temperature = flags.temperature, .top_p = 0.95, .seed = flags.seed},
        .logprobs = flags.logprobs};
    auto on_text = [&](std::string_view text) {
      if (!flags.as_json) write_stdout(text);
    };
    auto answered = answer_to(flags.retrieve.request(question, "ask", context), options, on_text);
    if (!answered) return report(answered.error());
    const rag::GenerateResult* const answer = &answered->answer;
    if (flags.as_json) {
      nlohmann::json out = answer_json(question, *answer);
      if (conversation) out["session"] = session_json(flags.session, *answered);
      write_stdout(json_line(out));
    } else {
      if (answer->context.outcome == rag::Outcome::no_documents)
        print_warning("no passage shares a word with the question: the answer is the model's own");
      if (answer->finish == llm::FinishReason::length) write_stdout(" [...]");
      write_stdout(
          "\n\n" + describe_documents(answer->context) + retrieval_rows(answer->context) +
          session_row(*answered) +
          row("first token", fmt::format("{:.0f} ms", answer->latency.first_token_ms)) +
          row("prompt tokens reused by the model",
              fmt::format("{} of {} (expected {})",
                          answer->prompt_tokens_reused
                              ? std::to_string(*answer->prompt_tokens_reused)
                              : "not told",
                          answer->prompt_ids.size(), answer->prompt_tokens_expected_reused)) +
          row("answer", fmt::format("{} tokens, {:.1f} s in all", answer->response_ids.size(),
                                    answer->latency.total_ms / 1000)) +
          "\n");
    }
    if (answer->finish == llm::FinishReason::cancelled) return kInterrupted;
    if (answered->not_kept) {
      print_error(answered->not_kept->message);
      return kIncomplete;
    }
  }
  return kDone;
}

}  // namespace

void add_ask_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "ask", "Answer questions about what was indexed, with a model here or on a model server");
  command->add_option("question", flags->questions, "One or more, asked one after the other")
      ->required();
  command->add_option(
      "--model", flags->model,
      "A name of `leyden model list` or a GGUF file [default: " + std::string(kDefaultModel) + "]");
  command
      ->add_option(
          "--server", flags->servers,
          "URL of a model server (vLLM, SGLang, llama.cpp, OpenAI-compatible); several may "
          "be named [default: LEYDEN_LLM_URL, else a model in this process]")
      ->allow_extra_args(false)
      ->excludes("--model");
  command->add_option("--tokenizer", flags->tokenizer,
                      "The server's model's own: a name or a file [default: LEYDEN_TOKENIZER]");
  flags->retrieve.add_to(*command);
  command->add_option("--max-answer-tokens", flags->max_answer_tokens, "Stop the answer there")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  command->add_option("--temperature", flags->temperature, "0: the most likely answer each time")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 2.0));
  command->add_option("--seed", flags->seed, "For temperatures above 0")->capture_default_str();
  CLI::Option* session =
      command
          ->add_option("--session", flags->session,
                       "Continue this conversation, or begin it: the prompt begins with the exact "
                       "token IDs of the turn before (leyden session)")
          ->check([](const std::string& name) {
            return name.empty() ? std::string("a session needs a name") : std::string();
          });
  command
      ->add_flag("--new-session", flags->new_session, "Only begin it: one of that name is an error")
      ->needs(session);
  command
      ->add_option(
          "--old-reasoning", flags->old_reasoning,
          "What becomes of <think>...</think> in the session's answers, for all of it: keep "
          "(as sampled, the exact prefix stays) or template (dropped, as the model's "
          "template has it; the prefix breaks there) [default: keep]")
      ->needs(session)
      ->transform(CLI::CheckedTransformer(std::map<std::string, prompt::ReasoningPolicy>{
          {"keep", prompt::ReasoningPolicy::keep_sampled},
          {"template", prompt::ReasoningPolicy::as_template}}));
  command
      ->add_flag("--logprobs", flags->logprobs,
                 "Keep the tokens' logprobs with the session, where the server gives them")
      ->needs(session);
  command->add_flag("--no-model", flags->no_model, "Everything but the answer")->excludes(session);
  command->add_flag("--json", flags->as_json, "One JSON object a question on standard output");
  command->footer(
      "Exit codes: 0 answered, 2 wrong question or nothing indexed, 3 answered, but the session "
      "does not have the turn, 4 the model is not there, 5 "
      "store or disk.\n"
      "Examples: leyden ask \"Where are keys made?\"\n"
      "          leyden ask --session talk \"And who keeps them?\"\n"
      "          leyden ask --server http://gpu1:8000 --tokenizer qwen/tokenizer.json \"Why?\"");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_ask(*flags, context); };
  });
}

}  // namespace leyden::cli
