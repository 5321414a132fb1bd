#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/script_call.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Ruby's: `[1, "a\n"]`, `Cart.new(1)`, `cart.add(2, times: 3)`, `a + b`, `each { |x| x }`.
[[nodiscard]] const CallWriter& ruby_writer();

struct RubyFile {
  std::string required;    // As require_relative takes it from the test's place: "../lib/shop".
  std::string class_name;  // Of the tests: "ShopTest".
};
// A file for Minitest.
[[nodiscard]] std::string ruby_test_file(std::span<const TestCase> cases,
                                         std::span<const SourceTest> written,
                                         const std::vector<Function>& functions,
                                         const RubyFile& file);

// The tests in a model's answer: methods `test_...` of its first block in fences, else of all of it. Errors: invalid_argument, says what is missing.
[[nodiscard]] Result<std::vector<SourceTest>> ruby_tests_in(std::string_view answer);

}  // namespace leyden::qa
