#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/chat_template.h"
#include "leyden/prompt/chat/template_part.h"

namespace leyden::prompt {

// What stands around the user's words in a turn.
struct ChatFrame {
  std::vector<TemplatePart> before;
  std::vector<TemplatePart> after;       // Ends where the assistant's answer begins.
  std::vector<std::string> stop_tokens;  // Special tokens that end the answer.
  friend bool operator==(const ChatFrame&, const ChatFrame&) = default;
};

// How a conversation goes on behind an answer.
struct NextTurn {
  std::string end;                    // The special token with which an earlier answer is closed.
  ChatFrame frame;                    // `before` begins behind `end`.
  std::vector<TemplatePart> opening;  // Of an earlier answer: from the user's words up to it.
  friend bool operator==(const NextTurn&, const NextTurn&) = default;
};

// Conversations of one system message and turns, as a template writes them. Where the template has no system role (it refuses, or leaves the
// text out), the text stands at the beginning of the first user message, as Gemma's has it. Borrows the template. Thread-safe.
class TurnRenderer {
 public:
  // Errors: those of ChatTemplate::render.
  [[nodiscard]] static Result<TurnRenderer> make(ChatTemplate& chat, std::string system,
                                                 std::chrono::year_month_day date);

  // `said`: user and assistant in alternation, user first.
  [[nodiscard]] Result<std::vector<TemplatePart>> render(std::span<const std::string> said,
                                                         bool add_generation_prompt = true) const;

 private:
  TurnRenderer(ChatTemplate& chat, std::string system, std::chrono::year_month_day date)
      : chat_(&chat), system_(std::move(system)), date_(date) {}

  ChatTemplate* chat_;
  std::string system_;
  std::chrono::year_month_day date_;
  bool folds_system_ = false;
};

// The frames are what a template writes around words that stand for messages, tried with several: a template that writes messages
// otherwise than they are, twice, or that frames them by what they say, is `unsupported`. Not found is one that acts on words which were not
// tried. Messages have no whitespace at their ends, which many templates take away.

// Of a conversation's first turn; with the system message. Errors: unsupported, those of TurnRenderer::render.
[[nodiscard]] Result<ChatFrame> first_frame(const TurnRenderer& renderer);

// Of all later turns. A template that writes earlier turns otherwise than the first time (Mistral's moves the system message to the last
// user turn, others drop reasoning) is not followed in that: what was sent stays, and the frame is what belongs to the new turn.
// Errors: unsupported, also where no special token ends an answer: nothing would tell where it ends, and a cut between sampled IDs and new
// text is only proven at a special token.
[[nodiscard]] Result<NextTurn> next_turn(const TurnRenderer& renderer);

// The parts before and behind the one place where `words` stand. Errors: unsupported, where they don't, or twice; `whose`: "the user's".
struct Around {
  std::vector<TemplatePart> before;
  std::vector<TemplatePart> after;
};
[[nodiscard]] Result<Around> split_around(const std::vector<TemplatePart>& parts,
                                          std::string_view words, std::string_view whose);

}  // namespace leyden::prompt
