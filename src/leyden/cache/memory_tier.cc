#include "leyden/cache/memory_tier.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::size_t kShardBytesMin =
    64 * KiB;                            // About 64 typical passages: smaller shards lose hits.
constexpr std::size_t kSmallShare = 10;  // The small queue gets one part in ten of the budget.
constexpr std::uint8_t kFrequencyMax = 3;
constexpr unsigned kSecondChances =
    64;  // Entries that one eviction may spare before it takes the next one.

// What malloc really gives for `size` bytes (glibc on 64 bits): 8 bytes of its own, multiples of
// 16, whole pages from 128 KiB on. Other allocators differ by a few percent.
constexpr std::size_t allocated(std::size_t size) {
  if (size == 0) return 0;
  if (size >= 128 * KiB) return (size + 16 + 4095) & ~std::size_t{4095};
  return std::max<std::size_t>(32, (size + 8 + 15) & ~std::size_t{15});
}

// Nodes from the newest to the oldest, linked through themselves, and the bytes that they stand
// for.
template <class Node>
struct Fifo {
  Node* newest = nullptr;
  Node* oldest = nullptr;
  std::size_t bytes = 0;

  void push(Node& node) {
    node.older = newest;
    node.newer = nullptr;
    (newest != nullptr ? newest->newer : oldest) = &node;
    newest = &node;
    bytes += node.bytes;
  }
  void remove(Node& node) {
    (node.newer != nullptr ? node.newer->older : newest) = node.older;
    (node.older != nullptr ? node.older->newer : oldest) = node.newer;
    bytes -= node.bytes;
  }
};

template <class Map>
std::size_t table_bytes(const Map& map) {
  return map.bucket_count() > 1 ? allocated(map.bucket_count() * sizeof(void*)) : 0;
}

std::uint64_t hash_of(const BlockKey& key) { return BlockKeyHash{}(key); }

// The names (64 bits of them) of what was evicted from the small queue without having been read:
// who comes back soon goes to the main queue at once. Bounded by the bytes that the entries had.
class Ghosts {
 public:
  explicit Ghosts(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void add(std::uint64_t hash, std::size_t bytes) {
    auto [at, added] = nodes_.try_emplace(hash);
    if (!added) queue_.remove(at->second);
    at->second.hash = hash;
    at->second.bytes = bytes;
    queue_.push(at->second);
    while (queue_.bytes > limit_bytes_) drop(*queue_.oldest);
  }
  // Whether it was there; it is not any more.
  bool take(std::uint64_t hash) {
    auto at = nodes_.find(hash);
    if (at == nodes_.end()) return false;
    drop(at->second);
    return true;
  }
  void clear() {
    Nodes().swap(nodes_);  // clear() would keep the table.
    queue_ = {};
  }
  [[nodiscard]] std::size_t memory() const {
    return nodes_.size() * kNodeBytes + table_bytes(nodes_);
  }

 private:
  struct Node {
    std::uint64_t hash = 0;
    std::size_t bytes = 0;
    Node* newer = nullptr;
    Node* older = nullptr;
  };
  struct Same {
    std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
  };
  using Nodes = std::unordered_map<std::uint64_t, Node, Same>;
  static constexpr std::size_t kNodeBytes = allocated(sizeof(void*) + sizeof(Nodes::value_type));

  void drop(Node& node) {
    queue_.remove(node);
    nodes_.erase(nodes_.find(node.hash));
  }

  std::size_t limit_bytes_;
  Nodes nodes_;
  Fifo<Node> queue_;
};

// One part of the keys, under one lock that the caller holds.
class Shard {
 public:
  explicit Shard(std::size_t capacity_bytes)
      : capacity_bytes_(capacity_bytes), ghosts_(capacity_bytes - capacity_bytes / kSmallShare) {}

  std::optional<TokenBlock> find(const BlockKey& key, TimePoint now) {
    auto at = entries_.find(key);
    if (at == entries_.end()) return std::nullopt;
    Entry& entry = at->second;
    if (entry.expires <= now) {
      remove(entry);
      ++expired;
      return std::nullopt;
    }
    if (entry.frequency < kFrequencyMax) ++entry.frequency;
    return entry.block;
  }

