#include "leyden/retrieval/stores/sqlite/reader_pool.h"

#include <utility>

#include "leyden/retrieval/stores/sqlite/schema.h"

namespace leyden::retrieval {

ReaderPool::ReaderPool(std::filesystem::path file, sql::Database first, std::size_t readers_max)
    : file_(std::move(file)), readers_max_(readers_max) {
  idle_.push_back(std::make_unique<Reader>(std::move(first)));
}

Result<ReaderPool::Lent> ReaderPool::take(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (in_use_ < readers_max_) {
    ++in_use_;
  } else {
    auto self = waiting_.emplace(waiting_.end());
    while (!self->is_called) {
      if (deadline.passed()) {
        waiting_.erase(self);
        return fail(Errc::timed_out, "no search could begin in time: {} others are running",
                    readers_max_);
      }
      self->called.wait_until(lock, deadline.when());
    }
    waiting_.erase(self);
  }
  if (!idle_.empty()) {
    std::unique_ptr<Reader> reader = std::move(idle_.back());
    idle_.pop_back();
    return Lent(*this, std::move(reader));
  }
  lock.unlock();
  auto database = sql::Database::open(file_, index_file_kind(), sql::OpenMode::existing);
  if (!database) {
    give_back(nullptr);
    return std::unexpected(database.error());
  }
  return Lent(*this, std::make_unique<Reader>(*std::move(database)));
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader) {
  std::lock_guard lock(mutex_);
  if (reader) idle_.push_back(std::move(reader));
  for (Waiter& waiter : waiting_) {
    if (waiter.is_called) continue;
    waiter.is_called = true;
    waiter.called.notify_one();
    return;  // Its place in `in_use_` is handed on.
  }
  --in_use_;
}

}  // namespace leyden::retrieval
