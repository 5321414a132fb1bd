#include "leyden/cache/memory_tier.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "leyden/cache/memory/read_mostly_lock.h"
#include "leyden/cache/memory/shard.h"
#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using TimePoint = Shard::TimePoint;

constexpr std::size_t kEntriesPerShardMin = 64;
constexpr std::size_t kRemovalsAtOnce = 64;
constexpr std::size_t kUnitsMax = std::numeric_limits<std::uint32_t>::max();

// The least of the bounds that are divided among the shards.
std::size_t smallest_bound(const MemoryTierOptions& options) {
  std::size_t least = options.capacity_bytes;
  auto look = [&](const TenantLimits& limits) {
    if (limits.quota_bytes > 0) least = std::min(least, limits.quota_bytes);
    if (limits.guaranteed_bytes > 0) least = std::min(least, limits.guaranteed_bytes);
  };
  look(options.tenant);
  for (const auto& [tag, limits] : options.tenants) look(limits);
  return least;
}

std::size_t shard_count_for(const MemoryTierOptions& options) {
  const std::size_t shard_min = options.typical_entry_bytes * kEntriesPerShardMin;
  std::size_t count = options.shard_count;
  while (count > 1 && smallest_bound(options) / count < shard_min) count /= 2;
  return count;
}

ShardOptions shard_options(const MemoryTierOptions& options, std::size_t count) {
  auto part = [&](const TenantLimits& all) {
    return TenantLimits{.quota_bytes = all.quota_bytes / count,
                        .guaranteed_bytes = all.guaranteed_bytes / count};
  };
  ShardOptions out{.capacity_bytes = options.capacity_bytes / count,
                   .tenant = part(options.tenant),
                   .tenants = options.tenants};
  for (auto& [tag, limits] : out.tenants) limits = part(limits);
  return out;
}

bool lasts(Errc failure) {
  switch (failure) {
    case Errc::invalid_argument:
    case Errc::not_found:
    case Errc::unsupported:
    case Errc::corrupt:
      return true;
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::overloaded:
    case Errc::cancelled:
    case Errc::internal:
      return false;
  }
  return false;
}

}  // namespace

struct MemoryTier::State {
  struct LockedShard {
    explicit LockedShard(const ShardOptions& options) : shard(options) {}
    ReadMostlyLock lock;
    Shard shard;
  };

  State(const MemoryTierOptions& options_, std::size_t count, const Clock& clock_)
      : options(options_), per_shard(shard_options(options_, count)), clock(clock_) {
    for (std::size_t i = 0; i < count; ++i) {
      shards.push_back(std::make_unique<LockedShard>(per_shard));
    }
  }

  LockedShard& shard_of(const BlockKey& key) {
    std::uint64_t bits = 0;  // Others than the hash table's.
    std::memcpy(&bits, key.bytes.data() + 8, sizeof(bits));
    return *shards[bits & (shards.size() - 1)];
  }

  std::optional<Known> find(const BlockKey& key, TimePoint now) {
    LockedShard& locked = shard_of(key);
    {
      ReadMostlyLock::Reading reading(locked.lock);
      Entry* const entry = locked.shard.find(key);
      if (entry == nullptr) return std::nullopt;
      if (entry->expires > now) {
        Shard::touch(*entry);
        if (entry->block == nullptr) return std::unexpected(static_cast<Errc>(entry->failure));
        return entry->block;
      }
    }
    erase(key, now, Only::expired);  // Unless somebody put it again meanwhile.
    return std::nullopt;
  }

  enum class Only { any, expired };
  bool erase(const BlockKey& key, TimePoint now, Only only) {
    LockedShard& locked = shard_of(key);
    Garbage garbage;
    ReadMostlyLock::Planning planning(locked.lock);
    Entry* const entry = locked.shard.find(key);
    if (entry == nullptr || (only == Only::expired && entry->expires > now)) return false;
    bool valid = false;
    change(planning, locked.shard,
           [&](Shard& shard) { valid = shard.erase(*entry, now, garbage); });
    return valid;
  }

