#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include <sys/types.h>

#include "leyden/base/clock.h"
#include "leyden/base/result.h"

namespace leyden::cache::lmdb {

// A store's folder. LMDB may be open once per process, because closing a second one drops the file
// locks of the first: so this is the one piece of state that belongs to the process. Movable; the claim
// ends with it.
class Folder {
 public:
  // Makes the folder (mode 0700) where it is missing. Errors: unavailable, also when this process has it already.
  [[nodiscard]] static Result<Folder> claim(const std::filesystem::path& path);
  Folder(Folder&& other) noexcept
      : path_(std::move(other.path_)), id_(std::exchange(other.id_, std::nullopt)) {}
  Folder& operator=(Folder&&) = delete;
  ~Folder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path data_file() const { return path_ / "data.mdb"; }

  // Gives LMDB's lock file its room on the disk before it is mapped: a write to a mapped page that the disk has
  // no room for would kill the process. Only while LMDB is not open.
  [[nodiscard]] Result<void> reserve_lock_file(unsigned readers_max) const;

  // The mark that the data is broken: whoever opens next starts anew.
  void mark_broken() const;
  [[nodiscard]] bool is_marked_broken() const;

  // Both for who holds the writer lock and has LMDB closed. Aside is "<folder>.corrupt-<milliseconds>".
  [[nodiscard]] Result<void> move_data_aside(const Clock& clock) const;
  [[nodiscard]] Result<void> remove_data() const;

 private:
  using Id = std::pair<dev_t, ino_t>;
  Folder(std::filesystem::path path, Id id) : path_(std::move(path)), id_(id) {}

  std::filesystem::path path_;
  std::optional<Id> id_;
};

}  // namespace leyden::cache::lmdb
