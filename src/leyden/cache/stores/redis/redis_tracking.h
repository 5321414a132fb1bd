#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/cache/store.h"
#include "leyden/cache/stores/redis/redis_client.h"
#include "leyden/cache/stores/redis/redis_keys.h"

namespace leyden::cache {

// Tells a listener what is erased, from `CLIENT TRACKING ON BCAST PREFIX <prefix>x:` on a connection to each master. Thread-safe.
class RedisTracking {
 public:
  RedisTracking(RedisClient& client, const RedisKeys& keys, const Clock& clock)
      : client_(client), keys_(keys), clock_(clock) {}

  // Waits for the first attempt to have a link, for 0.25 s at most: what is read or encoded before there is one is lost with it.
  void listen(StoreListener* listener);
  // Values were read from the store: copies of them may be made.
  void read_something() { reads_.fetch_add(1, std::memory_order_relaxed); }
  // Why erasures may go unheard; empty: they don't, or nobody listens.
  [[nodiscard]] std::string trouble() const;

  // Of the client's own thread, see RedisClient::tend_also().
  bool tend();
  void close();

 private:
  struct Link {
    std::shared_ptr<net::RespConnection> connection;
    std::shared_ptr<net::RespReplies> pong;
    bool up = false;
    std::chrono::steady_clock::time_point next{};  // The next ping, or the next attempt to connect.
  };
  void heard(const net::RespValue& push);
  void lost();
  void drop_links();
  bool tend_link(Link& link, RedisNode& node);
  void wait_for_first(const std::vector<std::shared_ptr<RedisNode>>& masters);
  // Whether that is over which listen() waits for.
  [[nodiscard]] bool is_settled() const;
  void settle(std::string trouble);

  RedisClient& client_;
  const RedisKeys& keys_;
  const Clock& clock_;
  std::atomic<std::uint64_t> reads_{0};

  // Held while the listener is called, so that listen(nullptr) waits for that.
  std::mutex calling_;
  StoreListener* listener_ = nullptr;
  std::atomic<bool> wanted_{false};
  std::atomic<bool> is_new_{
      false};  // The listener: it has not been told yet that it heard nothing before.

  mutable std::mutex mutex_;
  std::condition_variable settling_;
  std::string trouble_;
  bool settled_ = true;
  bool closed_ = false;

  // Of the thread that calls tend():
  std::map<std::shared_ptr<RedisNode>, Link> links_;
  bool whole_ = false;  // Every master has a link that is up.
  std::uint64_t reads_at_lost_ = 0;
  std::chrono::steady_clock::time_point lost_at_{};
};

}  // namespace leyden::cache
