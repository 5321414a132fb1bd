#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"

namespace leyden::cache {

// One writer at a time among all threads and processes that use one folder, waited for with a
// deadline: LMDB's own writer lock can't be (mdb_txn_begin blocks for as long as another writer
// lives), so it is only asked for by who holds this one and is then free. A flock on a file: the
// kernel releases it when its holder dies. Thread-safe.
class WriterLock {
 public:
  // Makes the file (mode 0600) where it is missing.
  [[nodiscard]] static Result<std::unique_ptr<WriterLock>> open(const std::filesystem::path& file);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  class [[nodiscard]] Held {
   public:
    explicit Held(WriterLock& lock) : lock_(&lock) {}
    Held(Held&& other) noexcept;
    Held& operator=(Held&&) = delete;
    ~Held();

   private:
    WriterLock* lock_;
  };
  // Errors: timed_out; unavailable when the file system has no locks, and after refuse().
  [[nodiscard]] Result<Held> hold(Deadline deadline);
  // Lets nobody hold it any more; who waits gives up within some milliseconds.
  void refuse();

 private:
  explicit WriterLock(int fd) : fd_(fd) {}
  void release();
  void leave();

  const int fd_;
  // A flock does not tell threads of one process apart: they queue here first.
  std::mutex mutex_;
  std::condition_variable free_;
  bool held_ = false;
  std::atomic<bool> refused_{false};
};

}  // namespace leyden::cache
