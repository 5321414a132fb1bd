#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/syntax/language.h"

namespace leyden::qa {

struct SkeletonTest {
  std::string name;      // As the runner will call it.
  std::string function;  // "TokenCache::find"
};

// A file with a test for each function of a source that says what is to be written and is skipped until it is: nothing was run, nothing is
// claimed. For where no toolchain is, or where a person wants to begin.
struct Skeleton {
  std::vector<SkeletonTest> tests;
  std::string path;  // Beside the source, as the language's runner finds it: "shop_test.go".
  std::string text;
};

// By the language's usual runner: pytest, node:test, GoogleTest, `testing`, JUnit 5, cargo test, Minitest, PHPUnit, and for C a main that calls
// each. Private functions and tests are left out. Some milliseconds for a thousand lines.
// Errors: unsupported (no such language), invalid_argument (nothing to call).
[[nodiscard]] Result<Skeleton> test_skeleton(const std::string& path, syntax::Language language,
                                             std::string_view text);

}  // namespace leyden::qa
