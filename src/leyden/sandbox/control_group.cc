#include "leyden/sandbox/control_group.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ranges>
#include <thread>

#include "leyden/sandbox/descriptors.h"

namespace leyden::sandbox {
namespace {

// Files of the kernel take a value in one write and say so at once.
bool write_value(const std::string& path, std::string_view value) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file &&
         ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

std::string read_value(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer{};
  const ssize_t count = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
  return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

// The number behind `key` at a line's start.
std::uint64_t field(std::string_view text, std::string_view key) {
  for (const auto part : std::views::split(text, '\n')) {
    const std::string_view line(part.begin(), part.end());
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return number_in(line.substr(key.size() + 1)).value_or(0);
    }
  }
  return 0;
}

std::vector<std::string_view> words(std::string_view text, char separator) {
  std::vector<std::string_view> result;
  for (const auto part : std::views::split(text, separator)) {
    const std::string_view word(part.begin(), part.end());
    if (!word.empty()) result.push_back(word);
  }
  return result;
}

bool has_word(std::string_view text, std::string_view wanted, char separator) {
  for (std::string_view word : words(text, separator)) {
    while (word.ends_with('\n')) word.remove_suffix(1);
    if (word == wanted) return true;
  }
  return false;
}

struct Mount {
  std::string root;  // What of the hierarchy is mounted,
  std::string where;
};

// mountinfo: id parent major:minor root where options ... - type source options
std::optional<Mount> find_mount(std::string_view mounts, std::string_view type,
                                std::string_view controller) {
  for (const std::string_view line : words(mounts, '\n')) {
    const auto fields = words(line, ' ');
    for (std::size_t i = 5; i + 3 < fields.size(); ++i) {
      if (fields[i] != "-") continue;
      if (fields[i + 1] == type &&
          (controller.empty() || has_word(fields[i + 3], controller, ','))) {
        return Mount{std::string(fields[3]), std::string(fields[4])};
      }
      break;
    }
  }
  return std::nullopt;
}

// /proc/self/cgroup: number:controllers:path; version 2 has number 0 and no controllers.
std::optional<std::string> own_path(std::string_view own, std::string_view controller) {
  for (const std::string_view line : words(own, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : has_word(controllers, controller, ',')) {
      return std::string(line.substr(second + 1));
    }
  }
  return std::nullopt;
}

std::optional<std::string> own_folder(std::string_view mounts, std::string_view own,
                                      std::string_view type, std::string_view controller) {
  const auto mount = find_mount(mounts, type, controller);
  auto path = own_path(own, controller);
  if (!mount || !path || path->contains("..")) return std::nullopt;
  if (mount->root != "/" && path->starts_with(mount->root)) path->erase(0, mount->root.size());
  while (path->ends_with('/')) path->pop_back();
  return mount->where + *path;
}

void remove_group(const std::string& folder) {
  // A process that was just ended may still be leaving it.
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (::rmdir(folder.c_str()) == 0 || errno != EBUSY) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(attempt < 20 ? 1 : 10));
  }
}

bool can_make_in(const std::string& parent, std::string_view file) {
  const std::string folder = fmt::format("{}/leyden-probe-{}", parent, ::getpid());
  if (::mkdir(folder.c_str(), 0755) != 0) return false;
  const bool there = ::access(fmt::format("{}/{}", folder, file).c_str(), W_OK) == 0;
  remove_group(folder);
  return there;
}

bool hands_down(const std::string& folder) {
  const std::string controllers = read_value(folder + "/cgroup.subtree_control");
  return has_word(controllers, "pids", ' ') && has_word(controllers, "memory", ' ');
}

// Moving a process asks for the right to write to the file of the group above both.
bool can_move_from(const std::string& parent) {
  return ::access((parent + "/cgroup.procs").c_str(), W_OK) == 0;
}

std::optional<std::string> unified_parent(const std::string& own) {
  if (hands_down(own) || write_value(own + "/cgroup.subtree_control", "+pids +memory")) {
    if (can_move_from(own) && can_make_in(own, "pids.max")) return own;
  }
  const std::size_t slash = own.rfind('/');
  if (slash == std::string::npos || slash == 0) return std::nullopt;
  const std::string above = own.substr(0, slash);
  if (hands_down(above) && can_move_from(above) && can_make_in(above, "pids.max")) return above;
  return std::nullopt;
}

}  // namespace

