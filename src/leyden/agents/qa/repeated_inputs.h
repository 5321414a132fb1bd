#pragma once

#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

namespace leyden::qa {

// Which of `count` inputs a driver does not call the same where it repeated them elsewhere (docs/formats/qa_driver.md, `repeat`).
[[nodiscard]] std::vector<std::size_t> inputs_that_differ(const std::vector<nlohmann::json>& lines,
                                                          std::size_t count);

}  // namespace leyden::qa
