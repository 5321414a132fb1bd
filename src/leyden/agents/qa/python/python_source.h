#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// What a test can call in a Python file: its functions and the methods of its classes, without those whose names say that they are not
// for others (`_name`, but not `__name__` methods that operators call), without what is nested in a function, abstract methods and tests.
// Types come from annotations; where there are none, from defaults, names and what the body does with a parameter.
[[nodiscard]] std::vector<Function> python_functions(const syntax::Tree& tree,
                                                     std::string_view text);

// A call in a docstring with what it is said to give: `>>> f(2)` and, below, `4`.
struct DocExample {
  std::string call;
  std::string expected;
};
[[nodiscard]] std::vector<DocExample> doc_examples(std::string_view doc);

// The test functions in a model's answer: of its first block in fences, else of all of it. Mended by rule: an assertion that is there twice goes, what is
// used of pytest and of the module is imported. Errors: invalid_argument, says what is missing.
[[nodiscard]] Result<std::vector<SourceTest>> python_tests_in(
    std::string_view answer, std::string_view module, const std::vector<Function>& functions);

}  // namespace leyden::qa
