#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/net/endpoint.h"

namespace leyden::cache {

enum class RedisMode : std::uint8_t {
  single,    // One server.
  sentinel,  // The master that Sentinels name.
  cluster,   // Redis Cluster or Valkey Cluster.
};

struct RedisStoreOptions {
  RedisMode mode = RedisMode::single;
  std::vector<net::Endpoint> endpoints;  // The server; the Sentinels; some nodes of the cluster.
  std::string master_name;               // Sentinel only.
  std::string username;                  // Empty: the default user.
  std::string password;                  // Empty: none is sent.
  std::string sentinel_username;
  std::string sentinel_password;
  unsigned database = 0;  // Not in a cluster.
  bool tls = false;       // For all connections, Sentinels' too.
  net::TlsOptions tls_options;

  std::string prefix =
      "leyden:";  // Of each key: stores of different secrets or teams share a server by it. No { or }.
  std::chrono::seconds ttl{24 * 3600};  // Counted from the write, ±10 % by key; 0: until evicted.
  std::size_t value_bytes_max = 8 * MiB;
  std::uint64_t tenant_quota_bytes =
      0;  // 0: none. docs/formats/redis.md says how it is held and what it guarantees.

  unsigned connections = 2;                         // To each server.
  std::chrono::milliseconds connect_timeout{1000};  // TLS and greeting included.
  std::chrono::milliseconds command_timeout{1000};  // Where the caller's deadline is later.
  // A server that owes replies and sends nothing for so long is taken for dead: its breaker opens.
  std::chrono::milliseconds stall_timeout{500};

  // From a URL:
  //   redis://[user:password@]host[:port][/database]            rediss:// the same with TLS
  //   unix://[user:password@]/path/to/socket
  //   redis+cluster://[...@]host[:port],host[:port],...         rediss+cluster://
  //   redis+sentinel://[...@]host[:port],.../master[/database]  rediss+sentinel://
  // and ?name=value&...: db, prefix, ttl_s, value_bytes_max, tenant_quota_bytes, connections, connect_timeout_ms,
  // command_timeout_ms, stall_timeout_ms, ca_file, cert_file, key_file, server_name, sentinel_username, sentinel_password.
  // Special characters in them as %XX; an IPv6 address in []. Errors: invalid_argument: which part is wrong, never its
  // value where that could hold a password.
  [[nodiscard]] static Result<RedisStoreOptions> from_url(std::string_view url);

  [[nodiscard]] Result<void> check() const;  // Names the first field out of range.
};

}  // namespace leyden::cache
