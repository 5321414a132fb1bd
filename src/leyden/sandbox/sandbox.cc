#include "leyden/sandbox/sandbox.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <functional>
#include <iterator>

#include "leyden/base/files.h"
#include "leyden/sandbox/bubblewrap.h"
#include "leyden/sandbox/control_group.h"
#include "leyden/sandbox/descriptors.h"
#include "leyden/sandbox/init_image.h"
#include "leyden/sandbox/process.h"
#include "leyden/sandbox/reach.h"
#include "leyden/sandbox/syscall_filter.h"

namespace leyden::sandbox {
namespace {

namespace fs = std::filesystem;

Result<void> check(const SandboxCommand& command) {
  if (command.argv.empty() || command.argv.front().empty()) {
    return fail(Errc::invalid_argument, "an empty command");
  }
  const auto has_nul = [](const std::string& text) { return text.contains('\0'); };
  for (const std::string& argument : command.argv) {
    if (has_nul(argument)) return fail(Errc::invalid_argument, "an argument holds a NUL byte");
  }
  for (const auto& [name, value] : command.environment) {
    if (name.empty() || name.contains('=') || has_nul(name) || has_nul(value)) {
      return fail(Errc::invalid_argument, "\"{}\" is no variable of an environment", name);
    }
  }
  if (!command.working_directory.starts_with('/') || has_nul(command.working_directory)) {
    return fail(Errc::invalid_argument, "the working directory {} is not an absolute path",
                command.working_directory);
  }
  return check_mounts(command.mounts);
}

std::optional<fs::path> find_bubblewrap(const std::vector<fs::path>& search_path) {
  for (const fs::path& folder : search_path) {
    const fs::path candidate = folder / "bwrap";
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

// What to do about what bwrap says.
std::string advice(std::string_view messages, const Shown& shown, const User& user) {
  if (std::string text = shown.advice(messages, user); !text.empty()) return text;
  if (messages.contains("source path") && messages.contains("Permission denied")) {
    return fmt::format(
        "as root the sandbox runs as user {}, who can't reach that path: chmod o+x the folders "
        "above it, or choose another",
        user.uid);
  }
  for (const std::string_view sign :
       {"namespace", "uid map", "Operation not permitted", "No permissions"}) {
    if (messages.contains(sign)) {
      return "user namespaces are needed: sysctl kernel.unprivileged_userns_clone=1 or "
             "kernel.apparmor_restrict_unprivileged_userns=0 where they are off; a container needs "
             "--security-opt seccomp=unconfined and --security-opt systempaths=unconfined, or "
             "--privileged";
    }
  }
  return "see that `bwrap --unshare-all --ro-bind / / true` works";
}

std::string one_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  for (char& byte : text) {
    if (byte == '\n') byte = ';';
  }
  return text;
}

struct Report {
  bool started = false;
  std::optional<int> unstartable;  // errno
  struct End {
    int status = 0;
    std::string broken;  // "-" when no limit was.
    std::uint64_t cpu_us = 0;
    std::uint64_t memory_peak_bytes = 0;
  };
  std::optional<End> end;
};

Report parse_report(const std::string& text) {
  Report report;
  report.started = text.contains("started\n");
  int error = 0;
  if (std::sscanf(text.c_str(), "unstartable %d", &error) == 1) report.unstartable = error;
  if (const std::size_t at = text.find("ended "); at != std::string::npos) {
    Report::End end;
    char broken[16] = {};
    unsigned long long cpu_us = 0, peak = 0;
    if (std::sscanf(text.c_str() + at, "ended %d %15s %llu %llu", &end.status, broken, &cpu_us,
                    &peak) == 4) {
      end.broken = broken;
      end.cpu_us = cpu_us;
      end.memory_peak_bytes = peak;
      report.end = end;
    }
  }
  return report;
}

Outcome outcome_of(std::string_view broken) {
  if (broken == "cpu") return Outcome::cpu_time_exceeded;
  if (broken == "files") return Outcome::too_many_files;
  if (broken == "disk") return Outcome::disk_full;
  return broken == "memory" ? Outcome::out_of_memory : Outcome::timed_out;
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::exited:
      return "exited";
    case Outcome::signalled:
      return "signalled";
    case Outcome::timed_out:
      return "timed out";
    case Outcome::cpu_time_exceeded:
      return "cpu time exceeded";
    case Outcome::out_of_memory:
      return "out of memory";
    case Outcome::too_many_files:
      return "too many files";
    case Outcome::disk_full:
      return "disk full";
  }
  return "unknown";
}

Result<void> SandboxOptions::check() const {
  if (unprivileged_uid == 0 || unprivileged_gid == 0) {
    return fail(Errc::invalid_argument, "unprivileged_uid and unprivileged_gid can't be root's");
  }
  for (const fs::path& path : system_paths) {
    if (!path.is_absolute() || path.lexically_normal() != path || path == "/") {
      return fail(Errc::invalid_argument, "system path {}: a plain absolute path is needed",
                  path.string());
    }
  }
  return {};
}

struct Sandbox::Parts {
  SandboxOptions options;
  bool root = ::geteuid() == 0;
  std::string bubblewrap;
  bool namespaces_nest = false;  // bwrap can't switch them off: the filter alone refuses them.
  Descriptor init;
  Descriptor filter;
  ControlGroupParents groups;
  std::vector<Wall> walls;
  mutable std::atomic<std::uint64_t> run_count{0};

