#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "leyden/agents/review/code_model.h"
#include "leyden/agents/review/rule.h"

namespace leyden::review {

// What an analysis found: where, and what the rule's message is to be told.
struct AnalysisHit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::pair<std::string, std::string>> names;  // For "{name}" in message and fix.
  syntax::Node replaced{};  // By the rule's fix, where it has one that is right here.
};
using ReportHit = std::function<void(AnalysisHit)>;
using Analysis = void (*)(const CodeModel& model, const Rule& rule, const ReportHit& report);

// Rules that a query can't say: by the name that a rule's `analysis` has; null where there is none.
[[nodiscard]] Analysis analysis_named(std::string_view name);

}  // namespace leyden::review
