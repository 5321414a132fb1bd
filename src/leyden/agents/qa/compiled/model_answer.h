#pragma once

#include <algorithm>
#include <string_view>

namespace leyden::qa {

// A model's answer's first block in fences, else all of it.
[[nodiscard]] inline std::string_view code_in(std::string_view answer) {
  const std::size_t fence = answer.find("```");
  if (fence == std::string_view::npos) return answer;
  const std::string_view code = answer.substr(std::min(answer.find('\n', fence), answer.size()));
  return code.substr(0, code.find("```"));
}

}  // namespace leyden::qa
