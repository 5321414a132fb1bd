#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

struct JavaOptions {
  std::filesystem::path java;  // A JDK's folder or its `java`; empty: the system's.
  std::filesystem::path home;  // The same, if it is one: JAVA_HOME.
  std::string
      class_path;  // More jars, by colons. JUnit 5 is taken from there or from the project's, else Maven's or the system's.
  std::chrono::milliseconds call_time{200};
};

// A JDK and JUnit as they are seen in the sandbox.
struct JavaKit {
  std::filesystem::path home;
  std::string version;            // "17.0.15"
  std::vector<std::string> jars;  // Of JUnit and others.
  std::vector<sandbox::SandboxMount> mounts;

  [[nodiscard]] std::string program(const char* name) const {
    return (home / "bin" / name).string();
  }
  // Jars that stand on the host, and are shown where they are not yet.
  void add_jar(const std::filesystem::path& jar);
};

// `jars` are the project's. Errors: unsupported (no JDK, no JUnit: says how to get it).
[[nodiscard]] Result<JavaKit> find_java_kit(const JavaOptions& options,
                                            std::vector<std::filesystem::path> jars);

}  // namespace leyden::qa
