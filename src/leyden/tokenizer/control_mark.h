#pragma once

#include <string_view>

namespace leyden::tokenizer {

// Whether an added token that its file does not call special marks turns, tools or reasoning all the same, by how it is written:
// "<|fim_prefix|>", DeepSeek's "<｜User｜>", Qwen's "<tool_call>" and "<think>". Not Gemma's "<h1>" or its runs of newlines.
[[nodiscard]] bool is_control_mark(std::string_view text);

}  // namespace leyden::tokenizer
