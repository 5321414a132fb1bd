#include "leyden/cache/stores/lmdb/folder.h"

#include <cerrno>
#include <set>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leyden/base/guarded.h"

namespace leyden::cache::lmdb {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDataFiles[] = {"data.mdb", "lock.mdb"};

Guarded<std::set<std::pair<dev_t, ino_t>>>& open_folders() {
  static Guarded<std::set<std::pair<dev_t, ino_t>>> folders;
  return folders;
}

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

Result<Folder> Folder::claim(const fs::path& path) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) {
    return fail(Errc::unavailable, "can't make {}: {}", path.parent_path().string(),
                error.message());
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Errc::unavailable, "can't make {}: {}", path.string(), reason(errno));
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return fail(Errc::unavailable, "{} is not a folder", path.string());
  }
  const Id id{status.st_dev, status.st_ino};
  if (!open_folders().with([&](auto& folders) { return folders.insert(id).second; })) {
    return fail(Errc::unavailable, "the store {} is open already in this process: share that one",
                path.string());
  }
  return Folder(path, id);
}

Folder::~Folder() {
  if (id_) open_folders().with([&](auto& folders) { folders.erase(*id_); });
}

Result<void> Folder::reserve_lock_file(unsigned readers_max) const {
  constexpr off_t kReaderSize = 64;  // A cache line; the header takes some.
  const fs::path file = path_ / "lock.mdb";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(Errc::unavailable, "can't open {}: {}", file.string(), reason(errno));
  struct stat status{};
  const off_t size = kReaderSize * (readers_max + 4);
  // Once it has its size it may be mapped by others: not touched.
  const bool reserved = ::fstat(fd, &status) == 0 && status.st_size >= size;
  const int rc = reserved ? 0 : ::posix_fallocate(fd, 0, size);
  ::close(fd);
  if (rc != 0) {
    return fail(Errc::unavailable, "no room for {}: {}", file.string(), reason(rc));
  }
  return {};
}

void Folder::mark_broken() const {
  const int fd = ::open((path_ / "broken").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

bool Folder::is_marked_broken() const {
  std::error_code ignored;
  return fs::exists(path_ / "broken", ignored);
}

Result<void> Folder::move_data_aside(const Clock& clock) const {
  const auto time =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch());
  std::error_code error;
  fs::path aside = path_;
  aside += fmt::format(".corrupt-{}", time.count());
  for (int i = 2; fs::exists(aside, error) && i < 100; ++i) {
    aside = path_;
    aside += fmt::format(".corrupt-{}-{}", time.count(), i);
  }
  fs::create_directory(aside, error);
  if (!error) fs::permissions(aside, fs::perms::owner_all, error);
  for (const char* name : kDataFiles) {
    if (!error && fs::exists(path_ / name, error)) fs::rename(path_ / name, aside / name, error);
  }
  if (!error) fs::remove(path_ / "broken", error);
  if (error) {
    return fail(Errc::unavailable, "can't move the broken store {} aside: {}", path_.string(),
                error.message());
  }
  return {};
}

Result<void> Folder::remove_data() const {
  std::error_code error;
  for (const char* name : kDataFiles) {
    if (!error) fs::remove(path_ / name, error);
  }
  if (error) {
    return fail(Errc::unavailable, "can't replace the store {} of another version: {}",
                path_.string(), error.message());
  }
  return {};
}

}  // namespace leyden::cache::lmdb