ControlGroupParents find_control_group_parents(std::string_view mounts, std::string_view own) {
  ControlGroupParents result;
  const auto pids = own_folder(mounts, own, "cgroup", "pids");
  const auto memory = own_folder(mounts, own, "cgroup", "memory");
  if (pids && can_make_in(*pids, "pids.max")) result.processes = pids;
  if (memory && can_make_in(*memory, "memory.limit_in_bytes")) result.memory = memory;
  if (result.processes && result.memory) return result;
  if (!result.processes && !result.memory) {
    if (const auto folder = own_folder(mounts, own, "cgroup2", "")) {
      if (const auto parent = unified_parent(*folder)) {
        result.processes = result.memory = parent;
        result.unified = true;
        return result;
      }
    }
  }
  result.why_not =
      "no control group can be made for it here: start as root, or with `systemd-run --user "
      "--scope "
      "-p Delegate=yes`";
  return result;
}

Result<std::unique_ptr<ControlGroup>> ControlGroup::make(const ControlGroupParents& parents,
                                                         const std::string& name,
                                                         const ControlGroupLimits& limits) {
  std::unique_ptr<ControlGroup> group(new ControlGroup());
  group->unified_ = parents.unified;
  const auto make_folder = [&](const std::optional<std::string>& parent,
                               std::string& folder) -> Result<void> {
    if (!parent) return {};
    std::string path = *parent + "/" + name;
    if (::mkdir(path.c_str(), 0755) != 0) {
      return fail(Errc::unavailable, "can't make the control group {}: {}", path, reason(errno));
    }
    folder = std::move(path);
    return {};
  };
  if (auto made = make_folder(parents.processes, group->processes_); !made) {
    return std::unexpected(made.error());
  }
  if (parents.unified) {
    group->memory_ = group->processes_;
  } else if (auto made = make_folder(parents.memory, group->memory_); !made) {
    return std::unexpected(made.error());
  }

  bool set = true;
  if (!group->processes_.empty()) {
    set &= write_value(group->processes_ + "/pids.max", fmt::format("{}", limits.process_count));
  }
  if (!group->memory_.empty()) {
    const std::string bytes = fmt::format("{}", limits.memory_bytes);
    if (group->unified_) {
      set &= write_value(group->memory_ + "/memory.max", bytes);
      (void)write_value(group->memory_ + "/memory.swap.max",
                        "0");  // Absent without swap accounting.
      (void)write_value(group->memory_ + "/memory.oom.group", "1");
    } else {
      set &= write_value(group->memory_ + "/memory.limit_in_bytes", bytes);
      (void)write_value(group->memory_ + "/memory.memsw.limit_in_bytes", bytes);
    }
  }
  if (!set) return fail(Errc::unavailable, "can't set the limits of a control group {}", name);
  return group;
}

ControlGroup::~ControlGroup() {
  if (!processes_.empty()) remove_group(processes_);
  if (!unified_ && !memory_.empty()) remove_group(memory_);
}

std::vector<std::string> ControlGroup::join_files() const {
  std::vector<std::string> files;
  if (!processes_.empty()) files.push_back(processes_ + "/cgroup.procs");
  if (!unified_ && !memory_.empty()) files.push_back(memory_ + "/cgroup.procs");
  return files;
}

ControlGroupCounts ControlGroup::counts() const {
  ControlGroupCounts result;
  if (!processes_.empty()) {
    result.refused_forks = field(read_value(processes_ + "/pids.events"), "max");
  }
  if (!memory_.empty()) {
    result.memory_kills = field(
        read_value(memory_ + (unified_ ? "/memory.events" : "/memory.oom_control")), "oom_kill");
    result.memory_peak_bytes =
        number_in(read_value(memory_ + (unified_ ? "/memory.peak" : "/memory.max_usage_in_bytes")));
  }
  return result;
}

}  // namespace leyden::sandbox
