#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/guarded.h"
#include "leyden/cache/stores/redis/breaker.h"
#include "leyden/cache/stores/redis/redis_options.h"
#include "leyden/net/resp_connection.h"

namespace leyden::cache {

// How the store greets a server: as its options say, with `tls` made of them, or null.
[[nodiscard]] net::RespConnectionOptions connection_options(const RedisStoreOptions& options,
                                                            std::shared_ptr<net::TlsContext> tls,
                                                            const net::Endpoint& endpoint);

// One server: a few connections to it, made when they are needed, and the breaker before it. Thread-safe. Lives in a shared_ptr.
class RedisNode : public std::enable_shared_from_this<RedisNode> {
 public:
  // `changed` is called, from any thread, when a connection ended.
  RedisNode(const net::IoThread& thread, net::RespConnectionOptions options, unsigned connections,
            const Clock& clock, std::function<void()> changed);
  ~RedisNode() { close(); }

  // Returns at once. Errors: unavailable (breaker open, closed), overloaded.
  [[nodiscard]] Result<std::shared_ptr<net::RespReplies>> send(net::RespRequest request);

  [[nodiscard]] Breaker& breaker() { return breaker_; }
  [[nodiscard]] const net::Endpoint& endpoint() const { return options_.endpoint; }

  // To be called every few 10 ms by one thread: does the probes of an open breaker. True while it is open.
  bool tend();

  // Idempotent.
  void close();

 private:
  struct Pool {
    std::vector<std::shared_ptr<net::RespConnection>> connections;
    std::size_t next = 0;
    bool closed = false;
  };
  std::shared_ptr<net::RespConnection> connect(bool probe);
  void ended(const net::RespConnectionEnd& end);

  const net::IoThread& thread_;
  const net::RespConnectionOptions options_;
  const unsigned connections_;
  const std::function<void()> changed_;
  Breaker breaker_;
  Guarded<Pool> pool_;
  // Of the thread that calls tend():
  std::shared_ptr<net::RespConnection> probe_;
  std::shared_ptr<net::RespReplies> pong_;
};

}  // namespace leyden::cache