  void put(std::unique_ptr<Entry> entry, std::chrono::seconds ttl_default,
           const PutOptions& put_options) {
    const TimePoint now = clock.now();
    const auto ttl = put_options.ttl.count() > 0 ? std::min(put_options.ttl, kTtlMax) : ttl_default;
    entry->expires = ttl.count() == 0 ? TimePoint::max() : now + jittered_ttl(ttl, entry->key);
    LockedShard& locked = shard_of(entry->key);
    const Shard::Owners owners{.tenant = put_options.tenant,
                               .tokenizer = put_options.tokenizer,
                               .negative = put_options.negative};
    Garbage garbage;
    ReadMostlyLock::Planning planning(locked.lock);
    change(planning, locked.shard,
           [&](Shard& shard) { shard.put(std::move(entry), owners, now, garbage); });
  }

  // Runs `f` alone on the shard and keeps the sum over all shards up to date.
  template <class F>
  void change(ReadMostlyLock::Planning& planning, Shard& shard, F&& f) {
    const std::size_t before = shard.bytes();
    {
      ReadMostlyLock::Writing writing(planning);
      f(shard);
    }
    const std::size_t after = shard.bytes();
    if (after == before) return;
    const std::uint64_t total = bytes.fetch_add(after - before) + (after - before);
    std::uint64_t peak = bytes_peak.load();
    while (after > before && peak < total && !bytes_peak.compare_exchange_weak(peak, total)) {
    }
  }

  const MemoryTierOptions options;
  const ShardOptions per_shard;
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
  if (negative_ttl.count() < 1 || negative_ttl.count() > 5) {
    return fail(Errc::invalid_argument, "negative_ttl must be 1 to 5 s, not {} s",
                negative_ttl.count());
  }
  if (!std::has_single_bit(shard_count) || shard_count > 4096) {
    return fail(Errc::invalid_argument, "shard_count must be a power of two up to 4096, not {}",
                shard_count);
  }
  if (typical_entry_bytes == 0 || typical_entry_bytes > GiB) {
    return fail(Errc::invalid_argument, "typical_entry_bytes must be 1 to {}, not {}", GiB,
                typical_entry_bytes);
  }
  std::size_t guaranteed = 0;
  auto fits = [&](const TenantLimits& limits) {
    return limits.guaranteed_bytes <= capacity_bytes - guaranteed &&
           (limits.quota_bytes == 0 || limits.guaranteed_bytes <= limits.quota_bytes);
  };
  if (!fits(tenant)) {
    return fail(Errc::invalid_argument,
                "tenant.guaranteed_bytes must be at most the quota and the capacity, not {}",
                tenant.guaranteed_bytes);
  }
  for (const auto& [tag, limits] : tenants) {
    if (!fits(limits)) {
      return fail(Errc::invalid_argument,
                  "a tenant's guaranteed_bytes must be at most its quota, and all of them together "
                  "at most the capacity; one has {}",
                  limits.guaranteed_bytes);
    }
    guaranteed += limits.guaranteed_bytes;
  }
  return {};
}

Result<std::unique_ptr<MemoryTier>> MemoryTier::make(const MemoryTierOptions& options,
                                                     const Clock& clock) {
  if (auto checked = options.check(); !checked) return std::unexpected(checked.error());
  return std::unique_ptr<MemoryTier>(
      new MemoryTier(std::make_unique<State>(options, shard_count_for(options), clock)));
}

MemoryTier::MemoryTier(std::unique_ptr<State> state) : state_(std::move(state)) {}
MemoryTier::~MemoryTier() = default;

std::size_t MemoryTier::entry_bytes(std::size_t tokens) { return Entry::bytes_of(tokens); }

std::optional<MemoryTier::Known> MemoryTier::find(const BlockKey& key) {
  return state_->find(key, state_->clock.now());
}

std::vector<std::optional<MemoryTier::Known>> MemoryTier::find_many(
    std::span<const BlockKey> keys) {
  const TimePoint now = state_->clock.now();
  std::vector<std::optional<Known>> out;
  out.reserve(keys.size());
  for (const BlockKey& key : keys) out.push_back(state_->find(key, now));
  return out;
}

