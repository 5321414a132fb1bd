#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <utility>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"

namespace leyden::retrieval {

// Tells when something below a folder has changed that walk_folder() would see, by Linux's inotify. Confined to one thread.
class FolderWatch {
 public:
  // From here on changes are noted. A file's path: its folder. Errors: those of walk_folder(); overloaded: the system allows no more
  // watches (fs.inotify.max_user_watches).
  [[nodiscard]] static Result<FolderWatch> open(const std::filesystem::path& root);
  FolderWatch(FolderWatch&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), root_(std::move(other.root_)) {}
  FolderWatch& operator=(FolderWatch&&) = delete;
  ~FolderWatch();

  // Waits for a change, and then until there was none for `quiet`, but no longer than 20 times that: editors and compilers write in
  // bursts. True: something changed. False: the time is over, or a stop was requested. Errors: as of open(); not_found: the root is gone.
  [[nodiscard]] Result<bool> wait(Deadline until, const std::stop_token& stop,
                                  std::chrono::milliseconds quiet = std::chrono::milliseconds(300));

 private:
  explicit FolderWatch(int fd, std::filesystem::path root) : fd_(fd), root_(std::move(root)) {}
  [[nodiscard]] Result<void> watch_all();

  int fd_;
  std::filesystem::path root_;
};

}  // namespace leyden::retrieval
