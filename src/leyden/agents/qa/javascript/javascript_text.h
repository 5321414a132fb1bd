#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/javascript/javascript_source.h"
#include "leyden/agents/qa/placed_tests.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Source text that gives the value: `[1, "a\n"]`, `new Point(1, 2)`.
[[nodiscard]] std::string javascript_literal(const Value& value);

// An input as statements: what the arguments are, what is done before, and the call.
struct JavascriptCall {
  std::vector<std::pair<std::string, std::string>> arguments;  // Names and literals.
  std::vector<std::string> setup;
  std::string receiver;     // The variable that holds the object; empty: there is none.
  std::string call;         // With the arguments' names.
  std::string inline_call;  // With their literals in place.
};
[[nodiscard]] JavascriptCall javascript_call(const Input& input,
                                             const std::vector<Function>& functions,
                                             const std::map<std::string, std::string>& makers);

struct JavascriptModule {
  std::string specifier;  // From the test's place: "../src/shop.js".
  bool test_is_esm = true;
  const std::map<std::string, JavascriptExport>* exports = nullptr;
  const std::map<std::string, std::string>* makers = nullptr;  // As JavascriptSource has them.
};
// A file for node:test.
[[nodiscard]] std::string javascript_test_file(std::span<const TestCase> cases,
                                               std::span<const SourceTest> written,
                                               const std::vector<Function>& functions,
                                               const JavascriptModule& module);

// The tests at the top of a file of tests.
[[nodiscard]] std::vector<PlacedTest> javascript_placed_tests(std::string_view text);

}  // namespace leyden::qa
