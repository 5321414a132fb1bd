#pragma once

#include <nlohmann/json.hpp>

#include "leyden/agents/review/finding.h"
#include "leyden/base/result.h"

namespace leyden::review {

// One object, with all that the finding says: what `leyden review --json` prints and the cache keeps.
[[nodiscard]] nlohmann::json to_json(const Finding& finding);
// Errors: corrupt.
[[nodiscard]] Result<Finding> finding_from_json(const nlohmann::json& json);

}  // namespace leyden::review
