#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "leyden/agents/qa/go/go_source.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// The package of a Go file. Paths are relative to the root.
struct GoPackage {
  std::filesystem::path root;    // The module's, else the project's.
  std::filesystem::path folder;  // Of the package.
  std::filesystem::path target;
  bool has_module = false;
  std::string path;                          // What the package is imported as.
  std::vector<GoFile> files;                 // Without tests, the target last.
  std::map<std::string, std::string> tests;  // The project's own, by name.

  // A file in the package that is not there yet.
  [[nodiscard]] std::filesystem::path test_path() const;
};

// Errors: not_found, invalid_argument (does not parse at all, not UTF-8).
[[nodiscard]] Result<GoPackage> find_go_package(const std::filesystem::path& file);

}  // namespace leyden::qa
