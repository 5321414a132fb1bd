#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "leyden/agents/qa/java/java_source.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// What a Java file belongs to. Paths are relative to the root.
struct JavaProject {
  std::filesystem::path root;
  std::filesystem::path source_root;  // That packages begin in.
  std::filesystem::path target;
  std::string package;
  std::vector<JavaFile> files;  // Of the package, and what the target imports; the target last.
  std::map<std::string, std::string> tests;  // The project's own of JUnit 5: paths and texts.
  std::vector<std::filesystem::path> jars;   // In its folder `lib`.
  std::filesystem::path test_root;           // src/test/java, else the source root.

  // A file that is not there yet: Class, then Test.
  [[nodiscard]] std::filesystem::path test_path() const;
  [[nodiscard]] std::string class_name() const { return target.stem().string(); }
  // In its package.
  [[nodiscard]] std::string qualified(const std::string& name) const {
    return package.empty() ? name : package + "." + name;
  }
};

// Errors: not_found, invalid_argument (holds tests itself, not UTF-8).
[[nodiscard]] Result<JavaProject> find_java_project(const std::filesystem::path& file);

}  // namespace leyden::qa
