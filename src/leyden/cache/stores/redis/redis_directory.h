#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_node.h"
#include "leyden/cache/stores/redis/redis_options.h"

namespace leyden::cache {

// Who serves which bucket: the one server, the master that Sentinels name, or the cluster's map of slots. Thread-safe.
class RedisDirectory {
 public:
  using Node = std::shared_ptr<RedisNode>;

  // `changed` is called, from any thread, when there is something to tend().
  RedisDirectory(const net::IoThread& thread, const RedisStoreOptions& options,
                 std::shared_ptr<net::TlsContext> tls, const Clock& clock,
                 std::function<void()> changed);

  // Waits for the first answer of Sentinels or cluster, not for a later one. Errors: unavailable, timed_out.
  [[nodiscard]] Result<Node> node_of(unsigned bucket, Deadline deadline);
  // Where a redirection points to.
  [[nodiscard]] Node node_at(const net::Endpoint& endpoint);
  // Each server that owns a bucket, once.
  [[nodiscard]] std::vector<Node> masters() const;
  // Options of a connection to a server: what is the same for all of them.
  [[nodiscard]] net::RespConnectionOptions connection_options(const net::Endpoint& endpoint) const;

  // What it knows may be old: it asks again, after a failed attempt not before a short wait.
  void refresh_soon();

  // To be called every few 10 ms by one thread. True while something is not as it should be.
  bool tend();
  void close();

 private:
  struct Map {
    std::array<Node, kRedisBuckets> owners;
    std::map<net::Endpoint, Node> nodes;
    bool known = false;
    std::string why_unknown;  // After a failed first attempt.
    bool wanted = false;
    bool closed = false;
  };
  Node node_locked(const net::Endpoint& endpoint);
  void ask_next();
  void take(const net::RespValue& reply);
  void take_master(const net::RespValue& reply);
  void take_slots(const net::RespValue& reply);
  void install(const std::array<net::Endpoint, kRedisBuckets>& owners);
  void failed(const std::string& why);

  const net::IoThread& thread_;
  const RedisStoreOptions& options_;
  const std::shared_ptr<net::TlsContext> tls_;
  const Clock& clock_;
  const std::function<void()> changed_;

  mutable std::mutex mutex_;
  std::condition_variable known_;
  Map map_;

  // Of the thread that calls tend():
  std::vector<net::Endpoint> sources_;  // Left to ask in this attempt.
  net::Endpoint asked_;
  std::shared_ptr<net::RespConnection> connection_;
  std::shared_ptr<net::RespReplies> reply_;
  std::chrono::steady_clock::time_point next_{};  // Not before.
  std::chrono::milliseconds wait_{0};
  std::size_t turn_ = 0;
};

}  // namespace leyden::cache
