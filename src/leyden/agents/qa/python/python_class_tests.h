#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/syntax/parser.h"

namespace leyden::qa {

// `test_f` of `class ShopTest(unittest.TestCase)`.
struct ClassTest {
  std::string name;
  std::string method;  // As it stands in the class.
  std::string around;  // The class without its tests: its head, setUp() and what else it has.
};
// A class with this test alone.
[[nodiscard]] std::string text_of(const ClassTest& test);

// The tests of the first class in a text that pytest would collect, at the top; empty: there is none. A method that does not parse is left out, as the end of
// an answer that was cut off.
[[nodiscard]] std::vector<ClassTest> python_class_tests(std::string_view text);
[[nodiscard]] std::vector<ClassTest> python_class_tests(syntax::Node statement,
                                                        std::string_view text);

// What a decorated function or class is without its decorators.
[[nodiscard]] syntax::Node python_definition(syntax::Node statement);
[[nodiscard]] bool is_python_test(syntax::Node definition, std::string_view text);

}  // namespace leyden::qa