void MemoryTier::put(const BlockKey& key, TokenBlock block, const PutOptions& options) {
  assert(block != nullptr && options.ttl.count() >= 0);
  const std::size_t units = Entry::bytes_of(block->capacity()) / 16;
  if (units > kUnitsMax) {
    erase(key);
    return;
  }
  auto entry = std::make_unique<Entry>();
  entry->key = key;
  entry->units = static_cast<std::uint32_t>(units);
  entry->block = std::move(block);
  state_->put(std::move(entry),
              options.negative ? state_->options.negative_ttl : state_->options.ttl, options);
}

void MemoryTier::put_failure(const BlockKey& key, Errc failure, const PutOptions& options) {
  if (!lasts(failure)) return;
  auto entry = std::make_unique<Entry>();
  entry->key = key;
  entry->units = Entry::kNodeBytes / 16;
  entry->failure = static_cast<std::uint8_t>(failure);
  PutOptions negative = options;
  negative.negative = true;
  state_->put(std::move(entry), state_->options.negative_ttl, negative);
}

bool MemoryTier::erase(const BlockKey& key) {
  return state_->erase(key, state_->clock.now(), State::Only::any);
}

std::uint64_t MemoryTier::erase_group(GroupKind kind, const GroupTag& tag) {
  const TimePoint now = state_->clock.now();
  std::uint64_t erased = 0;
  for (auto& locked : state_->shards) {
    Garbage garbage;
    ReadMostlyLock::Planning planning(locked->lock);
    const Groups& groups = locked->shard.groups(kind);
    for (std::size_t place = 0; place < locked->shard.places();) {
      const auto group = groups.find(tag);  // Gone with its last entry.
      if (group == groups.end()) break;
      const auto some = locked->shard.collect(group->second, place, kRemovalsAtOnce);
      state_->change(planning, locked->shard, [&](Shard& shard) {
        for (Entry* entry : some) erased += shard.erase(*entry, now, garbage) ? 1 : 0;
      });
    }
  }
  return erased;
}

void MemoryTier::clear() {
  for (auto& locked : state_->shards) {
    Garbage garbage;
    ReadMostlyLock::Planning planning(locked->lock);
    state_->change(planning, locked->shard, [&](Shard& shard) { shard.clear(garbage); });
  }
}

MemoryTierUsage MemoryTier::usage() const {
  MemoryTierUsage out;
  double queued = 0;
  double small = 0;
  double small_target = 0;
  {
    std::vector<std::unique_ptr<ReadMostlyLock::Planning>> all;
    for (auto& locked : state_->shards) {
      all.push_back(std::make_unique<ReadMostlyLock::Planning>(locked->lock));
    }
    for (auto& locked : state_->shards) {
      const Shard& shard = locked->shard;
      out.entries += shard.entries();
      out.tokens += shard.tokens();
      out.bytes += shard.bytes();
      out.negative_entries += shard.negative_entries();
      out.negative_bytes += shard.negative_bytes();
      out.evictions += shard.counts().evictions;
      out.expired += shard.counts().expired;
      out.refused += shard.counts().refused;
      out.ghost_hits_small += shard.counts().ghost_hits_small;
      out.ghost_hits_main += shard.counts().ghost_hits_main;
      small += static_cast<double>(shard.small_bytes());
      small_target += shard.small_target_bytes();
      for (const auto& [tag, group] : shard.groups(GroupKind::tenant)) {
        queued += static_cast<double>(group.bytes);
        if (group.entries == 0) continue;
        out.tenants.push_back({tag, group.entries, group.tokens, group.bytes});
      }
    }
    out.bytes_peak = state_->bytes_peak.load();
  }
  if (queued > 0) {
    out.small_share = small / queued;
    out.small_share_target = small_target / queued;
  }
  // One for each tenant instead of one for each shard.
  std::ranges::sort(out.tenants, {}, &TenantUsage::tenant);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < out.tenants.size(); ++i) {
    if (out.tenants[kept].tenant == out.tenants[i].tenant) {
      out.tenants[kept].entries += out.tenants[i].entries;
      out.tenants[kept].tokens += out.tenants[i].tokens;
      out.tenants[kept].bytes += out.tenants[i].bytes;
    } else {
      out.tenants[++kept] = out.tenants[i];
    }
  }
  if (!out.tenants.empty()) out.tenants.resize(kept + 1);
  return out;
}

}  // namespace leyden::cache
