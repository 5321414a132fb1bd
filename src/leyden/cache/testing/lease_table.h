#pragma once

#include <map>
#include <string>

#include "leyden/base/guarded.h"
#include "leyden/cache/store.h"

namespace leyden::cache::testing {

// Leases in a map, which don't end by themselves. Thread-safe.
class LeaseTable final : public Leases {
 public:
  [[nodiscard]] Result<std::optional<LeaseToken>> try_lease(const BlockKey& key,
                                                            std::chrono::milliseconds,
                                                            Deadline) override {
    if (failing) return fail(Errc::unavailable, "failing on purpose");
    return held.with([&](auto& all) -> std::optional<LeaseToken> {
      LeaseToken token = std::to_string(++given);
      if (!all.emplace(key, token).second) return std::nullopt;
      return token;
    });
  }
  [[nodiscard]] Result<bool> release_lease(const BlockKey& key, const LeaseToken& token,
                                           Deadline) override {
    return held.with([&](auto& all) {
      auto at = all.find(key);
      if (at == all.end() || at->second != token) return false;
      all.erase(at);
      return true;
    });
  }

  Guarded<std::map<BlockKey, LeaseToken>> held;
  std::atomic<int> given{0};
  std::atomic<bool> failing{false};
};

}  // namespace leyden::cache::testing
