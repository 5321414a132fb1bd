#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "leyden/prompt/session_ledger.h"
#include "leyden/prompt/turn_format.h"
#include "leyden/rag/token_cached_rag.h"

namespace leyden::rag {

struct ConversationOptions {
  std::string session;  // The name; the tenant is the request's.
  // For a session that is begun; one that is continued has its own, and another is an error.
  std::optional<prompt::ReasoningPolicy> reasoning;
};

struct ConversationAnswer {
  GenerateResult answer;
  std::size_t turn = 0;  // From 1.
  // With as_template, when the last answer had reasoning: the first token of the prompt that differs from what the server has read.
  std::optional<std::size_t> prefix_broken_at;
  // Why the turn is not in the session, which is as it was before: cancelled, unsupported (the server filtered the answer, or speaks
  // text, so that its IDs are not exact), or the ledger's.
  std::optional<Error> not_kept;
};

// Questions and answers in a session: the prompt of each turn begins with the exact IDs of the turn before, prompt and sampled answer, and only
// what is new is encoded, behind the special token that ends the answer. An answer that the model ended is closed with the
// chat format's end token, which counts as its last ID; behind one that was cut (length) the end token is part of the next prompt.
// A turn is kept once its stream has ended well; whoever is killed before loses that turn. Thread-safe; everything borrowed outlives it.
class Conversation {
 public:
  Conversation(prompt::SessionLedger& ledger, TokenCachedRag& rag,
               const tokenizer::Tokenizer& tokenizer, llm::ModelServer& server,
               ConversationOptions options)
      : ledger_(&ledger),
        rag_(&rag),
        tokenizer_(&tokenizer),
        server_(&server),
        options_(std::move(options)) {}

  // Continues the session as it is now in the ledger, or begins it. Errors: those of TokenCachedRag::generate; unsupported (no end
  // token in the chat format; with as_template, a template whose way with old reasoning is not known); invalid_argument when the
  // session belongs to another tokenizer, model, chat format or policy, or when the window is full: says the numbers; corrupt.
  [[nodiscard]] Result<ConversationAnswer> ask(const RetrieveRequest& request,
                                               const GenerateOptions& options,
                                               const std::function<void(std::string_view)>& on_text,
                                               std::stop_token stop);

 private:
  // The session as it would be begun.
  [[nodiscard]] prompt::SessionFacts facts(const std::string& tenant,
                                           const prompt::TurnFormat& format) const;
  [[nodiscard]] Result<PromptStart> continue_from(const prompt::Session& session,
                                                  const prompt::TurnFormat& format,
                                                  std::optional<std::size_t>& broken_at) const;
  [[nodiscard]] Result<void> keep(const std::optional<prompt::Session>& session,
                                  const prompt::SessionFacts& facts,
                                  const prompt::TurnFormat& format, const std::string& question,
                                  const GenerateResult& answer) const;

  prompt::SessionLedger* ledger_;
  TokenCachedRag* rag_;
  const tokenizer::Tokenizer* tokenizer_;
  llm::ModelServer* server_;
  ConversationOptions options_;
};

}  // namespace leyden::rag
