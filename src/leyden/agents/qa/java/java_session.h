#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/java/java_kit.h"
#include "leyden/agents/qa/java/java_project.h"
#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {

// Folders of classes, inside.
inline constexpr const char* kJavaDriver = "/exchange/driver";
inline constexpr const char* kJavaProbed = "/exchange/probe";

// One run of test classes.
struct JavaTestRun {
  int mutant = -1;         // That is on.
  std::uint64_t seed = 0;  // Of its order; 0: as it is.
  std::string only;        // A test's name; empty: all.
};

// A virtual machine that stays in the sandbox, with a compiler and JUnit (Server.java). What can't be stopped in it ends it, and a new one goes
// on. Confined to one thread; what it is given outlives it.
class JavaSession {
 public:
  JavaSession(const sandbox::Sandbox& sandbox, DriverFolder& drivers, const JavaProject& project,
              const JavaKit& kit, const std::filesystem::path& copy)
      : sandbox_(sandbox), drivers_(drivers), project_(project), kit_(kit), copy_(copy) {}

  // Compiles the driver itself. Errors: unsupported (the JDK or JUnit does not work: says why).
  [[nodiscard]] Result<void> open(const std::stop_token& stop);
  // Answers to a request for what Server.java knows by that name.
  [[nodiscard]] Result<std::vector<nlohmann::json>> ask(const std::string& what,
                                                        const std::string& request,
                                                        const std::stop_token& stop);

  // Ends the virtual machine: the next request starts another, `elsewhere` in another time zone.
  void begin_anew(bool elsewhere);

  // Compiles files to a folder of classes; what the compiler says against it, empty: nothing. Besides our own class path what it may use: other
  // folders of classes, and folders of sources.
  struct Build {
    std::string to;
    std::vector<std::string> classes;
    std::vector<std::string> sources;
    std::vector<std::string> files;
  };
  [[nodiscard]] Result<std::string> build(const Build& build, const std::stop_token& stop);
  // A text as a file that can be built: "/leyden/source/..."
  [[nodiscard]] Result<std::string> put(const std::string& name, const std::string& text) const;

  // Each run's tests, with what came of them; `reached` are probes.
  struct Ran {
    TestRuns runs;
    std::vector<std::size_t> reached;
    std::set<std::size_t> failed;  // Runs in which any did not pass.
  };
  [[nodiscard]] Result<Ran> run_tests(const std::vector<std::string>& folders,
                                      const std::vector<std::string>& classes, bool with_class,
                                      const std::vector<JavaTestRun>& runs,
                                      const std::stop_token& stop);

 private:
  [[nodiscard]] sandbox::SandboxCommand command(std::vector<std::string> argv) const;
  [[nodiscard]] std::string class_path(const std::vector<std::string>& folders) const;
  static void read(const nlohmann::json& line, Ran& out);

  const sandbox::Sandbox& sandbox_;
  DriverFolder& drivers_;
  const JavaProject& project_;
  const JavaKit& kit_;
  const std::filesystem::path& copy_;
  bool elsewhere_ = false;  // In another time zone, on another day.
};

}  // namespace leyden::qa
