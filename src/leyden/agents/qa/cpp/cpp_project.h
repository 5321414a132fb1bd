#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "leyden/agents/qa/cpp/cpp_declarations.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// What a C or C++ file needs of its project. Paths are relative to the root.
struct CppProject {
  std::filesystem::path root;
  std::filesystem::path target;
  std::vector<CppFile> files;  // Headers that the target includes, and the target, last.
  std::vector<std::filesystem::path> sources;  // That are to be linked with it.
  std::set<std::string> include_folders;       // "" is the root.
  std::string standard;                        // "20", as CMakeLists.txt says it.
  std::vector<std::string> libraries;          // "-ltbb"
  bool has_tests = false;                      // That ctest would run.
  std::filesystem::path test_path;

  [[nodiscard]] bool is_header() const;
  // How a file in the tests' place includes it.
  [[nodiscard]] std::string include_of(const std::filesystem::path& file) const;
};

// Headers are looked for as a compiler does: beside the file, then in the root, include/ and src/. What a header declares is expected in the source
// of its name beside it or in src/. Errors: not_found, invalid_argument (does not parse at all, not UTF-8).
[[nodiscard]] Result<CppProject> find_cpp_project(const std::filesystem::path& file,
                                                  syntax::Language language);

}  // namespace leyden::qa
