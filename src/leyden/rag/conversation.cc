#include "leyden/rag/conversation.h"

#include <algorithm>
#include <utility>

namespace leyden::rag {
namespace {

std::string_view name_of(prompt::ReasoningPolicy policy) {
  return policy == prompt::ReasoningPolicy::keep_sampled ? "keep_sampled" : "as_template";
}

// A session has one tokenizer, model, chat format and policy, from its beginning to its end.
Result<void> check_same(const prompt::SessionFacts& session, const prompt::SessionFacts& now,
                        const prompt::TurnFormat& format) {
  const auto other = [&](std::string_view what, std::string_view was, std::string_view is) {
    return fail(
        Errc::invalid_argument,
        "the session \"{}\" was begun with the {} {}, not {}: its IDs go on with that only; "
        "name that, or begin another session",
        session.name, what, was, is);
  };
  if (session.tokenizer != now.tokenizer) {
    const auto named = [](const prompt::SessionFacts& facts) {
      return fmt::format("{} ({})", facts.tokenizer_name, facts.tokenizer.hex().substr(0, 8));
    };
    return other("tokenizer", named(session), named(now));
  }
  if (session.model != now.model) return other("model", session.model, now.model);
  if (!format.continues(session.chat_format))
    return other("chat format", session.chat_format, now.chat_format);
  if (session.reasoning != now.reasoning)
    return other("policy for reasoning", name_of(session.reasoning), name_of(now.reasoning));
  return {};
}

}  // namespace

prompt::SessionFacts Conversation::facts(const std::string& tenant,
                                         const prompt::TurnFormat& format) const {
  return {.tenant = tenant,
          .name = options_.session,
          .tokenizer = tokenizer_->fingerprint(),
          .tokenizer_name = tokenizer_->name(),
          .vocabulary_size = tokenizer_->vocabulary_size(),
          .model = server_->info().name,
          .chat_format = format.name(),
          .reasoning = options_.reasoning.value_or(prompt::ReasoningPolicy::keep_sampled)};
}

// The exact IDs of the last turn, closed with the end token, and the frame of the next.
Result<PromptStart> Conversation::continue_from(const prompt::Session& session,
                                                const prompt::TurnFormat& format,
                                                std::optional<std::size_t>& broken_at) const {
  prompt::TurnReader turns = ledger_->turns(session);
  std::size_t prompt_size = 0;
  while (true) {
    auto turn = turns.next();
    if (!turn) return std::unexpected(turn.error());
    if (!*turn) break;
    prompt_size = (*turn)->prompt.size();
  }
  const TokenId end = format.end();
  PromptStart start{.ids = turns.ids(), .frame = format.next()->frame};
  const bool closed = start.ids.size() > prompt_size && start.ids.back() == end;
  if (session.facts.reasoning == prompt::ReasoningPolicy::as_template) {
    const TokenIdsView all = start.ids;
    auto rendered = format.without_reasoning(
        all.first(prompt_size),
        all.subspan(prompt_size, all.size() - prompt_size - (closed ? 1 : 0)));
    if (!rendered) return std::unexpected(rendered.error());
    if (*rendered) {
      (*rendered)->push_back(end);
      broken_at =
          static_cast<std::size_t>(std::ranges::mismatch(all, **rendered).in1 - all.begin());
      start.ids = **std::move(rendered);
      return start;
    }
  }
  if (!closed) start.ids.push_back(end);
  return start;
}

Result<void> Conversation::keep(const std::optional<prompt::Session>& session,
                                const prompt::SessionFacts& facts, const prompt::TurnFormat& format,
                                const std::string& question, const GenerateResult& answer) const {
  if (answer.finish == llm::FinishReason::cancelled)
    return fail(Errc::cancelled, "the answer was cancelled: the session is as it was before");
  if (answer.finish == llm::FinishReason::content_filter)
    return fail(Errc::unsupported,
                "the server filtered the answer: the session is as it was before");
  if (!answer.ids_exact) {
    return fail(
        Errc::unsupported,
        "the server speaks text, so the answer's IDs are not exact: the session is as it was "
        "before; use a server that gives token IDs (leyden doctor --llm)");
  }
  TokenIds response = answer.response_ids;
  const bool stopped = answer.finish == llm::FinishReason::stop;
  const bool inferred = stopped && (response.empty() || response.back() != format.end());
  prompt::Turn turn{.prompt = answer.prompt_ids,
                    .end_inferred = inferred,
                    .logprobs = answer.response_logprobs,
                    .question = question,
                    .answer = answer.response,
                    .end = stopped ? prompt::TurnEnd::stop : prompt::TurnEnd::length,
                    .prompt_tokens = answer.prompt_tokens,
                    .prompt_tokens_reused = answer.prompt_tokens_reused};
  if (inferred) response.push_back(format.end());
  turn.response = response;
  auto begun = session ? Result<prompt::Session>(*session) : ledger_->create(facts);
  if (!begun) return std::unexpected(begun.error());
  auto appended = ledger_->append(*begun, turn);
  if (!appended) return std::unexpected(appended.error());
  return {};
}

Result<ConversationAnswer> Conversation::ask(const RetrieveRequest& request,
                                             const GenerateOptions& options,
                                             const std::function<void(std::string_view)>& on_text,
                                             std::stop_token stop) {
  const auto opened = rag_->format_of(*server_);
  if (!opened) return std::unexpected(opened.error());
  const prompt::TurnFormat& format = **opened;
  if (!format.next()) return std::unexpected(format.next().error());
  prompt::SessionFacts now = facts(request.scope.tenant, format);
  if (auto good = now.check(); !good) return std::unexpected(good.error());
  auto session = ledger_->find(now.tenant, now.name);
  if (!session) return std::unexpected(session.error());

  ConversationAnswer out;
  PromptStart start{.ids = {}, .frame = format.first()};
  if (*session) {
    if (!options_.reasoning) now.reasoning = (*session)->facts.reasoning;
    if (auto same = check_same((*session)->facts, now, format); !same)
      return std::unexpected(same.error());
    out.turn = (*session)->turns;
    if (out.turn > 0) {
      auto continued = continue_from(**session, format, out.prefix_broken_at);
      if (!continued) return std::unexpected(continued.error());
      start = *std::move(continued);
    }
  }
  if (now.reasoning == prompt::ReasoningPolicy::as_template) {
    if (auto known = format.check_reasoning(); !known) return std::unexpected(known.error());
  }
  ++out.turn;
  auto answer = rag_->generate_from(start, request, *server_, options, on_text, std::move(stop));
  if (!answer) return std::unexpected(answer.error());
  out.answer = *std::move(answer);
  if (auto kept = keep(*session, now, format, request.query, out.answer); !kept)
    out.not_kept = kept.error();
  return out;
}

}  // namespace leyden::rag
