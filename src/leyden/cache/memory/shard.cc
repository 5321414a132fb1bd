#include "leyden/cache/memory/shard.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace leyden::cache {
namespace {

constexpr std::size_t kBucketsMin = 16;
// Of tenants with limits that no override names: the others share one partition, so that choosing
// whom to evict from stays short.
constexpr std::size_t kPartitionsMax = 64;
constexpr std::size_t kNegativeShare = 100;  // One part in so many of the budget.
// A block of more than one part in so many of what there is for it is large: it would push out all
// that is on trial in the small queue. 100 instead of 10 costs up to 8 points of hit ratio where a
// shard is small (bench/policy: 128 KB), 4 costs some where whole sets are kept.
constexpr std::size_t kLargeShare = 10;
constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

}  // namespace

// Bounds what one put does.
struct Shard::Work {
  TimePoint now;
  Garbage& garbage;
  unsigned chances = 256;     // Entries that it may spare.
  unsigned evictions = 1024;  // Entries that it may evict.
};

Shard::Shard(const ShardOptions& options) : options_(options) {
  unlimited_.quota = options.capacity_bytes;
  for (const auto& [tag, limits] : options.tenants) guaranteed_ += limits.guaranteed_bytes;
}

Shard::~Shard() {
  Garbage garbage;
  clear(garbage);
}

void Shard::put(std::unique_ptr<Entry> entry, const Owners& owners, TimePoint now,
                Garbage& garbage) {
  bool to_main = false;
  if (Entry* old = find(entry->key)) {
    to_main = old->place == Entry::Place::main;
    entry->frequency = old->frequency.load(std::memory_order_relaxed);
    if (old->expires <= now) ++counts_.expired;
    remove(*old, garbage);
  }
  entry->tenant = &join(tenants_, owners.tenant);
  entry->tokenizer = &join(tokenizers_, owners.tokenizer);
  Work work{.now = now, .garbage = garbage};
  const Admission admission = owners.negative ? Admission{.admitted = admit_negative(*entry, work)}
                                              : admit(*entry, to_main, work);
  if (!admission.admitted) {
    ++counts_.refused;
    leave(tenants_, *entry->tenant);
    leave(tokenizers_, *entry->tokenizer);
    if (bytes() > options_.capacity_bytes) {
      // Nothing may be evicted for what was taken for it.
      for (Groups* groups : {&tenants_, &tokenizers_}) {
        groups->empty() ? Groups().swap(*groups) : groups->rehash(0);
      }
    }
    return;
  }
  insert(*entry.release(), owners, admission.to_main);
}

void Shard::insert(Entry& entry, const Owners& owners, bool to_main) {
  if (growth() > 0) grow();
  entry.next = std::exchange(bucket(entry.key), &entry);
  ++entries_;
  entry_bytes_ += entry.bytes();
  if (owners.negative) {
    entry.place = Entry::Place::negative;
    negative_.push(entry);
    ++negative_entries_;
    return;
  }
  entry.tenant->partition->insert(entry, to_main);
  tokens_ += entry.block->size();
  for (Group* group : {entry.tenant, entry.tokenizer}) {
    ++group->entries;
    group->tokens += entry.block->size();
    group->bytes += entry.bytes();
  }
}

void Shard::remove(Entry& entry, Garbage& garbage) {
  Entry** link = &bucket(entry.key);
  while (*link != &entry) link = &(*link)->next;
  *link = entry.next;
  --entries_;
  entry_bytes_ -= entry.bytes();
  if (entry.place == Entry::Place::negative) {
    negative_.remove(entry);
    --negative_entries_;
  } else {
    entry.tenant->partition->remove(entry);
    tokens_ -= entry.block->size();
    for (Group* group : {entry.tenant, entry.tokenizer}) {
      --group->entries;
      group->tokens -= entry.block->size();
      group->bytes -= entry.bytes();
    }
  }
  leave(tenants_, *entry.tenant);
  leave(tokenizers_, *entry.tokenizer);
  garbage.add(entry);
}

void Shard::evict(Entry& entry, Work& work) {
  if (entry.expires <= work.now) {
    ++counts_.expired;
  } else {
    ++counts_.evictions;
    if (entry.place != Entry::Place::negative) {
      ghosts_.add(entry.key, entry.tenant->partition->farewell(entry));
    }
  }
  remove(entry, work.garbage);
}