  void put(const BlockKey& key, TokenBlock block, TimePoint now, TimePoint expires) {
    const std::size_t bytes =
        kNodeBytes + kBlockBytes + allocated(block->capacity() * sizeof(TokenId));
    bool known = false;
    std::uint8_t frequency = 0;
    if (auto at = entries_.find(key); at != entries_.end()) {
      known = at->second.queue == &main_;
      frequency = at->second.frequency;
      remove(at->second);
    }
    if (bytes > capacity_bytes_) return;
    known = ghosts_.take(hash_of(key)) || known;
    if (!make_room(bytes, now)) return;
    auto [at, added] = entries_.try_emplace(key);
    Entry& entry = at->second;
    entry.key = &at->first;
    entry.block = std::move(block);
    entry.expires = expires;
    entry.bytes = bytes;
    entry.frequency = frequency;
    entry.queue = known ? &main_ : &small_;
    entry.queue->push(entry);
    tokens += entry.block->size();
    make_room(0, now);  // The hash table may have grown.
  }

  bool erase(const BlockKey& key, TimePoint now) {
    auto at = entries_.find(key);
    if (at == entries_.end()) return false;
    const bool valid = at->second.expires > now;
    if (!valid) ++expired;
    remove(at->second);
    return valid;
  }

  void clear() {
    small_ = {};
    main_ = {};
    Entries().swap(entries_);  // clear() would keep the table.
    ghosts_.clear();
    tokens = 0;
  }

  [[nodiscard]] std::size_t entries() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return small_.bytes + main_.bytes + table_bytes(entries_) + ghosts_.memory();
  }

  std::uint64_t tokens = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expired = 0;

 private:
  struct Entry {
    TokenBlock block;
    TimePoint expires;
    const BlockKey* key = nullptr;
    Fifo<Entry>* queue = nullptr;
    Entry* newer = nullptr;
    Entry* older = nullptr;
    std::size_t bytes = 0;
    std::uint8_t frequency = 0;  // Reads since it came or was last spared, at most kFrequencyMax.
  };
  using Entries = std::unordered_map<BlockKey, Entry, BlockKeyHash>;
  static constexpr std::size_t kNodeBytes = allocated(sizeof(void*) + sizeof(Entries::value_type));
  // make_shared: two counters and a vtable beside the vector.
  static constexpr std::size_t kBlockBytes = allocated(2 * sizeof(void*) + sizeof(TokenIds));

  void remove(Entry& entry) {
    entry.queue->remove(entry);
    tokens -= entry.block->size();
    entries_.erase(entries_.find(*entry.key));
  }

  void move_to(Fifo<Entry>& queue, Entry& entry) {
    entry.queue->remove(entry);
    entry.queue = &queue;
    queue.push(entry);
  }

  bool make_room(std::size_t needed, TimePoint now) {
    while (bytes() + needed > capacity_bytes_) {
      if (entries_.empty()) {
        // Only names and tables are left: give them up, too.
        Entries().swap(entries_);
        ghosts_.clear();
        return bytes() + needed <= capacity_bytes_;
      }
      evict_one(now);
    }
    return true;
  }

  void evict_one(TimePoint now) {
    unsigned chances = kSecondChances;
    while (true) {
      const bool from_small =
          small_.bytes > capacity_bytes_ / kSmallShare || main_.oldest == nullptr;
      Entry& entry = from_small ? *small_.oldest : *main_.oldest;
      if (entry.expires <= now) {
        remove(entry);
        ++expired;
        return;
      }
      if (entry.frequency > 0 && chances > 0) {
        --chances;
        entry.frequency =
            from_small ? std::uint8_t{0} : static_cast<std::uint8_t>(entry.frequency - 1);
        move_to(main_, entry);
        continue;
      }
      if (from_small) ghosts_.add(hash_of(*entry.key), entry.bytes);
      remove(entry);
      ++evictions;
      return;
    }
  }

  std::size_t capacity_bytes_;
  Entries entries_;
  Fifo<Entry> small_;
  Fifo<Entry> main_;
  Ghosts ghosts_;
};

}  // namespace

// Not Guarded<Shard>: usage() must hold all locks at once.
struct MemoryTier::State {
  struct alignas(64) LockedShard {
    explicit LockedShard(std::size_t capacity_bytes) : shard(capacity_bytes) {}
    std::mutex mutex;
    Shard shard;
  };

