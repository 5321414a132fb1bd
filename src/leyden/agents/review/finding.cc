#include "leyden/agents/review/finding.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace leyden::review {
namespace {

constexpr std::array<std::string_view, 4> kSeverities = {"low", "medium", "high", "critical"};
constexpr std::array<std::string_view, 3> kTypes = {"security", "performance", "style"};
constexpr std::array<std::string_view, 3> kConfidences = {"low", "medium", "high"};

template <class T>
std::optional<T> named(const auto& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<T>(found - names.begin());
}

}  // namespace

std::string_view to_string(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)];
}
std::optional<Severity> severity_named(std::string_view name) {
  return named<Severity>(kSeverities, name);
}
std::string_view to_string(ReviewType type) { return kTypes[static_cast<std::size_t>(type)]; }
std::optional<ReviewType> review_type_named(std::string_view name) {
  return named<ReviewType>(kTypes, name);
}
std::string_view to_string(Confidence confidence) {
  return kConfidences[static_cast<std::size_t>(confidence)];
}
std::optional<Confidence> confidence_named(std::string_view name) {
  return named<Confidence>(kConfidences, name);
}

void sort_by_place(std::vector<Finding>& findings) {
  std::ranges::sort(findings, {}, [](const Finding& one) {
    return std::tie(one.file, one.range.begin, one.range.end, one.rule);
  });
}

}  // namespace leyden::review
