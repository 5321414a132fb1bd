#include "leyden/sandbox/reach.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>

#include "leyden/sandbox/descriptors.h"

namespace leyden::sandbox {
namespace {

namespace fs = std::filesystem;

// Whether a folder gives the user a right: 1 to search it, 2 to change it.
bool gives(const struct stat& folder, const User& user, unsigned right) {
  const unsigned shift = folder.st_uid == user.uid ? 6 : folder.st_gid == user.gid ? 3 : 0;
  return (folder.st_mode >> shift & right) != 0;
}

bool may_be_changed_by(const struct stat& folder, const User& user) {
  if (folder.st_uid == user.uid) return true;
  return gives(folder, user, 2) && (folder.st_mode & S_ISVTX) == 0;
}

bool holds(const std::vector<fs::path>& paths, const fs::path& path) {
  return std::ranges::find(paths, path) != paths.end();
}

std::string listed(const std::vector<fs::path>& paths) {
  std::string text;
  for (const fs::path& path : paths) text += (text.empty() ? "" : " ") + path.string();
  return text;
}

// A folder of the system that no source lies in and no way leads through: a tmpfs over it hides nothing from bwrap.
std::optional<fs::path> free_place(const std::vector<Way>& ways, const User& user) {
  for (const char* name : {"/mnt", "/media", "/srv", "/opt", "/home", "/run"}) {
    const fs::path place = name;
    struct stat status{};
    if (::lstat(name, &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    if (const auto way = way_to(place, user); !way || !way->closed.empty()) continue;
    const auto leads_there = [&](const Way& way) {
      return way.real == place || holds(way.folders, place);
    };
    if (std::ranges::none_of(ways, leads_there)) return place;
  }
  return std::nullopt;
}

}  // namespace

Result<Way> way_to(const fs::path& path, const User& user) {
  constexpr int kMaxLinks = 40;  // As the kernel has it.
  Way way{.real = "/", .folders = {}, .closed = {}, .untrusted = {}};
  std::deque<fs::path> rest(path.begin(), path.end());
  int links = 0;
  while (!rest.empty()) {
    const fs::path name = rest.front();
    rest.pop_front();
    if (name.empty() || name == "." || name == "/") continue;
    const fs::path folder = way.real;
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) {
      return fail(Errc::unavailable, "can't look at {}: {}", folder.string(), reason(errno));
    }
    if (!holds(way.folders, folder)) {
      way.folders.push_back(folder);
      if (!gives(status, user, 1)) way.closed.push_back(folder);
    }
    if (!way.untrusted && may_be_changed_by(status, user)) way.untrusted = folder;
    if (name == "..") {
      way.real = folder.parent_path();
      continue;
    }
    const fs::path next = folder / name;
    if (::lstat(next.c_str(), &status) != 0) {
      return fail(errno == ENOENT ? Errc::not_found : Errc::unavailable, "can't mount {}: {}",
                  path.string(), reason(errno));
    }
    if (!S_ISLNK(status.st_mode)) {
      way.real = next;
      continue;
    }
    if (!way.untrusted && status.st_uid != 0) way.untrusted = next;
    std::error_code error;
    const fs::path target = fs::read_symlink(next, error);
    if (error || ++links > kMaxLinks) {
      return fail(Errc::unavailable, "can't mount {}: {}", path.string(),
                  error ? error.message() : reason(ELOOP));
    }
    if (target.is_absolute()) way.real = "/";
    rest.insert(rest.begin(), target.begin(), target.end());
  }
  return way;
}

std::string Shown::source_of(const fs::path& path) const {
  const auto found = std::ranges::find(sources, path, &Source::path);
  if (found == sources.end()) return path.string();
  return fmt::format("{}/{}", place, found - sources.begin());
}

std::vector<std::string> Shown::launch_words() const {
  std::vector<std::string> words;
  if (!sources.empty()) words.push_back("place=" + place);
  for (const Source& source : sources) {
    words.push_back((source.read_only ? "show=" : "show_writable=") + source.real.string());
  }
  return words;
}

std::string Shown::advice(std::string_view messages, const User& user) const {
  if (!messages.contains("can't show ")) return {};
  for (const Source& source : sources) {
    if (!messages.contains("can't show " + source.real.string() + ":")) continue;
    return fmt::format(
        "as root the sandbox runs as user {}, who can't reach {}, and root can't show it without "
        "CAP_SYS_ADMIN: chmod o+x {}, or choose another folder",
        user.uid, source.path.string(), listed(source.closed));
  }
  return {};
}

Result<Shown> what_to_show(const SandboxCommand& command, const SandboxOptions& options) {
  const User user{.uid = options.unprivileged_uid, .gid = options.unprivileged_gid};
  Shown shown;
  std::vector<Way> ways;
  const auto look = [&](const fs::path& path, bool read_only) -> Result<void> {
    auto way = way_to(path, user);
    if (!way) return std::unexpected(way.error());
    if (!way->closed.empty()) {
      if (way->untrusted) {
        return fail(
            Errc::unavailable,
            "as root the sandbox runs as user {}, who can't reach {}, and it is not shown by "
            "root since {} on the way to it is not root's: chmod o+x {}, or choose another "
            "folder",
            user.uid, path.string(), way->untrusted->string(), listed(way->closed));
      }
      const auto known = std::ranges::find(shown.sources, path, &Shown::Source::path);
      if (known == shown.sources.end()) {
        shown.sources.push_back({path, way->real, way->closed, read_only});
      } else {
        known->read_only = known->read_only && read_only;
      }
    }
    ways.push_back(std::move(*way));
    return {};
  };
  for (const fs::path& path : options.system_paths) {
    const auto looked = look(path, true);
    if (!looked && looked.error().code != Errc::not_found) return std::unexpected(looked.error());
  }
  for (const SandboxMount& mount : command.mounts) {
    const auto looked = look(mount.host, mount.access == Access::read_only);
    if (!looked) return std::unexpected(looked.error());
  }
  if (shown.sources.empty()) return shown;
  for (const fs::path& folder : options.search_path) {  // Where bwrap itself is.
    if (auto way = way_to(folder / "bwrap", user)) ways.push_back(std::move(*way));
  }
  const auto place = free_place(ways, user);
  if (!place) {
    return fail(Errc::unavailable,
                "as root the sandbox runs as user {}, who can't reach {}: chmod "
                "o+x {}, or choose another folder",
                user.uid, shown.sources.front().path.string(),
                listed(shown.sources.front().closed));
  }
  shown.place = place->string();
  return shown;
}

}  // namespace leyden::sandbox
