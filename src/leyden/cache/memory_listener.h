#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "leyden/cache/memory_tier.h"
#include "leyden/cache/store.h"

namespace leyden::cache {

// Keeps the copies in memory in step with a store that others erase from: forgets what it hears of, and keeps out what was read or
// encoded before an erasure of it that came meanwhile. Thread-safe.
class MemoryListener final : public StoreListener {
 public:
  explicit MemoryListener(MemoryTier& memory) : memory_(memory) {}

  // Before reading from the store or encoding.
  [[nodiscard]] std::uint64_t mark() const {
    std::lock_guard lock(mutex_);
    return heard_;
  }
  // What was read or encoded since, unless it was erased meanwhile.
  void put(std::uint64_t mark, const BlockKey& key, TokenBlock block, const PutOptions& options) {
    std::lock_guard lock(mutex_);
    if (mark >= lost_ && !is_erased(mark, key, options.tenant, options.tokenizer))
      memory_.put(key, std::move(block), options);
  }
  // pass_on(those of the changes that were not erased meanwhile as far as was heard). Erasures wait for it: it must be quick.
  template <class Changes, class PassOn>
  void pass_on(std::uint64_t mark, Changes changes, PassOn&& pass_on) {
    std::lock_guard lock(mutex_);
    std::erase_if(changes, [&](const auto& change) {
      return is_erased(mark, change.key, change.scope.tenant, change.scope.tokenizer);
    });
    pass_on(std::move(changes));
  }

  void erased(std::span<const BlockKey> keys) override {
    std::lock_guard lock(mutex_);
    ++heard_;
    for (const BlockKey& key : keys) {
      note(keys_, key);
      (void)memory_.erase(key);
    }
  }
  void erased_group(GroupKind kind, const GroupTag& tag) override { (void)erase_group(kind, tag); }
  // For erasures that begin here. How many memory had.
  [[nodiscard]] std::uint64_t erase_group(GroupKind kind, const GroupTag& tag) {
    std::lock_guard lock(mutex_);
    ++heard_;
    note(groups_, std::pair(kind, tag));
    return memory_.erase_group(kind, tag);
  }
  // Whether memory had the key.
  [[nodiscard]] bool erase(const BlockKey& key) {
    std::lock_guard lock(mutex_);
    ++heard_;
    note(keys_, key);
    return memory_.erase(key);
  }
  void lost() override {
    std::lock_guard lock(mutex_);
    lost_ = ++heard_;
    memory_.clear();
  }

 private:
  static constexpr std::size_t kNotesMax = 8192;  // Some 100 bytes each.

  template <class Notes, class Name>
  void note(Notes& notes, const Name& name) {
    if (notes.size() >= kNotesMax) forget_notes();
    notes[name] = heard_;
  }
  // What was marked until now counts as erased, whatever it is.
  void forget_notes() {
    keys_.clear();
    groups_.clear();
    forgotten_ = heard_;
  }
  [[nodiscard]] bool is_erased(std::uint64_t mark, const BlockKey& key, const GroupTag& tenant,
                               const GroupTag& tokenizer) const {
    auto is_since = [&](const auto& notes, const auto& name) {
      auto at = notes.find(name);
      return at != notes.end() && at->second > mark;
    };
    return mark < forgotten_ || is_since(keys_, key) ||
           is_since(groups_, std::pair(GroupKind::tenant, tenant)) ||
           is_since(groups_, std::pair(GroupKind::tokenizer, tokenizer));
  }

  MemoryTier& memory_;
  mutable std::mutex mutex_;
  std::uint64_t heard_ = 0;      // Erasures so far.
  std::uint64_t lost_ = 0;       // The last time that some may have gone unheard.
  std::uint64_t forgotten_ = 0;  // Notes up to here are not kept.
  // The number of the last erasure of each.
  std::unordered_map<BlockKey, std::uint64_t, BlockKeyHash> keys_;
  std::map<std::pair<GroupKind, GroupTag>, std::uint64_t> groups_;
};

}  // namespace leyden::cache
