#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "leyden/base/guarded.h"
#include "leyden/cache/stores/redis/redis_client.h"

namespace leyden::cache {

// What the store's kinds of calls share: how they are sent, and what of them the server refuses. Thread-safe.
class RedisCalls {
 public:
  static constexpr std::string_view kReading = "reading";
  static constexpr std::string_view kWriting = "writing";
  static constexpr std::string_view kErasing = "erasing";
  static constexpr std::string_view kLeasing = "leasing";

  explicit RedisCalls(RedisClient& client) : client_(client) {}

  // Runs units; the first error of them. It is remembered what the server refuses to do until it does it: no memory, no rights, a
  // replica. Whether it is there at all is what its breaker knows.
  std::optional<Error> run(std::string_view what, std::span<RedisUnit> units, Deadline deadline,
                           bool idempotent);

  // "writing: OOM ...; erasing: ..."; empty while nothing is refused.
  [[nodiscard]] std::string refused() const;

  [[nodiscard]] RedisClient& client() { return client_; }

 private:
  RedisClient& client_;
  using Refusals = std::map<std::string, std::string, std::less<>>;  // What, and why.
  Guarded<Refusals> refusals_;
};

// Arguments of a command of any length; what they point to must outlive it.
using RedisArguments = std::vector<std::string_view>;
// At most so many keys in one of them: others are served in between.
inline constexpr std::size_t kRedisKeysPerCommand = 512;

[[nodiscard]] inline std::string text_of(std::int64_t number) { return fmt::format("{}", number); }

// The command on these keys: UNLINK, MGET.
[[nodiscard]] inline RedisArguments on_keys(std::string_view command,
                                            const std::vector<std::string>& keys) {
  RedisArguments out{command};
  out.insert(out.end(), keys.begin(), keys.end());
  return out;
}

// EXEC's reply: the last one.
[[nodiscard]] inline const std::vector<net::RespValue>& executed(const RedisUnit& unit) {
  return unit.replies.back().items;
}

}  // namespace leyden::cache
