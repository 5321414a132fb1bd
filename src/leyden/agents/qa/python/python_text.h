#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Source text that gives the value: `[1, "a\n"]`, `Point(1, 2)`.
[[nodiscard]] std::string python_literal(const Value& value);

// An input as statements: what the arguments are, what is done before, and the call.
struct PythonCall {
  std::vector<std::pair<std::string, std::string>>
      arguments;  // Names and literals, in the call's order.
  std::vector<std::string> setup;
  std::string receiver;  // The variable that holds the object; empty: there is none.
  std::string result;    // A variable for what the call gives.
  std::string call;      // With the arguments' names; an assignment where a property is set.
  bool sets_property = false;
  std::string inline_call;  // With their literals in place,
  std::string kept_call;    // and on the object in its variable.
};
[[nodiscard]] PythonCall python_call(const Input& input, const std::vector<Function>& functions);

struct PythonModule {
  std::string name;  // "package.module"
  std::string
      path_line;  // A statement, using pathlib and sys, that makes it importable from the test's place;
                  // may be empty.
};
[[nodiscard]] std::string python_test_file(std::span<const TestCase> cases,
                                           std::span<const SourceTest> written,
                                           const std::vector<Function>& functions,
                                           const PythonModule& module);

}  // namespace leyden::qa
