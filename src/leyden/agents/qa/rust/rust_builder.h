#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/rust/rust_crate.h"
#include "leyden/agents/qa/rust/rust_tools.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {

// Builds a crate in the sandbox by rustc alone, a second's work; cargo is asked once, what dependencies need. What is built lies below kExchange, in
// folders by name. All that it is given outlives it.
class RustBuilder {
 public:
  RustBuilder(const sandbox::Sandbox& sandbox, const RustCrate& crate, const RustTools& tools,
              const sandbox::ProjectCopy& copy, const DriverFolder& drivers)
      : sandbox_(sandbox), crate_(crate), tools_(tools), copy_(copy), drivers_(drivers) {}

  // Builds what the crate depends on. Errors: unavailable (cargo's message), those of the sandbox.
  [[nodiscard]] Result<void> prepare(const std::stop_token& stop);

  // What the compiler says against it; empty: nothing.
  using Trouble = Result<std::string>;
  // The library with this text of the target; its probes are a module of it. `checks_only`: no code is made.
  [[nodiscard]] Trouble library(const std::string& name, const std::string& target,
                                const std::stop_token& stop, bool checks_only = false) const;
  // The program that leyden_driver.rs and this table are, with that library.
  [[nodiscard]] Trouble driver(const std::string& name, const std::string& table,
                               const std::stop_token& stop) const;
  // A file of tests as `program`, with the library of that name. `file` is relative to the project; `text` is put there.
  [[nodiscard]] Trouble tests(const std::string& library, const std::string& program,
                              const std::filesystem::path& file, const std::string& text,
                              const std::stop_token& stop) const;
  // The library's own tests, with this text of the target.
  [[nodiscard]] Trouble own_tests(const std::string& program, const std::string& target,
                                  const std::stop_token& stop) const;

  // What a script says where it fails; empty: it did not.
  [[nodiscard]] Trouble run_script(const std::string& script, std::chrono::milliseconds time,
                                   const std::stop_token& stop) const;
  [[nodiscard]] sandbox::SandboxCommand command_for(std::vector<std::string> argv) const;

 private:
  [[nodiscard]] Trouble compile_crate(const std::string& target, const std::string& options,
                                      const std::stop_token& stop) const;
  [[nodiscard]] std::string compiler(const std::string& edition) const;

  const sandbox::Sandbox& sandbox_;
  const RustCrate& crate_;
  const RustTools& tools_;
  const sandbox::ProjectCopy& copy_;
  const DriverFolder& drivers_;
  std::string dependencies_;  // Arguments of the compiler.
};

}  // namespace leyden::qa
