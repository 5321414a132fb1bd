#pragma once

#include <cstddef>
#include <filesystem>
#include <stop_token>
#include <string>

#include "leyden/agents/qa/cpp/cpp_project.h"
#include "leyden/agents/qa/driver_folder.h"
#include "leyden/sandbox/project_copy.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

// Where the sandbox shows the project's copy.
inline constexpr const char* kCppProject = "/project";

// A program of the tested file and one that calls it.
struct CppProgram {
  std::string name;    // Of the file in kExchange.
  std::string target;  // Text in the place of the tested file.
  std::string main;    // The file that calls it, inside the sandbox.
  bool includes_target =
      false;            // It includes the tested file, which is not compiled by itself then.
  bool probed = true;   // leyden_probes.h comes first.
  std::string flags{};  // For the target and what includes it.
  std::string libraries{};
};

// Compiles and links in the sandbox. What did not change since is not compiled again. Confined to one thread; what it is given outlives it.
class CppBuilder {
 public:
  CppBuilder(const sandbox::Sandbox& sandbox, const CppProject& project,
             const sandbox::ProjectCopy& copy, const DriverFolder& drivers)
      : sandbox_(sandbox), project_(project), copy_(copy), drivers_(drivers) {}

  // `wanted` or the first that is there. Errors: unsupported (there is none).
  [[nodiscard]] Result<void> find_compiler(const std::string& wanted, const std::stop_token& stop);
  [[nodiscard]] const std::string& compiler_says() const { return compiler_says_; }

  // What the compiler says against it; empty: it is built.
  [[nodiscard]] Result<std::string> build(const CppProgram& program, const std::stop_token& stop);

  [[nodiscard]] sandbox::SandboxCommand command_for(std::vector<std::string> argv) const;
  // What a script says where it fails; empty: it did not.
  [[nodiscard]] Result<std::string> run_script(const std::string& script,
                                               std::chrono::milliseconds time,
                                               const std::stop_token& stop) const;
  // Writes another text in the place of the tested file; an empty one is what was there.
  [[nodiscard]] Result<void> put_target(const std::string& text) const;

 private:
  [[nodiscard]] std::string flags() const;
  // By the language of the file, with its flags.
  [[nodiscard]] std::string compiler_for(const std::filesystem::path& file) const;
  [[nodiscard]] std::string compile_others() const;

  const sandbox::Sandbox& sandbox_;
  const CppProject& project_;
  const sandbox::ProjectCopy& copy_;
  const DriverFolder& drivers_;
  std::string compiler_;
  std::string compiler_says_;
};

}  // namespace leyden::qa
