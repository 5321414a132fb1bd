#include "leyden/retrieval/folder_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "leyden/retrieval/folder_walk.h"

namespace leyden::retrieval {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint32_t kChanges = IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM |
                                   IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
// How long a requested stop may go unheard.
constexpr milliseconds kSlice{100};

// Whether there was an event; takes all that are there.
bool take_events(int fd, milliseconds wait) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(wait.count())) <= 0) return false;
  alignas(inotify_event) std::array<char, 16 * 1024> events{};
  bool any = false;
  while (::read(fd, events.data(), events.size()) > 0) any = true;
  return any;
}

}  // namespace

Result<FolderWatch> FolderWatch::open(const fs::path& root) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0)
    return fail(Errc::overloaded, "can't watch folders: {}",
                std::generic_category().message(errno));
  std::error_code error;
  FolderWatch watch(fd, fs::is_regular_file(root, error) ? fs::absolute(root).parent_path() : root);
  if (auto watched = watch.watch_all(); !watched) return std::unexpected(watched.error());
  return watch;
}

FolderWatch::~FolderWatch() {
  if (fd_ >= 0) ::close(fd_);
}

// A folder that is watched already stays so.
Result<void> FolderWatch::watch_all() {
  auto folders = folders_of_walk(root_);
  if (!folders) return std::unexpected(folders.error());
  for (const fs::path& folder : *folders) {
    if (::inotify_add_watch(fd_, folder.c_str(), kChanges) >= 0) continue;
    if (errno == ENOSPC || errno == ENOMEM) {
      return fail(Errc::overloaded,
                  "{} has more folders than the system allows to watch: raise "
                  "fs.inotify.max_user_watches",
                  root_.string());
    }
    // Gone or not readable: walk_folder() says so when it matters.
  }
  return {};
}

Result<bool> FolderWatch::wait(Deadline until, const std::stop_token& stop, milliseconds quiet) {
  while (!take_events(fd_, kSlice)) {
    if (until.passed() || stop.stop_requested()) return false;
  }
  const Deadline enough = Deadline::after(20 * quiet);
  while (!enough.passed() && !stop.stop_requested() && take_events(fd_, quiet)) {
  }
  // New folders; what was put into one before it was watched is seen by the walk that follows.
  if (auto watched = watch_all(); !watched) return std::unexpected(watched.error());
  return true;
}

}  // namespace leyden::retrieval
