#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/sandbox/kept_output.h"
#include "leyden/sandbox/limits.h"

namespace leyden::sandbox {

enum class Access : std::uint8_t { read_only, read_write };

// A file or folder of the host that the program sees. A folder that it may write to is bounded by
// SandboxLimits::written_bytes and is the way to get files back from it: what lies there afterwards was written
// by a program that nobody has read, so follow no link in it. When run by root the folder itself (not what is in
// it) is given to the user that the sandbox runs as. A project that is to stay as it is while the program
// writes to it is shown through a ProjectCopy.
//
// As root, a mount that this user has no way to (below /root, say) is shown by root, which needs CAP_SYS_ADMIN and Linux
// 5.12: the file or folder itself and nothing beside it. What in it others may not read stays unreadable, so a
// Python environment of mode 0755 works and a private key next to it is kept. While the run lasts another
// process of that user could reach it too. The way to it must be one that nobody but root could bend: folders that the user
// can't change, and no link that is not root's.
//
// A socket in a mounted folder can be spoken to, also when it is mounted read-only: mount folders that have none.
struct SandboxMount {
  std::filesystem::path host;
  std::string inside;  // Absolute and plain; not within another mount that is writable.
  Access access = Access::read_only;
};

struct SandboxCommand {
  std::vector<std::string> argv;  // The first is looked up in PATH. No shell.
  // On top of PATH, HOME, TMPDIR and LANG, which are set to what is there inside. Nothing of ours is inherited.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string input;  // Its standard input; empty is /dev/null.
  std::string working_directory = "/tmp";
  std::vector<SandboxMount> mounts;  // Made in this order.
};

enum class Outcome : std::uint8_t {
  exited,             // By itself: `code`.
  signalled,          // By `signal`: it crashed, or ended itself.
  timed_out,          // wall_time
  cpu_time_exceeded,  // cpu_time
  out_of_memory,      // A process was ended, or the tree, for want of memory_bytes.
  too_many_files,     // file_count
  disk_full,          // written_bytes, or the host's disk is near its end.
};
[[nodiscard]] std::string_view name_of(Outcome outcome);

struct SandboxExit {
  Outcome outcome = Outcome::exited;
  int code = 0;         // Of `exited`.
  int signal = 0;       // Of `signalled`.
  Output output;        // Standard output, up to the end of the tree, whatever that was.
  Output error_output;  // Standard error.
  std::chrono::microseconds wall_time{0};  // From the start of the run to the end of the tree.
  std::chrono::microseconds cpu_time{0};   // User and system, of the tree.
  // Of a tree that was ended at wall_time: from then to the end of the last process.
  std::chrono::microseconds kill_time{0};
  std::uint64_t memory_peak_bytes =
      0;  // Of the tree: by its control group, else as seen 50 times a second.
  // It came to the bound of processes and was refused one: what it then did is its own affair. Seen only
  // with a control group.
  bool process_limit_hit = false;

  // Ended by itself with 0. Whatever hit a limit did not.
  [[nodiscard]] bool succeeded() const { return outcome == Outcome::exited && code == 0; }
};

enum class Isolation : std::uint8_t {
  full,
  // For `--unsafe-no-sandbox`. The program has all rights of ours: files, network, other processes. Only limits
  // of one process, a watch over its tree's memory and processors and the ending of the tree are there,
  // which a hostile program can escape. Mounts can't be made, so their inside and host paths must be one.
  none,
};

struct SandboxOptions {
  Isolation isolation = Isolation::full;
  // Where bwrap is looked for.
  std::vector<std::filesystem::path> search_path = {"/usr/bin", "/bin", "/usr/local/bin"};
  // What a program runs as when we are root. Files that it is to read must be readable by it. Never 0.
  std::uint32_t unprivileged_uid = 65534;
  std::uint32_t unprivileged_gid = 65534;
  bool use_control_groups = true;  // Where they can be made; off is for tests.
  // Shown read-only besides /usr, /bin, /sbin and /lib*: toolchains elsewhere. Missing ones are left out.
  std::vector<std::filesystem::path> system_paths;

  [[nodiscard]] Result<void> check() const;
};

// One thing that holds a program back, for `leyden doctor`.
struct Wall {
  std::string name;
  bool present = false;
  std::string detail;  // How; or what is missing, and how to get it.
};

// Runs programs that nobody has read: written by a model, found in a repository, made by mutation.
//
// Each run has its own user, pid, network, ipc, uts, cgroup and mount namespaces (bubblewrap). It sees /usr and
// little else read-only, its mounts, small tmpfs at /tmp, /dev/shm and its home folder, no network but its own
// loopback, no process of the host, and none of our environment or descriptors. System calls are filtered
// (syscall_filter.h). As root it runs as an unprivileged user: root inside a user namespace still owns root's
// files in /proc/sys. Limits hold for the tree (limits.h): control groups where they can be made, rlimits and a
// watch from within everywhere.
//
// It fails closed: where a wall can't be built nothing is run. Thread-safe; runs are independent of each other.
class Sandbox {
 public:
  // Looks once what is there, and runs `true` to see that it holds together. Errors: invalid_argument;
  // unavailable: names the wall that is missing and how to get it.
  [[nodiscard]] static Result<std::unique_ptr<Sandbox>> open(const SandboxOptions& options = {});
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Blocks until the program and all that it started have ended, which they have a few milliseconds after
  // wall_time at the latest. A limit that is hit is an outcome, not a failure. Errors: invalid_argument (the command or the
  // limits), not_found (no such program inside, no such mount), cancelled (`stop`; nothing is left running),
  // unsupported (mounts without isolation), unavailable (the sandbox could not be built: nothing was run).
  [[nodiscard]] Result<SandboxExit> run(const SandboxCommand& command, const SandboxLimits& limits,
                                        const std::stop_token& stop = {}) const;

  // What holds, and what does not. With Isolation::none nothing is present but limits.
  [[nodiscard]] const std::vector<Wall>& walls() const;

 private:
  struct Parts;
  explicit Sandbox(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace leyden::sandbox
