#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "leyden/agents/qa/test_agent.h"
#include "leyden/base/result.h"

namespace leyden::cli {

// A file to make tests of: "PATH" or "PATH:function", or one of a folder or a change.
struct TestTarget {
  std::filesystem::path file;
  std::string function;
  std::vector<qa::LineRange> lines;  // Functions that touch these; empty: all.
  bool named = true;                 // By the user: what can't be tested of it is an error.
};

// What was typed: paths, or one of the three that name a change.
struct TestTargetChoice {
  std::vector<std::string> paths;
  std::string diff;  // A file, or - for standard input.
  std::string base;
  bool staged = false;
};

// Errors: invalid_argument (none, or more than one kind), not_found, those of git.
[[nodiscard]] Result<std::vector<TestTarget>> test_targets(const TestTargetChoice& choice);

}  // namespace leyden::cli
