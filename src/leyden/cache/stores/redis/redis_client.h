#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/deadline.h"
#include "leyden/cache/stores/redis/redis_directory.h"
#include "leyden/cache/stores/redis/redis_options.h"

namespace leyden::cache {

// Commands that go to one server together, in this order, because their keys are in one bucket.
struct RedisUnit {
  explicit RedisUnit(unsigned of_bucket) : bucket(of_bucket) {}
  unsigned bucket;
  net::RespRequest request;

  // Afterwards: one reply per command, or why there is none.
  std::vector<net::RespValue> replies;
  std::optional<Error> error;
};

// Sends units to whoever serves their buckets, each server's in one go and all servers' at once, and follows the servers' redirections.
// Thread-safe.
class RedisClient {
 public:
  RedisClient(const RedisStoreOptions& options, std::shared_ptr<net::TlsContext> tls,
              const Clock& clock);
  ~RedisClient();

  // Ends at `deadline` or the options' command time-out. A unit whose connection was lost is sent once more where `idempotent` and while
  // such extra calls are at most a tenth of all.
  void run(std::span<RedisUnit> units, Deadline deadline, bool idempotent);

  // Called by the client's own thread every few 10 ms while something is not as it should be, else every second; true: call again soon.
  // To be set before anything else happens.
  void tend_also(std::function<bool()> also);
  void wake();

  [[nodiscard]] RedisDirectory& directory() { return directory_; }
  [[nodiscard]] const net::IoThread& io() const { return io_; }

  // Ends what is under way and the client's own thread; then, once no call is under way any more, the I/O thread. Both idempotent.
  void close();
  void stop() { io_.stop(); }

 private:
  struct Route {
    std::optional<net::Endpoint> moved_to;
    bool asking = false;
    bool again = true;  // To be sent in the next round.
  };
  void round(std::span<RedisUnit> units, std::span<Route> routes, Deadline deadline,
             bool idempotent);
  void judge(RedisUnit& unit, Route& route, RedisNode& node);
  bool take_retry();
  void keep(const std::stop_token& stop);

  const RedisStoreOptions& options_;
  net::IoThread io_;
  // Guards what follows, and wakes the keeper.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;
  double retries_left_ = 1;
  std::function<bool()> also_;
  RedisDirectory directory_;
  std::once_flag closing_;
  std::jthread keeper_;
};

// The first error among replies, those of a transaction included; nullptr: none.
[[nodiscard]] const net::RespValue* first_error(const std::vector<net::RespValue>& replies);

}  // namespace leyden::cache
