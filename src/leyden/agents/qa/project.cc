#include "leyden/agents/qa/project.h"

#include <array>
#include <system_error>

namespace leyden::qa {

namespace fs = std::filesystem;

fs::path project_root(const fs::path& file) {
  static constexpr std::array kMarks = {
      ".git",           "pyproject.toml", "setup.py",        "setup.cfg", "package.json",
      "CMakeLists.txt", "go.mod",         "Cargo.toml",      "pom.xml",   "Gemfile",
      "composer.json",  "build.gradle",   "build.gradle.kts"};
  std::error_code ignored;
  for (fs::path folder = file.parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    for (const char* mark : kMarks) {
      if (fs::exists(folder / mark, ignored)) return folder;
    }
  }
  return file.parent_path();
}

}  // namespace leyden::qa
