#pragma once

#include <optional>

#include "leyden/base/result.h"
#include "leyden/prompt/chat_format.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::prompt {

// How a conversation goes on behind an answer and its end token.
struct NextTurn {
  TokenId end = 0;  // The format's end token, with which an answer is closed.
  ChatFrame frame;  // `before` opens the user's next message.
};

// Errors: unsupported for a format without a special token at the end of turns: nothing would tell where an answer ends, and a cut
// between sampled IDs and new text is only proven at a special token.
[[nodiscard]] Result<NextTurn> next_turn(ChatFormat format, const tokenizer::Tokenizer& tokenizer);

// Prompt and response of a turn as templates render them once another message follows: without what stands up to the last
// </think>, and without the line ends behind it. The rest of the answer is encoded from its text. Nothing when there
// is no </think> in the answer: it stays as it was sampled. `response` has no end token.
// Errors: internal (the prompt does not end as the frame does), invalid_argument (IDs outside the vocabulary).
[[nodiscard]] Result<std::optional<TokenIds>> without_reasoning(
    const tokenizer::Tokenizer& tokenizer, const ChatFrame& frame, TokenIdsView prompt,
    TokenIdsView response);

}  // namespace leyden::prompt
