#include "leyden/agents/qa/repeated_inputs.h"

#include <set>

namespace leyden::qa {

std::vector<std::size_t> inputs_that_differ(const std::vector<nlohmann::json>& lines,
                                            std::size_t count) {
  std::set<std::size_t> same;
  for (const nlohmann::json& line : lines) {
    if (line.value("same", false)) same.insert(line["input"].get<std::size_t>());
  }
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    if (!same.contains(i)) out.push_back(i);
  }
  return out;
}

}  // namespace leyden::qa
