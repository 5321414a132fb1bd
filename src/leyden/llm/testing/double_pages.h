#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "leyden/llm/testing/double_dialect.h"
#include "leyden/llm/testing/double_model.h"

namespace leyden::llm::testing {

// What a server says of itself.
struct DoublePage {
  unsigned status = 200;
  std::string type;  // Of its content.
  std::string body;
};
// Empty: there is no such page. `started`: the server, in seconds of Unix time.
[[nodiscard]] std::optional<DoublePage> page(Dialect dialect, std::string_view path,
                                             const DoubleModel& model, double started);

// Answers of /tokenize and /detokenize; empty: there is no such path.
[[nodiscard]] std::optional<DoublePage> tokenizer_page(Dialect dialect, std::string_view path,
                                                       const nlohmann::json& body,
                                                       const DoubleModel& model);

}  // namespace leyden::llm::testing
