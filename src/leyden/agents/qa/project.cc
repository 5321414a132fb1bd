#include "leyden/agents/qa/project.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace leyden::qa {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLooseFilesMax = 2000;
constexpr std::size_t kLooseBytesMax = 64 * MiB;

}  // namespace

bool is_project(const fs::path& folder) {
  static constexpr std::array kMarks = {
      ".git",           "pyproject.toml", "setup.py",        "setup.cfg", "package.json",
      "CMakeLists.txt", "go.mod",         "Cargo.toml",      "pom.xml",   "Gemfile",
      "composer.json",  "build.gradle",   "build.gradle.kts"};
  std::error_code ignored;
  return std::ranges::any_of(kMarks,
                             [&](const char* mark) { return fs::exists(folder / mark, ignored); });
}

fs::path project_root(const fs::path& file) {
  for (fs::path folder = file.parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (is_project(folder)) return folder;
  }
  // A Python package is imported from the folder above it.
  std::error_code ignored;
  fs::path folder = file.parent_path();
  while (folder.has_relative_path() && fs::exists(folder / "__init__.py", ignored))
    folder = folder.parent_path();
  return folder;
}

Result<std::unique_ptr<sandbox::ProjectCopy>> copy_project(const fs::path& root,
                                                           const fs::path& file,
                                                           std::vector<std::string> leave_out,
                                                           const std::stop_token& stop) {
  sandbox::ProjectCopyOptions options{.leave_out = std::move(leave_out)};
  if (!is_project(root)) {
    options.around = file.lexically_relative(root);
    options.max_files = kLooseFilesMax;
    options.max_bytes = kLooseBytesMax;
  }
  return sandbox::ProjectCopy::make(root, options, stop);
}

}  // namespace leyden::qa
