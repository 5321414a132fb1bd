#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leyden::qa {

// A text in double quotes, as Python and JavaScript read it. UTF-8 stays.
[[nodiscard]] std::string quoted_text(std::string_view text);

[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view by);

}  // namespace leyden::qa
