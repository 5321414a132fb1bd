#include "leyden/sandbox/project_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "leyden/sandbox/descriptors.h"

namespace leyden::sandbox {
namespace {

namespace fs = std::filesystem;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder open_folder(int at, const char* name) {
  const int number = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (number < 0) return nullptr;
  Folder folder(::fdopendir(number));
  if (!folder) ::close(number);
  return folder;
}

// Lives as long as the folder.
int descriptor_of(const Folder& folder) {
  const int number = ::dirfd(folder.get());
  assert(number >= 0);  // An open folder has one.
  return number;
}

// The next name but "." and ".."; null at the end.
const char* next_name(DIR* folder) {
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return entry->d_name;
  }
  return nullptr;
}

std::vector<std::string> names_in(DIR* folder) {
  std::vector<std::string> out;
  while (const char* name = next_name(folder)) out.emplace_back(name);
  return out;
}

class Copier {
 public:
  // `own`: the folder of the copy, which may lie in what is copied.
  Copier(const ProjectCopyOptions& options, const std::string& own, const std::stop_token& stop)
      : options_(options), stop_(stop), give_away_(::geteuid() == 0) {
    ::stat(own.c_str(), &own_);
  }

  // `way`: where the file lies that is gone around; empty where that is elsewhere.
  Result<void> copy_folder(int from_at, const char* from, int to_at, const char* to,
                           const std::string& shown, int depth, const fs::path& way) {
    if (depth > 200) return fail(Errc::invalid_argument, "{} lies too deep to be copied", shown);
    const Folder source = open_folder(from_at, from);
    if (!source && is_passed_over(errno)) return {};
    if (!source) return fail(Errc::unavailable, "can't open {}: {}", shown, reason(errno));
    struct stat status{};
    ::fstat(descriptor_of(source), &status);
    if (is_own(status)) return {};
    // Searchable and writable by us until it is filled.
    if (::mkdirat(to_at, to, 0700) != 0 && errno != EEXIST) {
      return fail(Errc::unavailable, "can't make a copy of {}: {}", shown, reason(errno));
    }
    const Descriptor target(::openat(to_at, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!target) return fail(Errc::unavailable, "can't open the copy of {}", shown);
    std::vector<std::string> names = names_in(source.get());
    const std::string next = way.empty() ? "" : way.begin()->string();
    if (goes_around()) put_near_ones_first(names, descriptor_of(source), next);
    for (const std::string& name : names) {
      if (stop_.stop_requested()) return fail(Errc::cancelled, "cancelled");
      if (std::ranges::find(options_.leave_out, name) != options_.leave_out.end()) continue;
      auto copied = copy_entry(descriptor_of(source), name.c_str(), target.get(),
                               fmt::format("{}/{}", shown, name), depth,
                               name == next ? way.lexically_relative(next) : fs::path());
      if (!copied) return copied;
    }
    return own(target.get(), (status.st_mode & 0777U) | 0700U, shown);
  }

 private:
  bool goes_around() const { return !options_.around.empty(); }
  // What vanished is not there; what a stranger's folder does not show is not needed.
  bool is_passed_over(int error) const {
    return error == ENOENT || (goes_around() && (error == EACCES || error == EPERM));
  }
  bool is_own(const struct stat& status) const {
    return status.st_dev == own_.st_dev && status.st_ino == own_.st_ino;
  }

  // The way to the file, then files, then folders.
  static void put_near_ones_first(std::vector<std::string>& names, int folder,
                                  const std::string& next) {
    const auto distance = [&](const std::string& name) {
      struct stat status{};
      if (name == next) return 0;
      if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return 2;
      return S_ISDIR(status.st_mode) ? 2 : 1;
    };
    std::vector<std::pair<int, std::string>> sorted;
    sorted.reserve(names.size());
    for (std::string& name : names) sorted.emplace_back(distance(name), std::move(name));
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = std::move(sorted[i].second);
  }

  Result<void> copy_entry(int from, const char* name, int to, const std::string& shown, int depth,
                          const fs::path& way) {
    struct stat status{};
    if (::fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (is_passed_over(errno)) return {};
      return fail(Errc::unavailable, "can't look at {}: {}", shown, reason(errno));
    }
    if (++files_ > options_.max_files && way.empty()) {
      if (goes_around()) return {};
      return fail(Errc::invalid_argument, "more than {} files to be copied, with {}",
                  options_.max_files, shown);
    }
    if (S_ISDIR(status.st_mode)) return copy_folder(from, name, to, name, shown, depth + 1, way);
    if (S_ISLNK(status.st_mode)) return copy_link(from, name, to, shown);
    if (S_ISREG(status.st_mode)) return copy_file(from, name, to, shown, !way.empty());
    return {};
  }

  Result<void> copy_link(int from, const char* name, int to, const std::string& shown) {
    std::array<char, 4096> target{};
    const ssize_t length = ::readlinkat(from, name, target.data(), target.size() - 1);
    if (length < 0 || ::symlinkat(target.data(), to, name) != 0) {
      return fail(Errc::unavailable, "can't copy the link {}: {}", shown, reason(errno));
    }
    if (give_away_) {
      (void)::fchownat(to, name, options_.owner_uid, options_.owner_gid, AT_SYMLINK_NOFOLLOW);
    }
    return {};
  }

  Result<void> copy_file(int from, const char* name, int to, const std::string& shown,
                         bool must_be_there) {
    const Descriptor source(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source && !must_be_there && is_passed_over(errno)) return {};
    struct stat status{};
    if (!source || ::fstat(source.get(), &status) != 0) {
      return fail(Errc::unavailable, "can't read {}: {}", shown, reason(errno));
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (goes_around() && !must_be_there && size > options_.max_bytes - bytes_) return {};
    bytes_ += size;
    if (bytes_ > options_.max_bytes) {
      return fail(Errc::invalid_argument, "more than {} MiB to be copied, with {}",
                  options_.max_bytes / MiB, shown);
    }
    const Descriptor target(
        ::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) return fail(Errc::unavailable, "can't copy {}: {}", shown, reason(errno));
    if (::ioctl(target.get(), FICLONE, source.get()) != 0) {
      off_t left = status.st_size;
      while (left > 0) {
        const ssize_t count =
            ::sendfile(target.get(), source.get(), nullptr, static_cast<std::size_t>(left));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(Errc::unavailable, "can't copy {}: {}", shown, reason(errno));
        if (count == 0) break;  // It shrank.
        left -= count;
      }
    }
    return own(target.get(), status.st_mode & 0777U, shown);
  }

  Result<void> own(int file, mode_t mode, const std::string& shown) {
    if (::fchmod(file, mode) != 0 ||
        (give_away_ && ::fchown(file, options_.owner_uid, options_.owner_gid) != 0)) {
      return fail(Errc::unavailable, "can't set the mode of {}: {}", shown, reason(errno));
    }
    return {};
  }

  const ProjectCopyOptions& options_;
  const std::stop_token& stop_;
  bool give_away_;
  struct stat own_{};
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

// Empties the folder `name` of `at`. What is a folder in it moves up beside it, to be emptied in its turn, so that
// a deep tree is no deeper than two.
void empty_folder(int at, const char* name, std::uint64_t& moved) {
  (void)::fchmodat(at, name, 0700, 0);
  const Folder folder = open_folder(at, name);
  if (!folder) return;
  const int number = descriptor_of(folder);
  while (const char* entry = next_name(folder.get())) {
    if (::unlinkat(number, entry, 0) == 0) continue;
    if (::unlinkat(number, entry, AT_REMOVEDIR) == 0) continue;
    (void)::fchmodat(number, entry, 0700, 0);  // A folder moves only when its ".." may change.
    (void)::renameat(number, entry, at, fmt::format("leyden-removed-{}", ++moved).c_str());
  }
}

}  // namespace

void remove_tree(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(fs::symlink_status(folder, ignored))) {
    ::unlink(folder.c_str());
    return;
  }
  // A folder of its own around it takes what moves up.
  std::string around = folder.string() + ".removing-XXXXXX";
  if (::mkdtemp(around.data()) == nullptr) return;
  (void)::chmod(folder.c_str(), 0700);
  if (::rename(folder.c_str(), (around + "/0").c_str()) != 0) {
    ::rmdir(around.c_str());
    return;
  }
  std::uint64_t moved = 0;
  bool progress = true;
  while (progress) {
    progress = false;
    const Folder all = open_folder(AT_FDCWD, around.c_str());
    if (!all) return;
    std::vector<std::string> names;
    while (const char* name = next_name(all.get())) names.emplace_back(name);
    for (const std::string& name : names) {
      empty_folder(descriptor_of(all), name.c_str(), moved);
      if (::unlinkat(descriptor_of(all), name.c_str(), AT_REMOVEDIR) == 0) progress = true;
    }
  }
  ::rmdir(around.c_str());
}

Result<std::unique_ptr<ProjectCopy>> ProjectCopy::make(const fs::path& project,
                                                       const ProjectCopyOptions& options,
                                                       const std::stop_token& stop) {
  std::error_code error;
  const fs::path source = fs::canonical(project, error);
  if (error || !fs::is_directory(source, error)) {
    return fail(Errc::not_found, "no folder {}", project.string());
  }
  const fs::path parent = fs::canonical(
      options.parent.empty() ? fs::temp_directory_path(error) : options.parent, error);
  if (error) return fail(Errc::not_found, "no folder for copies: {}", error.message());
  std::string root = (parent / "leyden-project-XXXXXX").string();
  if (::mkdtemp(root.data()) == nullptr) {
    return fail(Errc::unavailable, "can't make a folder in {}: {}", parent.string(), reason(errno));
  }
  std::unique_ptr<ProjectCopy> copy(new ProjectCopy(root));
  // As root the sandbox's user must come through, and nobody else: the modes below are those of a project that
  // may lie in a folder which is closed.
  if (::geteuid() == 0 && ::lchown(root.c_str(), options.owner_uid, options.owner_gid) != 0) {
    return fail(Errc::unavailable, "can't give {} to the sandbox: {}", root, reason(errno));
  }
  const fs::path path = copy->root_ / "project";
  Copier copier(options, copy->root_, stop);
  auto copied = copier.copy_folder(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(),
                                   source.string(), 0, options.around.lexically_normal());
  if (!copied) return std::unexpected(copied.error());
  copy->path_ = path;
  return copy;
}

ProjectCopy::~ProjectCopy() { remove_tree(root_); }

Result<std::string> ProjectCopy::read(const fs::path& relative, std::uint64_t limit_bytes) const {
  if (relative.empty() || relative.is_absolute() || relative.lexically_normal() != relative) {
    return fail(Errc::invalid_argument, "{} is not a plain relative path", relative.string());
  }
  Descriptor at(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!at) return fail(Errc::unavailable, "can't open the copy: {}", reason(errno));
  for (const fs::path& part : relative) {
    if (part == "..") return fail(Errc::invalid_argument, "{} leads out", relative.string());
    // NONBLOCK: a pipe would wait for its other end.
    Descriptor next(
        ::openat(at.get(), part.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!next) {
      return fail(errno == ENOENT ? Errc::not_found : Errc::unavailable, "can't open {}: {}",
                  relative.string(), reason(errno));
    }
    at = std::move(next);
  }
  struct stat status{};
  if (::fstat(at.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Errc::unavailable, "{} is not a file", relative.string());
  }
  if (static_cast<std::uint64_t>(status.st_size) > limit_bytes) {
    return fail(Errc::invalid_argument, "{} has {} bytes, more than {}", relative.string(),
                status.st_size, limit_bytes);
  }
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count =
        ::pread(at.get(), content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return fail(Errc::unavailable, "can't read {}: {}", relative.string(), reason(errno));
    }
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  content.resize(done);
  return content;
}

}  // namespace leyden::sandbox
