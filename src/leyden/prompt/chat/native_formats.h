#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/conversation.h"
#include "leyden/prompt/chat/template_part.h"

namespace leyden::prompt {

// A chat template that is known by its exact text and written here in C++: the same text as the reference renderer
// (transformers' apply_chat_template) gives, or an error. What the template leaves out of its text (an assistant's words
// beside a tool call in Llama 3.1, earlier thoughts) is left out here; but tool definitions, calls and whole messages that it
// would drop are errors, for a model would answer without them.
//
// Errors: invalid_argument, where the template itself refuses, and for JSON that is none: the message counts messages
// from 1; unsupported, for what the template has no place for.
struct NativeFormat {
  std::string_view name;
  std::string_view template_digest;  // As template_digest() gives it.
  Result<std::vector<TemplatePart>> (*render)(const Conversation&, const RenderOptions&);
};

[[nodiscard]] std::span<const NativeFormat> native_formats();

// Hasher().field(template without a line break at its end), in hexadecimal.
[[nodiscard]] std::string template_digest(std::string_view jinja_template);

// nullptr: not known by its exact text.
[[nodiscard]] const NativeFormat* find_native_format(std::string_view jinja_template);
// By name.
[[nodiscard]] const NativeFormat* native_format_named(std::string_view name);

}  // namespace leyden::prompt
