#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "leyden/base/result.h"
#include "leyden/cli/open_model.h"
#include "leyden/cli/test_targets.h"

namespace CLI {
class App;
}

namespace leyden::cli {

// What was typed behind `leyden test`.
struct TestFlags {
  TestTargetChoice target;
  std::string type = "unit";
  bool write = false;
  bool patch = false;
  bool as_json = false;
  bool as_junit = false;
  bool offline = false;
  ModelChoice model;
  std::size_t max_answer_tokens = 512;
  std::uint64_t max_tokens = 0;
  std::uint64_t max_calls = 0;
  bool no_token_cache = false;
  bool quick = false;
  bool strict = false;
  bool list_mutants = false;
  bool skeleton = false;
  bool unsafe_no_sandbox = false;
  std::size_t max_tests = 0;
  std::size_t max_repairs = 2;
  double max_time_s = 60;
  std::uint64_t seed = 1;
  std::string python;  // Toolchains that are to be used.
  std::string node;
  std::string cxx;
  std::string ruby;
  std::string php;
  std::string go;
  std::string cargo;
  std::string java;
  std::string class_path;
  std::string record;
  bool record_prompts = false;
  std::string replay;
  bool dry_run = false;
  std::optional<std::string> resume;  // An ID; empty: the newest.
};

// `flags` outlives the command.
void add_test_options(CLI::App& command, TestFlags& flags);

// Errors: invalid_argument (two that exclude each other, an unknown type).
[[nodiscard]] Result<void> check(const TestFlags& flags);

// Who names a toolchain is told that it won't do.
[[nodiscard]] bool names_toolchain(const TestFlags& flags);

// What a run is resumed with, as JSON. The changed lines of --diff - are gone with standard input.
[[nodiscard]] std::string request_of(const TestFlags& flags);
// Errors: corrupt.
[[nodiscard]] Result<TestFlags> flags_of(const std::string& request);

}  // namespace leyden::cli
