#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/go/go_source.h"
#include "leyden/agents/qa/placed_tests.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Source text that gives the value, which has been fitted to the type: `[]int{1, 2}`, `&Point{X: 1}`.
[[nodiscard]] std::string go_literal(const Value& value, const Type& type);
// What stands for an input's numbers within their types.
[[nodiscard]] Input go_fitted(const Input& input, const GoSource& source);

// For `go test`, in the package; `about` is the tested file.
[[nodiscard]] std::string go_test_file(std::span<const TestCase> cases,
                                       std::span<const SourceTest> written, const GoSource& source,
                                       const std::string& about);

// What leyden_driver.go and leyden_values.go need to know of the package: a file of its own. `path` is what the package is imported as.
struct GoProbe {
  std::string text;
  std::vector<std::size_t> lines;  // Of each function; 0: it is not in it.
};
[[nodiscard]] GoProbe go_probe(const GoSource& source, const std::string& path);

// The test functions of a file.
[[nodiscard]] std::vector<PlacedTest> go_placed_tests(std::string_view text);

// "import (...)" with what the text uses: the standard library's, and those of the package.
[[nodiscard]] std::string go_imports(std::string_view body, const GoSource& source,
                                     const std::set<std::string>& more);

}  // namespace leyden::qa
