#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>

#include "leyden/cache/memory/entry.h"
#include "leyden/cache/memory/ghosts.h"
#include "leyden/cache/memory/partition.h"
#include "leyden/cache/store.h"
#include "leyden/cache/tenant_limits.h"

namespace leyden::cache {

// A tenant or a tokenizer that has entries in a shard.
struct Group {
  std::uint64_t references = 0;  // Entries, negative ones too; without any it is dropped.
  std::uint64_t entries = 0;     // Without negative ones, as the next two.
  std::uint64_t tokens = 0;
  std::uint64_t bytes = 0;
  Partition* partition = nullptr;  // Of a tenant.
  const GroupTag* tag = nullptr;
};
using Groups = std::unordered_map<GroupTag, Group, GroupTagHash>;

struct ShardOptions {
  std::size_t capacity_bytes = 0;
  TenantLimits tenant;  // Of those that `tenants` does not name.
  TenantOverrides tenants;
};

struct ShardCounts {
  std::uint64_t evictions = 0;
  std::uint64_t expired = 0;
  std::uint64_t refused = 0;
  std::uint64_t ghost_hits_small = 0;
  std::uint64_t ghost_hits_main = 0;
};

// One part of the keys: hash table, queues, tenants and their bytes. The caller has the locks: find
// needs readers' care (ReadMostlyLock::Reading), const methods that writers stay away, all others
// that nobody else is there.
class Shard {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `options` outlives it.
  explicit Shard(const ShardOptions& options);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Null when it is not there; perhaps expired. Valid under the lock.
  [[nodiscard]] Entry* find(const BlockKey& key) const {
    if (buckets_ == nullptr) return nullptr;
    Entry* entry = bucket(key);
    while (entry != nullptr && std::memcmp(&entry->key, &key, sizeof(key)) != 0) {
      entry = entry->next;
    }
    return entry;
  }
  // Counts a hit. Several at once may lose some of them.
  static void touch(Entry& entry) {
    const std::uint8_t frequency = entry.frequency.load(std::memory_order_relaxed);
    if (frequency < Partition::kFrequencyMax) {
      entry.frequency.store(static_cast<std::uint8_t>(frequency + 1), std::memory_order_relaxed);
    }
  }

  struct Owners {
    GroupTag tenant{};
    GroupTag tokenizer{};
    bool negative = false;
  };
  // `entry` has key, block or failure, and expiry. It replaces an older one; when it can't be kept
  // the older one goes all the same.
  void put(std::unique_ptr<Entry> entry, const Owners& owners, TimePoint now, Garbage& garbage);

  // True when it was there and had not expired.
  bool erase(Entry& entry, TimePoint now, Garbage& garbage);

  // Up to `count_max` entries of a group, from a place in the table on, which is moved: all were
  // seen when it is `places()`.
  [[nodiscard]] std::vector<Entry*> collect(const Group& group, std::size_t& place,
                                            std::size_t count_max) const;
  [[nodiscard]] std::size_t places() const { return bucket_count_; }
  [[nodiscard]] const Groups& groups(GroupKind kind) const {
    return kind == GroupKind::tenant ? tenants_ : tokenizers_;
  }

  void clear(Garbage& garbage);

  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  [[nodiscard]] std::uint64_t tokens() const { return tokens_; }
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::uint64_t negative_entries() const { return negative_entries_; }
  [[nodiscard]] std::size_t negative_bytes() const { return negative_.bytes; }
  [[nodiscard]] const ShardCounts& counts() const { return counts_; }
  // Bytes of the small queues, and what they would be at their borders.
  [[nodiscard]] std::size_t small_bytes() const;
  [[nodiscard]] double small_target_bytes() const;

 private:
  [[nodiscard]] Entry*& bucket(const BlockKey& key) const {
    return buckets_[DigestHash{}(key) & (bucket_count_ - 1)];
  }
  struct Work;  // What one put may still do.

  Group& join(Groups& groups, const GroupTag& tag);
  void leave(Groups& groups, Group& group);
  Partition& partition_for(const GroupTag& tag);
  void drop(Partition& partition);

  void insert(Entry& entry, const Owners& owners, bool to_main);
  void remove(Entry& entry, Garbage& garbage);
  void evict(Entry& entry, Work& work);

  // Whether there is room for it now, and which queue it is to go to.
  struct Admission {
    bool admitted = false;
    bool to_main = false;
  };
  Admission admit(const Entry& entry, bool to_main, Work& work);
  bool admit_negative(const Entry& entry, Work& work);
  bool make_room(Partition& own, std::size_t entry_bytes, std::size_t own_bytes, Work& work);
  Partition* most_over(Partition& own, std::size_t own_bytes, std::size_t below);
  [[nodiscard]] std::size_t table_bytes() const {
    return allocated(bucket_count_ * sizeof(Entry*)) + Ghosts::memory(bucket_count_);
  }
  [[nodiscard]] std::size_t growth() const;
  void grow();

  const ShardOptions& options_;
  std::unique_ptr<Entry*[]> buckets_;
  std::size_t bucket_count_ = 0;  // A power of two, or none.

  Ghosts ghosts_;
  Queue negative_;
  Groups tenants_;
  Groups tokenizers_;
  Partition unlimited_;  // Of the tenants without limits.
  std::vector<std::unique_ptr<Partition>> limited_;
  Partition* crowd_ = nullptr;  // One of those: of the tenants that came when there were too many.
  std::size_t guaranteed_ = 0;  // In all.

  std::uint64_t entries_ = 0;
  std::uint64_t negative_entries_ = 0;
  std::uint64_t tokens_ = 0;
  std::size_t entry_bytes_ = 0;
  ShardCounts counts_;
};

}  // namespace leyden::cache
