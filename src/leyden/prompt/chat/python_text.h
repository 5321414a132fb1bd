#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "leyden/base/result.h"

namespace leyden::prompt {

// What the templates' reference, Python, does with text and JSON, byte for byte.

using Json = nlohmann::ordered_json;

// What str.strip() takes away: Unicode's whitespace and the ASCII separators U+001C to U+001F.
[[nodiscard]] bool is_python_space(char32_t code_point);
[[nodiscard]] std::string_view strip_left(std::string_view text);
[[nodiscard]] std::string_view strip_right(std::string_view text);
[[nodiscard]] inline std::string_view strip(std::string_view text) {
  return strip_left(strip_right(text));
}
// str.strip(characters), which are ASCII.
[[nodiscard]] std::string_view strip_left(std::string_view text, std::string_view characters);
[[nodiscard]] std::string_view strip_right(std::string_view text, std::string_view characters);

// len(text): code points.
[[nodiscard]] std::size_t python_length(std::string_view text);

// Errors: invalid_argument, for what is no JSON, nests deeper than 128, or has an integer beyond 64 bits, which we could
// not write as it was. `what` names the text in the message: "the arguments of tool call 2".
[[nodiscard]] Result<Json> parse_json(std::string_view text, std::string_view what);

// json.dumps(value, ensure_ascii=False, indent=indent), which is the templates' `tojson`; indent < 0: on one line.
[[nodiscard]] std::string python_json(const Json& value, int indent = -1);
[[nodiscard]] std::string python_json_string(std::string_view text);

// repr(number)
[[nodiscard]] std::string python_number(double number);

// str(value), for values that are neither lists nor objects.
[[nodiscard]] std::string python_str(const Json& value);

}  // namespace leyden::prompt
