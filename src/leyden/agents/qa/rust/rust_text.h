#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/placed_tests.h"
#include "leyden/agents/qa/rust/rust_source.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// What stands for an input's numbers within their types, without steps that bring nothing about.
[[nodiscard]] Input rust_fitted(const Input& input, const RustSource& source);

// For rustc's test harness. `about` is the tested file.
[[nodiscard]] std::string rust_test_file(std::span<const TestCase> cases,
                                         std::span<const SourceTest> written,
                                         const RustSource& source, const RustCrate& crate);
// The same text for a crate that is given to the compiler as a library: without the line that includes its file. Lines stay.
[[nodiscard]] std::string rust_without_inclusion(std::string text, const RustCrate& crate);

// The test functions of a file, with their attributes.
[[nodiscard]] std::vector<PlacedTest> rust_placed_tests(std::string_view text);

}  // namespace leyden::qa
