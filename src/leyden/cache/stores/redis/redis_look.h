#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/deadline.h"
#include "leyden/cache/stores/redis/redis_options.h"
#include "leyden/net/resp_connection.h"

namespace leyden::cache {

// What all parts of a look at servers (redis_checkup.h) share.
struct RedisLook {
  const RedisStoreOptions& options;
  const Clock& clock;
  const Deadline deadline;
  const double encode_us_per_kib;  // 0: not known.
  const std::shared_ptr<net::TlsContext> tls;
  const net::IoThread io;

  // As the store would connect. Errors don't name the endpoint: each finding says where it is.
  [[nodiscard]] net::RespConnectionOptions connection_to(const net::Endpoint& endpoint) const;
};

// One connection, one question at a time, none past the look's deadline. Confined to one thread.
class RedisLink {
 public:
  RedisLink(const RedisLook& look, net::RespConnectionOptions options);
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;
  ~RedisLink() { connection_->close(); }

  // Errors: the connection's; what the server refuses is a reply.
  Result<std::vector<net::RespValue>> ask(net::RespRequest request);
  Result<net::RespValue> ask(std::initializer_list<std::string_view> words);

  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> certificate_expires() const {
    return connection_->certificate_expires();
  }

 private:
  const Deadline deadline_;
  const std::shared_ptr<net::RespConnection> connection_;
};

// What to do about a server that could not be reached, by the connection's error.
[[nodiscard]] std::string advice_to_reach(std::string_view why, bool tls);

}  // namespace leyden::cache
