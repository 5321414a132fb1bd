#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/base/checkup.h"
#include "leyden/cache/stores/redis/redis_options.h"

namespace leyden::cache {

// What a server says of itself: its answer to INFO, and some of CONFIG GET where it is allowed.
class RedisInfo {
 public:
  // Lines "name:value"; all others are passed over.
  [[nodiscard]] static RedisInfo parse(std::string_view text);
  void set(std::string_view name, std::string_view value) {
    values_.insert_or_assign(std::string(name), std::string(value));
  }

  // Empty where the server does not say it.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// Judges limits, policy, persistence, eviction and clients for a server that holds nothing but a cache. What `info` does not say is
// left out.
void judge(const RedisInfo& info, const RedisStoreOptions& options, Findings& out);

// As HELLO says them: "redis", "7.0.15".
void judge_version(std::string_view server, std::string_view version, Findings& out);

// When the server's certificate ends: without another one no connection is made from then on.
void judge_certificate(std::chrono::system_clock::time_point expires,
                       std::chrono::system_clock::time_point now, Findings& out);

}  // namespace leyden::cache