  [[nodiscard]] bool isolated() const { return options.isolation == Isolation::full; }
  [[nodiscard]] std::vector<std::string> init_words(const SandboxCommand& command,
                                                    const SandboxLimits& limits) const;
  [[nodiscard]] std::vector<std::string> environment(const SandboxCommand& command) const;
  void describe_walls();
};

std::vector<std::string> Sandbox::Parts::init_words(const SandboxCommand& command,
                                                    const SandboxLimits& limits) const {
  std::vector<std::string> words{isolated() ? "pid1" : "subreaper"};
  const auto add = [&](std::string_view key, auto value) {
    words.push_back(fmt::format("{}={}", key, value));
  };
  // In a user namespace of their own only its processes are counted, the one that watches among them. Outside
  // all of the user's are, so that a limit for some is none.
  if (isolated()) add("processes", limits.process_count + 1);
  if (!groups.memory) add("data", limits.memory_bytes);
  add("file_bytes", limits.file_size_bytes);
  add("open_files", limits.open_files);
  add("cpu_ms", limits.cpu_time.count());
  // With a control group the kernel decides; what is seen from within counts shared pages more than once.
  add("memory", groups.memory ? 4 * limits.memory_bytes : limits.memory_bytes);
  add("tree_files", limits.file_count);
  add("tree_bytes", limits.written_bytes);
  add("period_ms", groups.memory ? 20 : 10);
  if (isolated()) {
    for (const std::string& folder : writable_tmpfs()) add("tmpfs", folder);
    for (const SandboxMount& mount : command.mounts) {
      if (mount.access == Access::read_write) add("writable", mount.inside);
    }
  } else {
    add("directory", command.working_directory);
  }
  words.emplace_back("--");
  words.insert(words.end(), command.argv.begin(), command.argv.end());
  return words;
}

// Without isolation; with it bwrap sets it, inside.
std::vector<std::string> Sandbox::Parts::environment(const SandboxCommand& command) const {
  if (isolated()) return {};
  std::vector<std::string> result;
  const auto set = [&](std::string_view name, std::string_view value) {
    std::erase_if(result, [&](const std::string& one) {
      return one.starts_with(name) && one.substr(name.size()).starts_with('=');
    });
    result.push_back(fmt::format("{}={}", name, value));
  };
  set("PATH", kPath);
  set("HOME", "/tmp");
  set("TMPDIR", "/tmp");
  set("LANG", "C.UTF-8");
  for (const auto& [name, value] : command.environment) set(name, value);
  return result;
}

void Sandbox::Parts::describe_walls() {
  const auto wall = [this](std::string name, bool present, std::string detail) {
    walls.push_back({std::move(name), present, std::move(detail)});
  };
  const std::string_view off =
      "switched off by --unsafe-no-sandbox: the program has all our rights";
  wall("namespaces", isolated(),
       isolated() ? fmt::format("user, pid, net, ipc, uts, cgroup and mount, by {}", bubblewrap)
                  : std::string(off));
  wall("nested namespaces", isolated(),
       !isolated()       ? std::string(off)
       : namespaces_nest ? "refused by the system call filter only: bwrap 0.8 or later can "
                           "switch them off as well"
                         : "switched off, and refused by the system call filter");
  wall("system calls", isolated(), isolated() ? "filtered by seccomp" : std::string(off));
  wall("user", isolated() || !root,
       !isolated() ? (root ? "runs as root" : "runs as you")
       : root      ? fmt::format("root is given up: runs as uid {}", options.unprivileged_uid)
                   : "runs as you, in a user namespace without rights");
  const std::string by_group = fmt::format("control group (version {})", groups.unified ? 2 : 1);
  if (groups.processes) {
    wall("process count", true, by_group + (isolated() ? ", and RLIMIT_NPROC" : ""));
  } else if (isolated()) {
    // Counted by user namespace since Linux 5.14.
    wall("process count", true, "RLIMIT_NPROC in a user namespace; " + groups.why_not);
  } else {
    wall("process count", false, groups.why_not);
  }
  wall("memory", true,
       groups.memory ? by_group
                     : "RLIMIT_DATA of each process, and a watch over the tree, which a fast "
                       "program outruns for some milliseconds; " +
                           groups.why_not);
  wall("processor time", true, "a watch over the tree, and RLIMIT_CPU of each process");
  wall("files", isolated(),
       isolated()
           ? "tmpfs of bounded size, a watch over the number of files and the writable mounts"
           : "RLIMIT_FSIZE only");
  wall("end of the tree", isolated(),
       isolated() ? "the first process of the pid namespace is killed, and the kernel ends the rest"
                  : "all descendants are killed, as far as they stay to be found");
}

Sandbox::Sandbox(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Sandbox::~Sandbox() = default;

const std::vector<Wall>& Sandbox::walls() const { return parts_->walls; }

Result<std::unique_ptr<Sandbox>> Sandbox::open(const SandboxOptions& options) {
  if (auto checked = options.check(); !checked) return std::unexpected(checked.error());
  auto parts = std::make_unique<Parts>();
  parts->options = options;

  auto init = sealed_file("leyden-sandbox-init", init_image());
  if (!init) return std::unexpected(init.error());
  parts->init = std::move(*init);
  if (options.use_control_groups) {
    const auto mounts = read_file("/proc/self/mountinfo", MiB);
    const auto own = read_file("/proc/self/cgroup", MiB);
    if (mounts && own) parts->groups = find_control_group_parents(*mounts, *own);
  } else {
    parts->groups.why_not = "control groups are switched off";
  }

  if (parts->isolated()) {
    const auto found = find_bubblewrap(options.search_path);
    if (!found) {
      return fail(
          Errc::unavailable,
          "no sandbox: bubblewrap is not installed (apt-get install bubblewrap). Without it "
          "nothing is run, unless --unsafe-no-sandbox is given");
    }
    parts->bubblewrap = found->string();
    auto filter =
        compile_syscall_filter({.allow_unowned_memory = static_cast<bool>(parts->groups.memory)});
    if (!filter) return std::unexpected(filter.error());
    auto file = sealed_file("leyden-sandbox-filter", *filter);
    if (!file) return std::unexpected(file.error());
    parts->filter = std::move(*file);
  }

  std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(parts)));
  const SandboxCommand probe{.argv = {"/bin/true"}, .environment = {}, .input = {}, .mounts = {}};
  auto tried = sandbox->run(probe, {});
  if (!tried && sandbox->parts_->isolated() && tried.error().message.contains("userns")) {
    sandbox->parts_->namespaces_nest = true;
    tried = sandbox->run(probe, {});
  }
  if (!tried || !tried->succeeded()) {
    return fail(Errc::unavailable,
                "no sandbox: {}. Without it nothing is run, unless --unsafe-no-sandbox is given",
                tried ? fmt::format("`true` {} ({})", name_of(tried->outcome), tried->code)
                      : tried.error().message);
  }
  sandbox->parts_->describe_walls();
  return sandbox;
}

// leyden:ignore common.complex-function to be taken apart
Result<SandboxExit> Sandbox::run(const SandboxCommand& command, const SandboxLimits& limits,
                                 const std::stop_token& stop) const {
  const Parts& parts = *parts_;
  const auto begin = std::chrono::steady_clock::now();
  if (auto checked = limits.check(); !checked) return std::unexpected(checked.error());
  if (auto checked = check(command); !checked) return std::unexpected(checked.error());
  if (stop.stop_requested()) return fail(Errc::cancelled, "cancelled");
  for (const SandboxMount& mount : command.mounts) {
    if (!parts.isolated() && mount.host != mount.inside) {
      return fail(Errc::unsupported, "without isolation {} can't be shown at {}",
                  mount.host.string(), mount.inside);
    }
    if (parts.isolated() && parts.root && mount.access == Access::read_write &&
        ::lchown(mount.host.c_str(), parts.options.unprivileged_uid,
                 parts.options.unprivileged_gid) != 0) {
      return fail(Errc::unavailable, "can't give {} to the sandbox: {}", mount.host.string(),
                  reason(errno));
    }
  }

  Shown shown;
  if (parts.isolated() && parts.root) {
    auto looked = what_to_show(command, parts.options);
    if (!looked) return std::unexpected(looked.error());
    shown = std::move(*looked);
  }

  std::unique_ptr<ControlGroup> group;
  if (parts.groups.processes || parts.groups.memory) {
    // Besides the program there are bwrap and the first process of the namespace.
    auto made = ControlGroup::make(
        parts.groups,
        fmt::format("leyden-{}-{}-{}", ::getpid(), static_cast<const void*>(this),
                    ++parts.run_count),
        {.memory_bytes = limits.memory_bytes, .process_count = limits.process_count + 2});
    if (!made) return std::unexpected(made.error());
    group = std::move(*made);
  }

  // A failure to make one of many files is the same failure.
  std::optional<Error> failed;
  std::vector<Descriptor> ours;  // What only the child needs, open until it is started.
  StartRequest start;
  const auto give = [&](Result<Descriptor> file, int number) {
    if (!file) {
      failed = file.error();
      return;
    }
    start.descriptors.emplace_back(file->get(), number);
    ours.push_back(std::move(*file));
  };
  const auto take = [&](int number) -> Descriptor {
    auto made = make_pipe();
    if (!made) {
      failed = made.error();
      return {};
    }
    give(std::move(made->writing), number);
    return std::move(made->reading);
  };

  ProcessOutputs outputs;
  outputs.messages = take(STDERR_FILENO);
  outputs.report = take(fd::kReport);
  outputs.output = take(fd::kOutput);
  outputs.error = take(fd::kError);
  give(command.input.empty() ? open_for_reading("/dev/null") : sealed_file("stdin", command.input),
       fd::kInput);
  give(reopened(parts.init), fd::kInit);
  if (parts.isolated()) {
    outputs.info = take(fd::kInfo);
    std::string words = bubblewrap_options(command, limits, parts.options, shown);
    if (parts.namespaces_nest) {
      constexpr std::string_view kOption("--disable-userns\0", 17);
      words.erase(words.find(kOption), kOption.size());
    }
    give(sealed_file("arguments", words), fd::kArguments);
    give(reopened(parts.filter), fd::kFilter);
    give(sealed_file("passwd", kUsers), fd::kUsers);
    give(sealed_file("group", kGroups), fd::kGroups);
    give(sealed_file("hosts", kHosts), fd::kHosts);
  }
  if (failed) return std::unexpected(*failed);

  const std::string init = fmt::format("/proc/self/fd/{}", fd::kInit);
  start.path = init;
  start.argv = {"leyden-sandbox", "launch"};
  if (group) {
    for (const std::string& file : group->join_files()) start.argv.push_back("join=" + file);
  }
  if (parts.isolated()) {
    if (parts.root) {
      std::ranges::move(shown.launch_words(), std::back_inserter(start.argv));
      start.argv.push_back(fmt::format("uid={}", parts.options.unprivileged_uid));
      start.argv.push_back(fmt::format("gid={}", parts.options.unprivileged_gid));
    }
    start.argv.insert(start.argv.end(), {"--", parts.bubblewrap, "--args",
                                         fmt::format("{}", fd::kArguments), "--", init});
  } else {
    start.argv.insert(start.argv.end(), {"--", init});
  }
  const auto words = parts.init_words(command, limits);
  start.argv.insert(start.argv.end(), words.begin(), words.end());
  start.environment = parts.environment(command);

  const auto pid = start_process(start);
  if (!pid) return std::unexpected(pid.error());
  ours.clear();
  // The kernel ends one process, and the others would wait for it.
  std::function<bool()> exhausted;
  if (group) exhausted = [&group] { return group->counts().memory_kills > 0; };
  auto end = watch_process(
      *pid, std::move(outputs), limits.output_bytes, Deadline::at(begin + limits.wall_time),
      parts.isolated() ? Ending::kill_at_once : Ending::ask_first, exhausted, stop);
  if (!end) return std::unexpected(end.error());
  if (end->cancelled) return fail(Errc::cancelled, "cancelled");
  const ControlGroupCounts counts = group ? group->counts() : ControlGroupCounts{};
  const Report report = parse_report(end->report);
  if (report.unstartable) {
    const Errc code = *report.unstartable == ENOENT ? Errc::not_found : Errc::invalid_argument;
    return fail(code, "can't start {} in the sandbox: {}", command.argv.front(),
                reason(*report.unstartable));
  }

  SandboxExit result;
  result.output = std::move(end->output);
  result.error_output = std::move(end->error_output);
  result.wall_time = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  result.cpu_time = report.end ? std::chrono::microseconds(report.end->cpu_us) : end->cpu_time;
  result.memory_peak_bytes =
      counts.memory_peak_bytes.value_or(report.end ? report.end->memory_peak_bytes : 0);
  result.process_limit_hit = counts.refused_forks > 0;
  result.kill_time = std::chrono::duration_cast<std::chrono::microseconds>(end->kill_time);

  if (counts.memory_kills > 0) {
    result.outcome = Outcome::out_of_memory;
  } else if (report.end && report.end->broken != "-" && report.end->broken != "asked") {
    result.outcome = outcome_of(report.end->broken);
  } else if (end->timed_out) {
    result.outcome = Outcome::timed_out;
  } else if (report.end) {
    const int status = report.end->status;
    if (WIFSIGNALED(status)) {
      result.signal = WTERMSIG(status);
      const bool spent = result.signal == SIGXCPU ||
                         (result.signal == SIGKILL && result.cpu_time >= limits.cpu_time);
      result.outcome = spent ? Outcome::cpu_time_exceeded : Outcome::signalled;
    } else {
      result.code = WEXITSTATUS(status);
    }
  } else {
    return fail(
        Errc::unavailable, "{}: {} ({})",
        report.started ? "the sandbox ended before its program" : "the sandbox could not be built",
        end->messages.empty() ? "no reason given" : one_line(end->messages),
        advice(end->messages, shown,
               {.uid = parts.options.unprivileged_uid, .gid = parts.options.unprivileged_gid}));
  }
  return result;
}

}  // namespace leyden::sandbox
