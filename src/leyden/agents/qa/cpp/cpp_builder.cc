#include "leyden/agents/qa/cpp/cpp_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/compiled_toolchain.h"

namespace leyden::qa {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto kCompileTime = 180s;
constexpr int kStandardDefault = 20;
constexpr int kStandardLeast = 17;  // Of the probe.

}  // namespace

sandbox::SandboxCommand CppBuilder::command_for(std::vector<std::string> argv) const {
  sandbox::SandboxCommand out;
  out.argv = std::move(argv);
  drivers_.mount_into(out);
  out.mounts.push_back({.host = copy_.path(), .inside = kCppProject});
  out.working_directory = kCppProject;
  return out;
}

Result<void> CppBuilder::find_compiler(const std::string& wanted, const std::stop_token& stop) {
  std::vector<std::string> names = {"g++", "clang++", "c++"};
  if (!wanted.empty()) names = {wanted};
  for (const std::string& name : names) {
    auto ran = sandbox_.run(command_for({name, "--version"}), CompiledToolchain::limits(20s), stop);
    if (!ran && ran.error().code != Errc::not_found) return std::unexpected(ran.error());
    if (!ran || !ran->succeeded()) continue;
    compiler_ = name;
    compiler_says_ = ran->output.text.substr(0, ran->output.text.find('\n'));
    return {};
  }
  return fail(Errc::unsupported,
              "there is no {} in the sandbox: install g++ or clang++, or name it with --cxx",
              names.front());
}

std::string CppBuilder::compiler_for(const fs::path& file) const {
  if (file.extension() != ".c") {
    const int said = project_.standard.empty() ? kStandardDefault : std::stoi(project_.standard);
    return fmt::format("{} -std=gnu++{}{}", compiler_, std::max(kStandardLeast, said), flags());
  }
  // g++-12 is beside gcc-12, clang++ beside clang, c++ beside cc.
  std::string c = compiler_;
  const std::size_t at = c.rfind("++");
  if (at != std::string::npos)
    c.replace(at, 2,
              c.substr(0, at).ends_with("clang") ? ""
              : at > 0 && c[at - 1] == 'g'       ? "cc"
                                                 : "c");
  return fmt::format("{} -std=gnu17{}", c, flags());
}

std::string CppBuilder::flags() const {
  std::string out = fmt::format(" -w -O0 -pthread -I{}", kDrivers);
  for (const std::string& folder : project_.include_folders)
    out += fmt::format(" -I{}/{}", kCppProject, folder);
  return out;
}

Result<std::string> CppBuilder::run_script(const std::string& script,
                                           std::chrono::milliseconds time,
                                           const std::stop_token& stop) const {
  auto ran = sandbox_.run(command_for({"sh", "-c", "set -e\n" + script}),
                          CompiledToolchain::limits(time), stop);
  if (!ran) return std::unexpected(ran.error());
  if (ran->succeeded()) return std::string();
  const std::string said = ran->error_output.text + ran->output.text;
  return said.empty() ? "error: " + std::string(sandbox::name_of(ran->outcome)) : said;
}

Result<void> CppBuilder::put_target(const std::string& text) const {
  return write_readable(copy_.path() / project_.target,
                        text.empty() ? project_.files.back().text : text);
}

// Objects of the other sources, once.
std::string CppBuilder::compile_others() const {
  std::string out;
  for (std::size_t i = 0; i < project_.sources.size(); ++i)
    out += fmt::format("test -f {1}/other-{2}.o || {0} -c {3}/{4} -o {1}/other-{2}.o\n",
                       compiler_for(project_.sources[i]), kExchange, i, kCppProject,
                       project_.sources[i].generic_string());
  return out;
}

Result<std::string> CppBuilder::build(const CppProgram& program, const std::stop_token& stop) {
  // They may include the tested file, as it is.
  if (!project_.sources.empty()) {
    auto trouble = run_script(compile_others(), kCompileTime, stop);
    if (!trouble || !trouble->empty()) return trouble;
  }
  if (auto put = put_target(program.target); !put) return std::unexpected(put.error());
  const std::string probes =
      program.probed ? fmt::format(" -include {}/leyden_probes.h", kDrivers) : "";
  const std::string compile = compiler_for(program.main) + probes;
  std::string script;
  std::string objects;
  if (!program.includes_target) {
    objects = fmt::format(" {}/{}-target.o", kExchange, program.name);
    // It may be a program.
    script +=
        fmt::format("{}{} {} -Dmain=tested_main -c {}/{} -o{}\n", compiler_for(project_.target),
                    probes, program.flags, kCppProject, project_.target.generic_string(), objects);
  }
  // What does not include the target is the same for all texts of it, as long as the file is.
  const std::string main =
      fmt::format("{}/{}{}.o", kExchange, fs::path(program.main).stem().string(),
                  program.includes_target ? "-" + program.name : std::string());
  script += fmt::format(
      "{0}{1} {2} -c {3} -o {4}\n",
      program.includes_target ? std::string()
                              : fmt::format("test {0} -nt {1} || ", main, program.main),
      compile, program.includes_target ? program.flags : std::string(), program.main, main);
  for (std::size_t i = 0; i < project_.sources.size(); ++i)
    objects += fmt::format(" {}/other-{}.o", kExchange, i);
  for (const std::string& one : project_.libraries) objects += " " + one;
  script += fmt::format("{0} {1} {2}{3} -o {4}/{5} -pthread {6}\n", compiler_, program.flags, main,
                        objects, kExchange, program.name, program.libraries);
  auto trouble = run_script(script, kCompileTime, stop);
  if (auto back = put_target({}); !back) return std::unexpected(back.error());
  return trouble;
}

}  // namespace leyden::qa