bool Shard::erase(Entry& entry, TimePoint now, Garbage& garbage) {
  const bool valid = entry.expires > now;
  if (!valid) ++counts_.expired;
  remove(entry, garbage);
  return valid;
}

std::vector<Entry*> Shard::collect(const Group& group, std::size_t& place,
                                   std::size_t count_max) const {
  std::vector<Entry*> out;
  for (; place < bucket_count_ && out.size() < count_max; ++place) {
    for (Entry* entry = buckets_[place]; entry != nullptr; entry = entry->next) {
      if (entry->tenant == &group || entry->tokenizer == &group) out.push_back(entry);
    }
  }
  return out;
}

void Shard::clear(Garbage& garbage) {
  for (std::size_t i = 0; i < bucket_count_; ++i) {
    for (Entry* entry = buckets_[i]; entry != nullptr;) {
      garbage.add(*std::exchange(entry, entry->next));
    }
  }
  buckets_.reset();
  bucket_count_ = 0;
  ghosts_.resize(0);
  negative_ = {};
  Groups().swap(tenants_);  // clear() would keep the table.
  Groups().swap(tokenizers_);
  unlimited_ = {};
  unlimited_.quota = options_.capacity_bytes;
  for (auto& partition : std::exchange(limited_, {})) guaranteed_ -= partition->granted;
  crowd_ = nullptr;
  entries_ = 0;
  negative_entries_ = 0;
  tokens_ = 0;
  entry_bytes_ = 0;
}

std::size_t Shard::bytes() const {
  return entry_bytes_ + table_bytes() + allocated_by(tenants_) + allocated_by(tokenizers_) +
         limited_.size() * allocated(sizeof(Partition)) +
         allocated(limited_.capacity() * sizeof(limited_[0]));
}

std::size_t Shard::small_bytes() const {
  std::size_t sum = unlimited_.small.bytes;
  for (const auto& partition : limited_) sum += partition->small.bytes;
  return sum;
}

double Shard::small_target_bytes() const {
  double sum = unlimited_.small_share * static_cast<double>(unlimited_.bytes());
  for (const auto& partition : limited_) {
    sum += partition->small_share * static_cast<double>(partition->bytes());
  }
  return sum;
}

// ---- Tenants and tokenizers

Group& Shard::join(Groups& groups, const GroupTag& tag) {
  auto [at, added] = groups.try_emplace(tag);
  Group& group = at->second;
  if (added) {
    group.tag = &at->first;
    if (&groups == &tenants_) group.partition = &partition_for(tag);
  }
  ++group.references;
  return group;
}

void Shard::leave(Groups& groups, Group& group) {
  if (--group.references > 0) return;
  if (group.partition != nullptr && group.partition != &unlimited_ && group.partition != crowd_) {
    drop(*group.partition);
  }
  groups.erase(groups.find(*group.tag));
}

Partition& Shard::partition_for(const GroupTag& tag) {
  const auto named = options_.tenants.find(tag);
  const bool is_named = named != options_.tenants.end();
  const TenantLimits& limits = is_named ? named->second : options_.tenant;
  if (!limits.any() || tag == GroupTag{}) return unlimited_;
  const bool crowded = !is_named && limited_.size() >= kPartitionsMax + options_.tenants.size();
  if (crowded && crowd_ != nullptr) return *crowd_;
  Partition& out = *limited_.emplace_back(std::make_unique<Partition>());
  out.quota = limits.quota_bytes > 0 ? limits.quota_bytes : options_.capacity_bytes;
  if (crowded) {
    crowd_ = &out;
  } else if (is_named) {
    out.guaranteed = limits.guaranteed_bytes;  // Reserved from the beginning.
  } else if (guaranteed_ + limits.guaranteed_bytes <= options_.capacity_bytes) {
    out.guaranteed = out.granted = limits.guaranteed_bytes;
    guaranteed_ += out.granted;
  }
  return out;
}

void Shard::drop(Partition& partition) {
  guaranteed_ -= partition.granted;
  std::erase_if(limited_, [&](const auto& p) { return p.get() == &partition; });
  limited_.shrink_to_fit();
}

// ---- Room

