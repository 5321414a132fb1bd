#include "leyden/sandbox/bubblewrap.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace leyden::sandbox {
namespace {

namespace fs = std::filesystem;

// What programs of the system need of /etc: no names, no keys, nothing that tells about the host.
// Each costs a mount a run, which is why there are few.
constexpr std::array kSystemFiles{"/etc/alternatives",    "/etc/ld.so.cache", "/etc/localtime",
                                  "/etc/ssl/certs",       "/etc/fonts",       "/etc/mime.types",
                                  "/etc/java-17-openjdk", "/etc/php"};

class Options {
 public:
  void add(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) {
      text_ += word;
      text_ += '\0';
    }
  }
  void tmpfs(std::string_view where, std::size_t bytes, std::string_view mode) {
    add({"--perms", mode, "--size", fmt::format("{}", bytes), "--tmpfs", where});
  }
  void file(int descriptor, std::string_view where) {
    add({"--perms", "0444", "--file", fmt::format("{}", descriptor), where});
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

bool is_within(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

}  // namespace

std::vector<std::string> writable_tmpfs() { return {"/tmp", "/dev/shm", std::string(kHome)}; }

std::string bubblewrap_options(const SandboxCommand& command, const SandboxLimits& limits,
                               const SandboxOptions& options, const Shown& shown) {
  Options out;
  out.add({"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
           "--unshare-cgroup", "--disable-userns", "--die-with-parent", "--new-session",
           "--as-pid-1", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000", "--hostname",
           "sandbox"});
  out.add({"--seccomp", fmt::format("{}", fd::kFilter)});
  out.add({"--info-fd", fmt::format("{}", fd::kInfo)});

  out.add({"--ro-bind", "/usr", "/usr"});
  for (const std::string_view name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code ignored;
    if (fs::is_symlink(name, ignored)) {
      out.add({"--symlink", fs::read_symlink(name, ignored).string(), name});
    } else {
      out.add({"--ro-bind-try", name, name});
    }
  }
  for (const std::string_view name : kSystemFiles) out.add({"--ro-bind-try", name, name});
  for (const fs::path& path : options.system_paths) {
    out.add({"--ro-bind-try", shown.source_of(path), path.string()});
  }
  out.file(fd::kUsers, "/etc/passwd");
  out.file(fd::kGroups, "/etc/group");
  out.file(fd::kHosts, "/etc/hosts");

  out.add({"--proc", "/proc", "--dev", "/dev"});
  out.tmpfs("/dev/shm", limits.tmpfs_bytes, "1777");
  out.add({"--remount-ro", "/dev"});
  out.tmpfs("/tmp", limits.tmpfs_bytes, "1777");
  out.tmpfs(kHome, limits.tmpfs_bytes, "0700");
  out.add({"--dir", "/run", "--dir", "/var", "--symlink", "../tmp", "/var/tmp"});
  for (const SandboxMount& mount : command.mounts) {
    out.add({mount.access == Access::read_only ? "--ro-bind" : "--bind",
             shown.source_of(mount.host), mount.inside});
  }
  // Last: no place is left that has no bound.
  out.add({"--remount-ro", "/"});
  out.add({"--chdir", command.working_directory});

  out.add({"--clearenv", "--setenv", "PATH", kPath, "--setenv", "HOME", kHome, "--setenv", "TMPDIR",
           "/tmp", "--setenv", "LANG", "C.UTF-8", "--setenv", "USER", "sandbox"});
  for (const auto& [name, value] : command.environment) out.add({"--setenv", name, value});
  return out.take();
}

Result<void> check_mounts(const std::vector<SandboxMount>& mounts) {
  for (auto mount = mounts.begin(); mount != mounts.end(); ++mount) {
    const fs::path inside = mount->inside;
    if (!mount->host.is_absolute() || !inside.is_absolute() ||
        inside.lexically_normal() != inside || inside == "/" || mount->inside.ends_with('/') ||
        mount->inside.contains('\0')) {
      return fail(Errc::invalid_argument, "the mount {} at {}: both must be plain absolute paths",
                  mount->host.string(), mount->inside);
    }
    for (const std::string_view taken : {"/proc", "/dev", "/usr", "/etc", "/bin", "/lib", "/sys"}) {
      if (inside == taken ||
          ((taken == "/proc" || taken == "/dev" || taken == "/sys") && is_within(inside, taken))) {
        return fail(Errc::invalid_argument, "a mount at {}: that is the system's place",
                    mount->inside);
      }
    }
    // bwrap would make the place for it by walking a folder in which a program may have put links.
    for (auto earlier = mounts.begin(); earlier != mount; ++earlier) {
      if (earlier->access == Access::read_write && is_within(inside, earlier->inside)) {
        return fail(Errc::invalid_argument, "the mount at {} lies in the writable one at {}",
                    mount->inside, earlier->inside);
      }
    }
    std::error_code error;
    if (!fs::exists(mount->host, error)) {
      return fail(Errc::not_found, "can't mount {}: {}", mount->host.string(),
                  error ? error.message() : "not there");
    }
  }
  return {};
}

}  // namespace leyden::sandbox
