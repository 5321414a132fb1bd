#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/template_part.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::prompt {

// How a model marks the turns of a conversation.
enum class ChatFormat { chatml, llama3, plain };

// By the marks that occur in a model's Jinja template; `plain` (text without marks) when the template is empty.
// Errors: unsupported, for a template with none of the marks that we know.
[[nodiscard]] Result<ChatFormat> detect_chat_format(std::string_view jinja_template);

// By the marks that a tokenizer has as special tokens, where a template is not shown; `plain` when it has none that we know.
[[nodiscard]] ChatFormat guess_chat_format(const tokenizer::Tokenizer& tokenizer);

// What stands before the context, between the context and the question, and after the question.
struct ChatFrame {
  std::vector<TemplatePart> before;
  std::vector<TemplatePart> after;
  std::vector<std::string> stop_tokens;  // Special tokens that end the answer.
};

// A system message and one user turn whose content goes between `before` and `after`; ends where the assistant's answer begins.
[[nodiscard]] ChatFrame chat_frame(ChatFormat format, std::string_view system);

}  // namespace leyden::prompt
