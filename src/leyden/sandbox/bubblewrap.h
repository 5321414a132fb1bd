#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "leyden/sandbox/reach.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::sandbox {

// The numbers under which a run's descriptors are known to bwrap and to sandbox_init.c.
namespace fd {
inline constexpr int kReport = 3;
inline constexpr int kInput = 4;
inline constexpr int kOutput = 5;
inline constexpr int kError = 6;
inline constexpr int kInit = 7;
inline constexpr int kArguments = 8;
inline constexpr int kFilter = 9;
inline constexpr int kInfo = 10;
inline constexpr int kUsers = 11;
inline constexpr int kGroups = 12;
inline constexpr int kHosts = 13;
}  // namespace fd

inline constexpr std::string_view kHome = "/home/sandbox";
inline constexpr std::string_view kPath = "/usr/local/bin:/usr/bin:/bin";
inline constexpr std::string_view kUsers =
    "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n"
    "sandbox:x:1000:1000:sandbox:/home/sandbox:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
inline constexpr std::string_view kGroups = "root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n";
inline constexpr std::string_view kHosts = "127.0.0.1 localhost sandbox\n::1 localhost\n";

// The tmpfs that a program may write to.
[[nodiscard]] std::vector<std::string> writable_tmpfs();

// bwrap's options, as its --args reads them: the environment is in them, so they are no command line that
// others can read.
[[nodiscard]] std::string bubblewrap_options(const SandboxCommand& command,
                                             const SandboxLimits& limits,
                                             const SandboxOptions& options, const Shown& shown);

// Errors: invalid_argument (names the mount), not_found.
[[nodiscard]] Result<void> check_mounts(const std::vector<SandboxMount>& mounts);

}  // namespace leyden::sandbox
