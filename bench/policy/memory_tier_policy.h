#pragma once

#include <memory>
#include <stdexcept>

#include "leyden/base/clock.h"
#include "leyden/cache/memory_tier.h"
#include "policy.h"

namespace leyden::bench {

// This project's memory tier itself, with real keys and blocks; the budget bounds what it really
// allocates, so Access::bytes does not count.
class MemoryTierPolicy final : public Policy {
 public:
  explicit MemoryTierPolicy(std::size_t budget) {
    auto made =
        cache::MemoryTier::make({.capacity_bytes = budget, .ttl = std::chrono::seconds(0)}, clock_);
    if (!made) throw std::runtime_error(made.error().message);
    tier_ = std::move(*made);
  }

  bool access(const Access& a) override {
    while (a.key >= keys_.size()) keys_.push_back(Hasher().field(keys_.size()).finish());
    if (auto known = tier_->find(keys_[a.key])) {
      if ((**known)->size() != a.tokens) throw std::logic_error("not the block that was put");
      return true;
    }
    tier_->put(keys_[a.key], cache::make_block(TokenIds(a.tokens)));
    return false;
  }
  [[nodiscard]] cache::MemoryTierUsage usage() const { return tier_->usage(); }

 private:
  ManualClock clock_;
  std::vector<cache::BlockKey> keys_;
  std::unique_ptr<cache::MemoryTier> tier_;
};

}  // namespace leyden::bench
