#include "leyden/agents/qa/rust/rust_builder.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/compiled_toolchain.h"
#include "leyden/agents/qa/compiled/compiler_message.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kProject = "/project";
constexpr const char* kRegistry = "/cargo/registry";
constexpr auto kBuildTime = 300s;
constexpr const char* kProbesModule =
    "\n#[doc(hidden)] #[path = \"/leyden/leyden_probes.rs\"] pub mod leyden_probes;\n";

std::string quoted(const std::string& word) { return "'" + word + "'"; }

}  // namespace

sandbox::SandboxCommand RustBuilder::command_for(std::vector<std::string> argv) const {
  sandbox::SandboxCommand out;
  out.argv = std::move(argv);
  drivers_.mount_into(out);
  out.mounts.push_back({.host = copy_.path(), .inside = kProject});
  out.mounts.insert(out.mounts.end(), tools_.mounts.begin(), tools_.mounts.end());
  out.working_directory = kProject;
  out.environment = {
      {"TZ", "UTC"},
      {"RUST_BACKTRACE", "0"},
      {"RUST_LIB_BACKTRACE", "1"},  // As some users have it: anyhow's errors show one.
      {"CARGO_MANIFEST_DIR", kProject},
      {"CARGO_PKG_NAME", crate_.name},
      {"CARGO_PKG_VERSION", "0.0.0"}};
  return out;
}

RustBuilder::Trouble RustBuilder::run_script(const std::string& script,
                                             std::chrono::milliseconds time,
                                             const std::stop_token& stop) const {
  auto ran = sandbox_.run(command_for({"sh", "-c", "set -e\n" + script}),
                          CompiledToolchain::limits(time), stop);
  if (!ran) return std::unexpected(ran.error());
  if (ran->succeeded()) return std::string();
  const std::string said = ran->error_output.text + ran->output.text;
  return said.empty() ? "error: " + std::string(sandbox::name_of(ran->outcome)) : said;
}

Result<void> RustBuilder::prepare(const std::stop_token& stop) {
  if (!crate_.needs_cargo || !crate_.is_library) return {};
  if (tools_.cargo.empty())
    return fail(Errc::unsupported, "{} has dependencies: that needs cargo, which is not beside {}",
                crate_.name, tools_.rustc);
  auto command = command_for({tools_.cargo, "test", "--no-run", "--lib", "--offline", "-v"});
  // Cargo may have to write Cargo.lock.
  std::erase_if(command.mounts, [](const auto& one) { return one.inside == kProject; });
  command.mounts.push_back(copy_.mount(kProject));
  std::error_code ignored;
  if (fs::is_directory(tools_.registry, ignored)) {
    command.mounts.push_back({.host = tools_.registry, .inside = kRegistry});
    command.environment.emplace_back("CARGO_HOME", "/cargo");
  }
  command.environment.emplace_back("RUSTC", tools_.rustc);
  command.environment.emplace_back("CARGO_TARGET_DIR", std::string(kExchange) + "/target");
  auto ran = sandbox_.run(command, CompiledToolchain::limits(kBuildTime), stop);
  if (!ran) return std::unexpected(ran.error());
  if (!ran->succeeded())
    return fail(Errc::unavailable, "cargo can't build what {} depends on: {}", crate_.name,
                first_error(ran->error_output.text));
  for (const std::string& one : rust_dependency_arguments(ran->error_output.text, crate_.name))
    dependencies_ += " " + quoted(one);
  return {};
}

std::string RustBuilder::compiler(const std::string& edition) const {
  return fmt::format(
      "{} --edition {} --cap-lints allow --error-format short -C debuginfo=0 -C "
      "debug-assertions=on{}",
      quoted(tools_.rustc), edition, dependencies_);
}

// With another text of the target, which is put back.
RustBuilder::Trouble RustBuilder::compile_crate(const std::string& target,
                                                const std::string& options,
                                                const std::stop_token& stop) const {
  const auto text_of = [&](const fs::path& path) {
    for (const RustFile& one : crate_.files) {
      if (one.path == path) return one.text;
    }
    return std::string();
  };
  const bool in_one = crate_.library == crate_.target;
  auto put = write_readable(copy_.path() / crate_.target, target + (in_one ? kProbesModule : ""));
  if (put && !in_one)
    put = write_readable(copy_.path() / crate_.library, text_of(crate_.library) + kProbesModule);
  if (!put) return std::unexpected(put.error());
  auto out = run_script(fmt::format("{} --crate-name {} {} {}", compiler(crate_.edition),
                                    crate_.name, quoted(crate_.library.string()), options),
                        kBuildTime, stop);
  for (const fs::path& one : {crate_.target, crate_.library}) {
    if (auto back = write_readable(copy_.path() / one, text_of(one)); !back)
      return std::unexpected(back.error());
  }
  return out;
}

RustBuilder::Trouble RustBuilder::library(const std::string& name, const std::string& target,
                                          const std::stop_token& stop, bool checks_only) const {
  const std::string folder = std::string(kExchange) + "/" + name;
  std::error_code ignored;
  fs::create_directories(drivers_.exchange() / name, ignored);
  fs::permissions(drivers_.exchange() / name, fs::perms::all, ignored);
  return compile_crate(
      target,
      checks_only ? fmt::format("--crate-type rlib --emit metadata -o {}/checked.rmeta", folder)
                  : fmt::format("--crate-type rlib -o {}/lib{}.rlib", folder, crate_.name),
      stop);
}

RustBuilder::Trouble RustBuilder::driver(const std::string& name, const std::string& table,
                                         const std::stop_token& stop) const {
  if (auto put = drivers_.put("leyden_table.rs", table); !put) return std::unexpected(put.error());
  return run_script(
      fmt::format("{0} --extern {1}={2}/{3}/lib{1}.rlib -o {2}/{3}/driver {4}/leyden_driver.rs",
                  compiler("2021"), crate_.name, kExchange, name, kDrivers),
      kBuildTime, stop);
}

RustBuilder::Trouble RustBuilder::tests(const std::string& library, const std::string& program,
                                        const fs::path& file, const std::string& text,
                                        const std::stop_token& stop) const {
  std::error_code ignored;
  const bool was_there = fs::exists(copy_.path() / file, ignored);
  if (!was_there) {
    if (auto put = write_readable(copy_.path() / file, text); !put)
      return std::unexpected(put.error());
  }
  auto out = run_script(
      fmt::format("{0} --test --crate-name leyden_tests --extern {1}={2}/{3}/lib{1}.rlib -o "
                  "{2}/{4} {5}",
                  compiler(crate_.edition), crate_.name, kExchange, library, program,
                  quoted(file.string())),
      kBuildTime, stop);
  if (!was_there) fs::remove(copy_.path() / file, ignored);
  return out;
}

RustBuilder::Trouble RustBuilder::own_tests(const std::string& program, const std::string& target,
                                            const std::stop_token& stop) const {
  return compile_crate(target, fmt::format("--test -o {}/{}", kExchange, program), stop);
}

}  // namespace leyden::qa
