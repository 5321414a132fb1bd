#pragma once

#include <cstdint>
#include <mutex>

#include "leyden/cache/memory_tier.h"
#include "leyden/cache/store.h"

namespace leyden::cache {

// Keeps the copies in memory in step with a store that others erase from: forgets what it hears of, and keeps out what was read
// before an erasure that came meanwhile. Thread-safe.
class MemoryListener final : public StoreListener {
 public:
  explicit MemoryListener(MemoryTier& memory) : memory_(memory) {}

  // Before reading from the store.
  [[nodiscard]] std::uint64_t mark() {
    std::lock_guard lock(mutex_);
    return heard_;
  }
  // What was read since: put, unless something was erased meanwhile, be it something else.
  void put(std::uint64_t mark, const BlockKey& key, TokenBlock block, const PutOptions& options) {
    std::lock_guard lock(mutex_);
    if (mark == heard_) memory_.put(key, std::move(block), options);
  }

  void erased(std::span<const BlockKey> keys) override {
    std::lock_guard lock(mutex_);
    ++heard_;
    for (const BlockKey& key : keys) (void)memory_.erase(key);
  }
  void erased_group(GroupKind kind, const GroupTag& tag) override {
    std::lock_guard lock(mutex_);
    ++heard_;
    (void)memory_.erase_group(kind, tag);
  }
  void lost() override {
    std::lock_guard lock(mutex_);
    ++heard_;
    memory_.clear();
  }

 private:
  MemoryTier& memory_;
  std::mutex mutex_;
  std::uint64_t heard_ = 0;
};

}  // namespace leyden::cache
