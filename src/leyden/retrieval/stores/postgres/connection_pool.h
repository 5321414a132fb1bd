#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "leyden/retrieval/stores/postgres/connection.h"

namespace leyden::retrieval::postgres {

// Connections that are used again. Thread-safe.
class ConnectionPool {
 public:
  ConnectionPool(ConnectionOptions options, std::size_t connections_max)
      : options_(std::move(options)), free_(connections_max) {}

  // Runs `work(Connection&)`, which returns a Result and changes nothing, on a connection that nobody else uses. Waits for one until the
  // deadline, which is timed_out then. A connection that was kept may have died with its server: then once more on a new one.
  template <class Work>
  [[nodiscard]] auto run(Deadline deadline, Work&& work)
      -> decltype(work(std::declval<Connection&>())) {
    auto turn = take(deadline);
    if (!turn) return std::unexpected(turn.error());
    const bool kept = turn->connection != nullptr;
    auto out = attempt(*turn, deadline, work);
    const bool again = !out && kept && turn->connection == nullptr && !deadline.passed() &&
                       out.error().code == Errc::unavailable;
    return again ? attempt(*turn, deadline, work) : std::move(out);
  }

 private:
  // A place among connections_max; given back when destroyed, with the connection if that is well.
  struct Turn {
    explicit Turn(ConnectionPool& of) : pool(&of) {}
    Turn(Turn&& other) noexcept
        : pool(std::exchange(other.pool, nullptr)), connection(std::move(other.connection)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (pool != nullptr) pool->give_back(std::move(connection));
    }
    ConnectionPool* pool;
    std::unique_ptr<Connection> connection;
  };
  [[nodiscard]] Result<Turn> take(Deadline deadline);
  void give_back(std::unique_ptr<Connection> connection);

  template <class Work>
  auto attempt(Turn& turn, Deadline deadline, Work& work)
      -> decltype(work(std::declval<Connection&>())) {
    if (!turn.connection) {
      auto opened = Connection::open(options_, deadline);
      if (!opened) return std::unexpected(opened.error());
      turn.connection = *std::move(opened);
    }
    auto out = work(*turn.connection);
    if (turn.connection->lost()) turn.connection.reset();
    return out;
  }

  ConnectionOptions options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t free_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace leyden::retrieval::postgres
