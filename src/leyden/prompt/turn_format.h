#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/turn_frame.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::prompt {

// How the prompts of a model's conversations are put together from IDs, turn by turn: frames that its chat template gives
// (chat/turn_frame.h), for one system message and date. Thread-safe. The tokenizer outlives it.
class TurnFormat {
 public:
  // `shown`: the model's template; empty: it has none, so that prompts are plain text; nothing: not known, and the format is guessed
  // by the tokenizer's special tokens. Errors: unsupported (says what the template does), those of ChatTemplate.
  [[nodiscard]] static Result<std::shared_ptr<const TurnFormat>> open(
      const std::optional<JinjaSource>& shown, const tokenizer::Tokenizer& tokenizer,
      const std::string& system, std::chrono::year_month_day date);

  // ChatTemplate::format(), or "plain".
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ChatFrame& first() const { return first_; }
  // Errors: unsupported: next_turn() says why, or a token is not the tokenizer's.
  [[nodiscard]] const Result<NextTurn>& next() const { return next_; }
  [[nodiscard]] TokenId end() const { return end_; }  // next()'s. Only where there is one.
  // Whether a session that was begun with the format of this name goes on with this one: with its own name, and with "chatml" and
  // "llama3", as sessions of version 1 say it, where the frames are those.
  [[nodiscard]] bool continues(std::string_view name) const;

  // Errors: unsupported, where the template drops the reasoning of earlier turns in a way that we don't know.
  [[nodiscard]] Result<void> check_reasoning() const;
  // Prompt and response of a turn as the template writes them once another message follows: without the reasoning that it drops (what stands
  // before the last </think>, before gpt-oss's final channel), the rest of the answer encoded from its text; without end token.
  // Nothing when the answer has no reasoning or the template drops none: it stays as it was sampled. `response` has no end token.
  // Errors: check_reasoning()'s, internal (the prompt does not end as the frame does), invalid_argument (IDs outside the vocabulary).
  [[nodiscard]] Result<std::optional<TokenIds>> without_reasoning(TokenIdsView prompt,
                                                                  TokenIdsView response) const;

 private:
  enum class Reasoning { kept, before_think_end, before_channel, unknown };

  explicit TurnFormat(const tokenizer::Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}
  [[nodiscard]] Reasoning find_reasoning();
  // What the template makes of the first turn's answer: from behind the user's words to the words of the second turn.
  [[nodiscard]] Result<std::vector<TemplatePart>> write_answer(const std::string& answer) const;

  const tokenizer::Tokenizer* tokenizer_;
  std::unique_ptr<ChatTemplate> chat_;  // Null: plain.
  std::optional<TurnRenderer> renderer_;
  std::string name_;
  ChatFrame first_;
  Result<NextTurn> next_ = NextTurn{};
  TokenId end_ = 0;
  Reasoning reasoning_ = Reasoning::kept;
  std::string channel_;  // With which the answer behind its reasoning begins.
};

}  // namespace leyden::prompt
