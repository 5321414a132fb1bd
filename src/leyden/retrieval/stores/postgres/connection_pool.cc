#include "leyden/retrieval/stores/postgres/connection_pool.h"

namespace leyden::retrieval::postgres {

Result<ConnectionPool::Turn> ConnectionPool::take(Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (free_ == 0) {
    if (deadline.passed())
      return fail(Errc::timed_out, "other searches had all connections to the index: try later");
    // Far deadlines overflow in the clock that the system waits by.
    freed_.wait_until(lock,
                      std::min(deadline.when(), Deadline::after(std::chrono::hours(1)).when()));
  }
  --free_;
  Turn turn(*this);
  if (!idle_.empty()) {
    turn.connection = std::move(idle_.back());
    idle_.pop_back();
  }
  return turn;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex_);
    ++free_;
    if (connection && !connection->lost()) idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace leyden::retrieval::postgres
