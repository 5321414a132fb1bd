#include "leyden/tokenizer/control_mark.h"

#include <algorithm>
#include <array>

namespace leyden::tokenizer {

bool is_control_mark(std::string_view text) {
  if (!text.starts_with('<') || !text.ends_with('>') || text.size() < 3) return false;
  constexpr std::string_view kWideBar = "\uFF5C";
  std::string_view name = text.substr(1, text.size() - 2);
  if (name.starts_with('|') || name.ends_with('|') || name.starts_with(kWideBar) ||
      name.ends_with(kWideBar))
    return true;
  if (name.starts_with('/')) name.remove_prefix(1);
  static constexpr std::array<std::string_view, 12> kNames = {
      "think",          "tool_call", "tool_calls",   "tool_response",
      "tool_result",    "tools",     "tool_outputs", "function_call",
      "function_calls", "arg_key",   "arg_value",    "observation"};
  return std::ranges::find(kNames, name) != kNames.end();
}

}  // namespace leyden::tokenizer