  State(const MemoryTierOptions& options_, const Clock& clock_) : options(options_), clock(clock_) {
    std::size_t count = options.shard_count;
    while (count > 1 && options.capacity_bytes / count < kShardBytesMin) count /= 2;
    for (std::size_t i = 0; i < count; ++i) {
      shards.push_back(std::make_unique<LockedShard>(options.capacity_bytes / count));
    }
  }

  // Runs `f` on the key's shard and keeps the sum over all shards up to date.
  template <class F>
  auto with(const BlockKey& key, F&& f) {
    std::uint64_t bits = 0;  // Others than the hash table's.
    std::memcpy(&bits, key.bytes.data() + 8, sizeof(bits));
    return with(*shards[bits & (shards.size() - 1)], std::forward<F>(f));
  }

  template <class F>
  auto with(LockedShard& locked, F&& f) {
    std::lock_guard lock(locked.mutex);
    struct Recount {
      State& state;
      Shard& shard;
      std::size_t before;
      ~Recount() {
        const std::size_t after = shard.bytes();
        if (after == before) return;
        const std::uint64_t total = state.bytes.fetch_add(after - before) + (after - before);
        std::uint64_t peak = state.bytes_peak.load();
        while (after > before && peak < total &&
               !state.bytes_peak.compare_exchange_weak(peak, total)) {
        }
      }
    } recount{*this, locked.shard, locked.shard.bytes()};
    return std::forward<F>(f)(locked.shard);
  }

  const MemoryTierOptions options;
  const Clock& clock;
  std::vector<std::unique_ptr<LockedShard>> shards;
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> bytes_peak{0};
};

Result<void> MemoryTierOptions::check() const {
  if (ttl.count() < 0 || ttl > kTtlMax) {
    return fail(Errc::invalid_argument, "ttl must be 0 to {} s, not {} s", kTtlMax.count(),
                ttl.count());
  }
  if (!std::has_single_bit(shard_count) || shard_count > 4096) {
    return fail(Errc::invalid_argument, "shard_count must be a power of two up to 4096, not {}",
                shard_count);
  }
  return {};
}

Result<std::unique_ptr<MemoryTier>> MemoryTier::make(const MemoryTierOptions& options,
                                                     const Clock& clock) {
  if (auto checked = options.check(); !checked) return std::unexpected(checked.error());
  return std::unique_ptr<MemoryTier>(new MemoryTier(std::make_unique<State>(options, clock)));
}

MemoryTier::MemoryTier(std::unique_ptr<State> state) : state_(std::move(state)) {}
MemoryTier::~MemoryTier() = default;

std::optional<TokenBlock> MemoryTier::find(const BlockKey& key) {
  const TimePoint now = state_->clock.now();
  return state_->with(key, [&](Shard& shard) { return shard.find(key, now); });
}

void MemoryTier::put(const BlockKey& key, TokenBlock block) {
  const TimePoint now = state_->clock.now();
  const TimePoint expires = state_->options.ttl.count() == 0
                                ? TimePoint::max()
                                : now + jittered_ttl(state_->options.ttl, key);
  state_->with(key, [&](Shard& shard) { shard.put(key, std::move(block), now, expires); });
}

bool MemoryTier::erase(const BlockKey& key) {
  const TimePoint now = state_->clock.now();
  return state_->with(key, [&](Shard& shard) { return shard.erase(key, now); });
}

void MemoryTier::clear() {
  for (auto& locked : state_->shards) {
    state_->with(*locked, [](Shard& shard) { shard.clear(); });
  }
}

MemoryTierUsage MemoryTier::usage() const {
  std::vector<std::unique_lock<std::mutex>> locks;
  for (auto& locked : state_->shards) locks.emplace_back(locked->mutex);
  MemoryTierUsage out;
  for (auto& locked : state_->shards) {
    const Shard& shard = locked->shard;
    out.entries += shard.entries();
    out.tokens += shard.tokens;
    out.bytes += shard.bytes();
    out.evictions += shard.evictions;
    out.expired += shard.expired;
  }
  out.bytes_peak = state_->bytes_peak.load();
  return out;
}

}  // namespace leyden::cache
