#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/cache/integrity.h"
#include "leyden/cache/passage_scope.h"
#include "leyden/cache/store.h"
#include "leyden/cache/token_block.h"

namespace leyden::cache {

struct WriteBackOptions {
  std::size_t queue_bytes = 8 * MiB;  // Blocks that wait; what comes on top is dropped and counted.
  std::chrono::milliseconds write_timeout{5000};  // Of one batch.
  std::chrono::milliseconds close_timeout{5000};  // For all that waits when close() is called.
};

struct WriteBackUsage {
  std::uint64_t bytes = 0;  // Waiting or being written.
  std::uint64_t bytes_peak = 0;
  std::uint64_t errors = 0;   // Calls of the store that failed.
  std::uint64_t dropped = 0;  // Blocks that never reached the store.
};

// Changes on their way to a store: one bounded queue and one thread, which packs and writes what
// has gathered while it wrote the last batch. Thread-safe; nothing here blocks on the store but
// cancel(), flush() and close().
class WriteBack {
 public:
  struct Change {
    BlockKey key;
    TokenBlock block;  // Null: erase.
    PassageScope scope;
    std::optional<LeaseToken> lease = std::nullopt;  // Given back when the block is written.
  };

  // `integrity`: of the values in the store.
  WriteBack(Store& store, const WriteBackOptions& options, const Integrity& integrity = {});
  ~WriteBack();  // close()

  // Takes the changes in this order as far as there is room.
  void add(std::vector<Change> changes);
  // Takes what waits for these keys out of the queue and waits for a batch that is being written.
  // One answer per key: whether a block for it was taken out.
  [[nodiscard]] Result<std::vector<bool>> cancel(std::span<const BlockKey> keys, Deadline deadline);
  // The same for a group's blocks. How many were taken out.
  [[nodiscard]] Result<std::uint64_t> cancel_group(GroupKind kind, const GroupTag& tag,
                                                   Deadline deadline);
  // Takes out what waits and does not wait for the batch: never blocks.
  void drop(std::span<const BlockKey> keys);
  void drop_group(GroupKind kind, const GroupTag& tag);
  // Errors: timed_out; unavailable when something was dropped since the last flush that said so, as fsync does.
  [[nodiscard]] Result<void> flush(Deadline deadline);
  // Writes what waits, up to close_timeout, and ends the thread. Idempotent.
  void close();
  [[nodiscard]] WriteBackUsage usage() const;

 private:
  void run(const std::stop_token& stop);
  struct Written {
    std::uint64_t errors = 0;
    std::uint64_t dropped = 0;
  };
  [[nodiscard]] Written write(std::span<const Change> batch, Deadline deadline);

  // Takes out what `is_meant` and tells `taken`; take_out also waits for such in the batch.
  template <class IsMeant, class Taken>
  void take_waiting(IsMeant&& is_meant, Taken&& taken);  // With the lock held.
  template <class IsMeant, class Taken>
  [[nodiscard]] Result<void> take_out(IsMeant&& is_meant, Taken&& taken, Deadline deadline);

  Store& store_;
  const WriteBackOptions options_;
  const Integrity integrity_;
  mutable std::mutex mutex_;
  std::condition_variable_any waiting_;  // For the thread: there is something to write.
  std::condition_variable_any written_;  // For callers: a batch is done.
  std::deque<Change> queue_;
  std::vector<Change> batch_;  // Being written; only the thread changes it.
  std::uint64_t added_ = 0;    // Changes taken so far, and
  std::uint64_t done_ = 0;     // those that have left again, written or not.
  WriteBackUsage usage_;
  std::uint64_t told_dropped_ = 0;  // Of usage_.dropped, by flush().
  bool closed_ = false;
  Deadline close_deadline_ = Deadline::never();
  std::mutex joining_;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace leyden::cache
