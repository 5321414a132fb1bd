#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Where a test stands in a file.
struct PlacedTest {
  std::string name;
  std::size_t begin = 0;  // Bytes.
  std::size_t end = 0;
  std::size_t first_line = 0;
  std::size_t last_line = 0;
};

// Takes the tests that one of these lines belongs to out of their text.
inline void leave_out_tests(std::string& text, std::span<const PlacedTest> placed,
                            const std::set<std::size_t>& lines) {
  for (std::size_t i = placed.size(); i-- > 0;) {
    const auto line = lines.lower_bound(placed[i].first_line);
    if (line != lines.end() && *line <= placed[i].last_line)
      text.erase(placed[i].begin, placed[i].end - placed[i].begin);
  }
}

// What a test needs beside itself, without what `seen` has already, each piece on lines of its own.
[[nodiscard]] inline std::string support_once(const SourceTest& test, std::set<std::string>& seen,
                                              std::string_view indent = "") {
  std::string out;
  for (const std::string& piece : test.support) {
    if (seen.insert(piece).second) out += "\n" + std::string(indent) + piece + "\n";
  }
  return out;
}

// A text taken apart: each test, without imports and support yet, what stands before and between them, and what stands behind the last.
struct SplitTests {
  std::vector<SourceTest> tests;
  std::string between;
  std::string_view behind;  // Of the text.
};
[[nodiscard]] inline SplitTests split_tests(std::string_view text,
                                            std::span<const PlacedTest> placed) {
  SplitTests out;
  std::size_t at = 0;
  for (const PlacedTest& one : placed) {
    out.between += text.substr(at, one.begin - at);
    at = one.end;
    out.tests.push_back({.name = one.name,
                         .text = std::string(text.substr(one.begin, one.end - one.begin)),
                         .imports = {},
                         .support = {}});
  }
  out.behind = text.substr(at);
  return out;
}

}  // namespace leyden::qa
