#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/conversation.h"
#include "leyden/prompt/chat/python_text.h"
#include "leyden/prompt/chat/template_part.h"

namespace leyden::prompt {

// The functions behind native_formats(), and what they share.

using Rendered = Result<std::vector<TemplatePart>>;

Rendered render_smollm2(const Conversation& conversation, const RenderOptions& options);
Rendered render_qwen2_5(const Conversation& conversation, const RenderOptions& options);
Rendered render_qwen2_5_coder(const Conversation& conversation, const RenderOptions& options);
Rendered render_qwen3(const Conversation& conversation, const RenderOptions& options);
Rendered render_llama3(const Conversation& conversation, const RenderOptions& options);
Rendered render_llama3_prompting(const Conversation& conversation, const RenderOptions& options);
Rendered render_llama3_1(const Conversation& conversation, const RenderOptions& options);
Rendered render_llama3_2(const Conversation& conversation, const RenderOptions& options);
Rendered render_gemma2(const Conversation& conversation, const RenderOptions& options);
Rendered render_gemma3(const Conversation& conversation, const RenderOptions& options);
Rendered render_mistral_nemo(const Conversation& conversation, const RenderOptions& options);
Rendered render_deepseek_v3(const Conversation& conversation, const RenderOptions& options);
Rendered render_deepseek_v3_1(const Conversation& conversation, const RenderOptions& options);
Rendered render_harmony(const Conversation& conversation, const RenderOptions& options);

// The content of message `index` (from 0). Errors: invalid_argument when it has none.
[[nodiscard]] Result<std::string_view> content_of(const Conversation& conversation,
                                                  std::size_t index);
// json.dumps(arguments) of call `call` of message `index`.
[[nodiscard]] Result<std::string> arguments_of(const Conversation& conversation, std::size_t index,
                                               std::size_t call);
[[nodiscard]] Result<std::vector<Json>> parse_tools(const Conversation& conversation);

// Errors: unsupported, for what a template would leave out in silence.
struct Lacks {
  bool tools = false;  // Tool definitions.
  bool tool_calls = false;
  bool developer_role = false;
};
[[nodiscard]] Result<void> check_places(const Conversation& conversation, std::string_view format,
                                        Lacks lacks);

// "message 3: {why}"
[[nodiscard]] inline std::unexpected<Error> refuse(std::size_t index, std::string_view why) {
  return fail(Errc::invalid_argument, "message {}: {}", index + 1, why);
}

}  // namespace leyden::prompt
