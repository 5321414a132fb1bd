#pragma once

#include <string>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/python_text.h"

namespace leyden::prompt {

// A tool definition in gpt-oss's TypeScript-like form, as its chat template writes it, odd line breaks included.
// Errors: invalid_argument, where the template can't write it either.
[[nodiscard]] Result<std::string> harmony_tool(const Json& tool);

}  // namespace leyden::prompt