Shard::Admission Shard::admit(const Entry& entry, bool to_main, Work& work) {
  Partition& own = *entry.tenant->partition;
  if (entry.bytes() > own.quota || entry.bytes() > options_.capacity_bytes) return {};
  if (const auto ghost = ghosts_.take(entry.key)) {
    ++(ghost->from == Ghosts::From::small ? counts_.ghost_hits_small : counts_.ghost_hits_main);
    to_main = own.welcome(*ghost, entry.bytes()) || to_main;
  }
  if (own.bytes() + entry.bytes() <= own.quota &&
      bytes() + entry.bytes() + growth() <= options_.capacity_bytes) {
    return {true, to_main};
  }
  const bool large = entry.bytes() > own.quota / kLargeShare;
  if ((!large || to_main) && make_room(own, entry.bytes(), entry.bytes(), work))
    return {true, to_main};
  // Large ones have to be asked for twice, and what did not get all of its room gets the rest then.
  ghosts_.add(entry.key, own.remembered(Ghosts::From::small));
  return {};
}

bool Shard::admit_negative(const Entry& entry, Work& work) {
  const std::size_t limit = std::max(options_.capacity_bytes / kNegativeShare, Entry::bytes_of(0));
  if (entry.bytes() > limit) return false;
  while (negative_.bytes + entry.bytes() > limit) evict(*negative_.oldest, work);
  return make_room(*entry.tenant->partition, entry.bytes(), 0, work);
}

// For an entry of so many bytes, so many of them in its partition.
bool Shard::make_room(Partition& own, std::size_t entry_bytes, std::size_t own_bytes, Work& work) {
  std::size_t below = kNowhere;
  while (true) {
    const bool over_quota = own.bytes() + own_bytes > own.quota;
    if (!over_quota && bytes() + entry_bytes + growth() <= options_.capacity_bytes) return true;
    Partition* const from = over_quota ? &own : most_over(own, own_bytes, below);
    Entry* entry = nullptr;
    if (from != nullptr) {
      entry = &from->victim(work.now, work.chances);
      if (from != &own && from->bytes() - entry->bytes() < from->guaranteed) {
        below = from->bytes() - from->guaranteed;  // One whose excess is its oldest entry.
        continue;
      }
    } else if (negative_.oldest != nullptr) {
      entry = negative_.oldest;
    } else if (entries_ == 0 && bucket_count_ > 0) {
      // Only tables are left.
      buckets_.reset();
      bucket_count_ = 0;
      ghosts_.resize(0);
      continue;
    } else {
      return false;
    }
    if (work.evictions == 0) return false;
    --work.evictions;
    evict(*entry, work);
  }
}

// Who is most over what it is guaranteed, by less than `below`; else the own one. Null: nobody can
// be asked to give something up.
Partition* Shard::most_over(Partition& own, std::size_t own_bytes, std::size_t below) {
  Partition* most = own.empty() ? nullptr : &own;
  if (limited_.empty()) return most;
  const std::size_t own_all = own.bytes() + own_bytes;
  std::size_t excess = own_all > own.guaranteed && most != nullptr ? own_all - own.guaranteed : 0;
  auto compare = [&](Partition& other) {
    if (&other == &own || other.bytes() <= other.guaranteed) return;
    const std::size_t others = other.bytes() - other.guaranteed;
    if (others > excess && others < below) {
      excess = others;
      most = &other;
    }
  };
  compare(unlimited_);
  for (auto& partition : limited_) compare(*partition);
  return most;
}

// What the tables take more when there is one entry more: as many ghosts as buckets.
std::size_t Shard::growth() const {
  if (entries_ < bucket_count_) return 0;
  const std::size_t count = std::max(kBucketsMin, bucket_count_ * 2);
  return allocated(count * sizeof(Entry*)) + Ghosts::memory(count) - table_bytes();
}

void Shard::grow() {
  const std::size_t count = std::max(kBucketsMin, bucket_count_ * 2);
  const auto before = std::exchange(buckets_, std::make_unique<Entry*[]>(count));
  const std::size_t count_before = std::exchange(bucket_count_, count);
  for (std::size_t i = 0; i < count_before; ++i) {
    for (Entry* entry = before[i]; entry != nullptr;) {
      Entry*& first = bucket(entry->key);
      Entry* const next = entry->next;
      entry->next = std::exchange(first, entry);
      entry = next;
    }
  }
  ghosts_.resize(count);
}

}  // namespace leyden::cache
