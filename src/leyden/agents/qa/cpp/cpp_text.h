#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/cpp/cpp_source.h"
#include "leyden/agents/qa/placed_tests.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Source text that gives the value, which has been fitted to the type: `std::vector<int>{1, 2}`, `shop::Cart("a")`.
[[nodiscard]] std::string cpp_literal(const Value& value, const Type& type,
                                      const CppSource& source);

// A call of a function with these arguments, on `receiver` where it is a method: "shop::total(a, 2)", "cart.add(1)", "a + b".
[[nodiscard]] std::string cpp_call(const Function& function, const CppCallable& callable,
                                   const std::string& receiver,
                                   const std::vector<std::string>& arguments);

// What the variables are called that hold the object and the arguments that a call may change.
inline constexpr const char* kCppObject = "object";
[[nodiscard]] std::string cpp_variable(const Parameter& parameter);
// Whether a test needs a variable for it.
[[nodiscard]] bool cpp_needs_variable(CppPassing passing, const Type& type);
// How a variable is passed: "values", "&item", "values.data(), values.size()" (`length` is the type of that).
[[nodiscard]] std::string cpp_argument(const std::string& variable, CppPassing passing,
                                       const std::string& length);

// "BinarySearch" of "binary_search", "OperatorPlus" of "operator+".
[[nodiscard]] std::string cpp_camel_case(std::string_view name);

// What a test has to write to see the tested code, with its lines' ends.
[[nodiscard]] std::string cpp_prelude(const CppSource& source,
                                      const std::vector<std::string>& includes);

struct CppTestFile {
  std::vector<std::string> includes;  // Of the tested code.
  std::string suite;                  // "StackTest"
  std::string about;                  // "src/stack.cc"
};
// For GoogleTest.
[[nodiscard]] std::string cpp_test_file(std::span<const TestCase> cases,
                                        std::span<const SourceTest> written,
                                        const CppSource& source, const CppTestFile& file);

// Where the tests of a file stand: first and last line of each, with its name.
[[nodiscard]] std::vector<PlacedTest> cpp_placed_tests(std::string_view text);

}  // namespace leyden::qa
