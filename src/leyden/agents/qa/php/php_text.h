#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/script_call.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// PHP's: `[1, "a\n"]`, `new Cart(1)`, `(new Cart(1))->total(2)`, `$cart->total(2)`.
[[nodiscard]] const CallWriter& php_writer();

struct PhpFile {
  std::string space;  // The tested file's namespace; empty: none.
  std::vector<std::string>
      required;            // Of the test's place: "/../vendor/autoload.php", "/../src/Shop.php".
  std::string class_name;  // Of the tests: "ShopTest".
};
// A file for PHPUnit.
[[nodiscard]] std::string php_test_file(std::span<const TestCase> cases,
                                        std::span<const SourceTest> written,
                                        const std::vector<Function>& functions,
                                        const PhpFile& file);

// The tests in a model's answer: methods `test...` of its first block in fences, else of all of it. Errors: invalid_argument, says what is missing.
[[nodiscard]] Result<std::vector<SourceTest>> php_tests_in(std::string_view answer);

}  // namespace leyden::qa
