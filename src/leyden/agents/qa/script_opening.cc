// What a script language's toolchain is opened with: the source, the copy of its project, its interpreter in the sandbox.
#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include "leyden/agents/qa/helpers.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/script_toolchain.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSourceBytesMax = 2 * MiB;
// A browser has some ten processes of some ten threads.
constexpr std::size_t kProgramMemory = 4 * GiB;
constexpr std::size_t kProgramThreads = 1024;
constexpr std::size_t kProjectTestsMax = 50;  // Files.

}  // namespace

Result<void> ScriptToolchain::read_source(const fs::path& file) {
  std::error_code error;
  file_ = fs::canonical(file, error);
  if (error || !fs::is_regular_file(file_))
    return fail(Errc::not_found, "{} is no file", file.string());
  auto text = read_file(file_, kSourceBytesMax);
  if (!text) return std::unexpected(text.error());
  if (!utf8::is_valid(*text)) return fail(Errc::invalid_argument, "{} is not UTF-8", file.string());
  text_ = *std::move(text);
  root_ = project_root(file_);
  inside_file_ = std::string(kProject) + "/" + file_.lexically_relative(root_).string();
  return {};
}

Result<void> ScriptToolchain::take_functions(const syntax::Tree& tree,
                                             std::vector<Function> callable,
                                             std::string_view what_is_missing) {
  if (callable.empty() && tree.has_errors())
    return fail(Errc::invalid_argument, "{} has a syntax error: there is nothing to call",
                file_.string());
  if (callable.empty())
    return fail(Errc::invalid_argument, "{} {}", file_.string(), what_is_missing);
  functions_ = std::move(callable);
  add_helpers(tree, text_, functions_);
  return {};
}

Result<void> ScriptToolchain::copy_project(std::vector<std::string> leave_out,
                                           const std::stop_token& stop) {
  auto copy = qa::copy_project(root_, file_, std::move(leave_out), stop);
  if (!copy) return std::unexpected(copy.error());
  copy_ = *std::move(copy);
  auto drivers = DriverFolder::make();
  if (!drivers) return std::unexpected(drivers.error());
  drivers_ = *std::move(drivers);
  return {};
}

Result<void> ScriptToolchain::show_folder(const fs::path& relative) {
  std::error_code ignored;
  if (!fs::is_directory(root_ / relative, ignored)) return {};
  std::error_code error;
  fs::create_directories(copy_->path() / relative, error);
  if (error)
    return fail(Errc::unavailable, "can't write to {}: {}", copy_->path().string(),
                error.message());
  mounts_in_project_.push_back({.host = fs::canonical(root_ / relative, ignored),
                                .inside = (fs::path(kProject) / relative).string()});
  return {};
}

void ScriptToolchain::mount_interpreter(const fs::path& interpreter) {
  if (!interpreter.is_absolute()) return;
  // Its own folder, and that of the one that it links to.
  std::error_code ignored;
  for (const fs::path& program : {interpreter, fs::canonical(interpreter, ignored)}) {
    const fs::path folder = program.parent_path().parent_path();
    if (folder.empty() || folder == "/" || folder == "/usr" || folder == "/usr/local") continue;
    if (mounts_.empty() || mounts_.back().host != folder)
      mounts_.push_back({.host = folder, .inside = folder.string()});
  }
}

Result<std::string> ScriptToolchain::output_of(std::vector<std::string> argv,
                                               const std::stop_token& stop) const {
  auto ran = sandbox_.run(command_for(std::move(argv)), limits(20s), stop);
  if (!ran) return std::unexpected(ran.error());
  std::string out = ran->output.text;
  if (!ran->succeeded())
    return fail(Errc::unsupported, "{}",
                utf8::one_line(out + ran->error_output.text).substr(0, 200));
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

std::vector<std::string> ScriptToolchain::files_in_copy(
    const std::function<bool(const fs::path&)>& is_test) const {
  std::vector<std::string> out;
  std::error_code ignored;
  const fs::path tested = file_.lexically_relative(root_);
  for (fs::recursive_directory_iterator entry(copy_->path(), ignored), end; entry != end;
       entry.increment(ignored)) {
    if (!entry->is_regular_file(ignored) || entry->is_symlink(ignored)) continue;
    const fs::path relative = entry->path().lexically_relative(copy_->path());
    if (relative != tested && is_test(entry->path())) out.push_back(relative.string());
  }
  std::ranges::sort(out);
  if (out.size() > kProjectTestsMax) out.resize(kProjectTestsMax);
  return out;
}

sandbox::SandboxCommand ScriptToolchain::command_for(std::vector<std::string> argv) const {
  sandbox::SandboxCommand out;
  out.argv = std::move(argv);
  out.environment = environment();
  out.environment.push_back(movable_clock());
  out.mounts = mounts_;
  drivers_->mount_into(out);
  out.mounts.push_back({.host = copy_->path(), .inside = kProject});
  out.mounts.insert(out.mounts.end(), mounts_in_project_.begin(), mounts_in_project_.end());
  out.working_directory = kProject;
  // Debian's Chromium reads its flags there, and any browser the fonts' places.
  std::error_code ignored;
  for (const char* settings : {"/etc/chromium.d", "/etc/fonts"}) {
    if (starts_programs_ && fs::is_directory(settings, ignored))
      out.mounts.push_back({.host = settings, .inside = settings});
  }
  return out;
}

sandbox::SandboxLimits ScriptToolchain::limits(std::chrono::milliseconds wall_time) const {
  sandbox::SandboxLimits out;
  out.wall_time = out.cpu_time = wall_time;
  out.memory_bytes = GiB;
  return with_room(out);
}

sandbox::SandboxLimits ScriptToolchain::with_room(sandbox::SandboxLimits limits) const {
  if (!starts_programs_) return limits;
  limits.memory_bytes = std::max(limits.memory_bytes, kProgramMemory);
  limits.process_count = std::max(limits.process_count, kProgramThreads);
  limits.open_files = 4096;
  limits.tmpfs_bytes = 512 * MiB;
  limits.cpu_time = limits.wall_time * 4;
  return limits;
}

Result<std::vector<nlohmann::json>> ScriptToolchain::run(std::vector<std::string> argv,
                                                         const Json& request,
                                                         std::chrono::milliseconds wall_time,
                                                         const std::stop_token& stop) {
  return drivers_->run(sandbox_, command_for(std::move(argv)), limits(wall_time), request, stop);
}

}  // namespace leyden::qa
