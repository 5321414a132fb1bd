#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/java/java_source.h"
#include "leyden/agents/qa/placed_tests.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Source text that gives the value, which has been fitted to the type: `new int[] {1, 2}`, `new Point(1, 2)`. Names of the JDK are whole.
[[nodiscard]] std::string java_literal(const Value& value, const Type& type,
                                       const JavaSource& source);
// What stands for an input's numbers within their types.
[[nodiscard]] Input java_fitted(const Input& input, const JavaSource& source);

// For JUnit 5, in the package; `about` is the tested file, `name` the class.
[[nodiscard]] std::string java_test_file(std::span<const TestCase> cases,
                                         std::span<const SourceTest> written,
                                         const JavaSource& source, const std::string& about,
                                         const std::string& name);

// The test methods of a file's classes, with their annotations.
[[nodiscard]] std::vector<PlacedTest> java_placed_tests(std::string_view text);

}  // namespace leyden::qa
