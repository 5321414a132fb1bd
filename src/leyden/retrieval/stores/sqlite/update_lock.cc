#include "leyden/retrieval/stores/sqlite/update_lock.h"

#include <cerrno>
#include <chrono>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "leyden/base/deadline.h"
#include "leyden/base/stoppable_wait.h"

namespace leyden::retrieval {

namespace fs = std::filesystem;

Result<UpdateLock> UpdateLock::take(const fs::path& index_file, const std::stop_token& stop) {
  std::string path = index_file.string() + ".lock";
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(Errc::unavailable, "can't make {}: {}", path,
                std::generic_category().message(errno));
  UpdateLock lock(fd);
  const Deadline give_up = Deadline::after(std::chrono::seconds(10));
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (give_up.passed()) {
      return fail(Errc::overloaded, "another process is updating {}: wait for it to end",
                  index_file.string());
    }
    if (!wait_unless_stopped(stop, Deadline::after(std::chrono::milliseconds(50))))
      return fail(Errc::cancelled, "interrupted while waiting for another update");
  }
  return lock;
}

UpdateLock::~UpdateLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace leyden::retrieval
