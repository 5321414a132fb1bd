#include "leyden/cache/stores/lmdb/writer_lock.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace leyden::cache {

using namespace std::chrono_literals;

Result<std::unique_ptr<WriterLock>> WriterLock::open(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return fail(Errc::unavailable, "can't open {}: {}", file.string(),
                std::generic_category().message(errno));
  }
  return std::unique_ptr<WriterLock>(new WriterLock(fd));
}

WriterLock::~WriterLock() { ::close(fd_); }

Result<WriterLock::Held> WriterLock::hold(Deadline deadline) {
  {
    std::unique_lock lock(mutex_);
    auto may_go_on = [&] { return !held_ || refused_; };
    if (deadline.when() == Deadline::never().when()) {
      free_.wait(lock, may_go_on);
    } else if (!free_.wait_until(lock, deadline.when(), may_go_on)) {
      return fail(Errc::timed_out, "another thread is writing to the store");
    }
    if (refused_) return fail(Errc::unavailable, "the store is closed");
    held_ = true;
  }
  // flock can wait or not, but not until a moment: so it is asked again and again, at growing
  // distances.
  auto pause = std::chrono::microseconds(100);
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EINTR) continue;
    const bool busy = error == EWOULDBLOCK;
    if (!busy || refused_ || deadline.passed()) {
      leave();
      if (busy && refused_) return fail(Errc::unavailable, "the store is closed");
      if (busy) return fail(Errc::timed_out, "another process is writing to the store");
      return fail(Errc::unavailable, "can't lock the store: {}",
                  std::generic_category().message(error));
    }
    std::this_thread::sleep_for(
        std::min<std::chrono::nanoseconds>(pause, deadline.left() + std::chrono::nanoseconds(1)));
    pause = std::min<std::chrono::microseconds>(pause * 2, 5ms);
  }
  return Held(*this);
}

void WriterLock::refuse() {
  {
    std::lock_guard lock(mutex_);
    refused_ = true;
  }
  free_.notify_all();
}

void WriterLock::release() {
  ::flock(fd_, LOCK_UN);
  leave();
}

void WriterLock::leave() {
  {
    std::lock_guard lock(mutex_);
    held_ = false;
  }
  free_.notify_one();
}

WriterLock::Held::Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
WriterLock::Held::~Held() {
  if (lock_ != nullptr) lock_->release();
}

}  // namespace leyden::cache
