#include "leyden/tokenizer/engine/workspace.h"

#include <algorithm>
#include <bit>
#include <new>
#include <span>
#include <utility>

namespace leyden::tokenizer::engine {
namespace {

bool is_of(const LongEntry& entry, const LongKey& key) {
  return entry.length == key.length && std::ranges::equal(entry.words, key.words);
}

// Into the pair of buckets that the entry's is one of; false where that is full.
bool put_where_free(SegmentBucket* buckets, std::size_t place, const SegmentEntry& entry) {
  auto& own = buckets[place].entries;
  auto& beside = buckets[place ^ 1].entries;
  for (SegmentEntry* slot : {&own[0], &own[1], &beside[1], &beside[0]}) {
    if (slot->high != 0) continue;
    *slot = entry;
    return true;
  }
  return false;
}

}  // namespace

Workspace::Workspace(const MergeTables& tables) : merger(tables) {
  context.owner = this;
  use_buckets(kBucketBitsMin);
  use_long_entries(kLongBitsMin);
}

void Workspace::use_buckets(unsigned bits) {
  MappedTable table((std::size_t{1} << bits) * sizeof(SegmentBucket));
  auto* buckets = static_cast<SegmentBucket*>(table.data());
  if (context.buckets != nullptr) {
    for (const SegmentBucket& bucket : std::span(context.buckets, std::size_t{1} << (64 - context.shift))) {
      for (const SegmentEntry& entry : bucket.entries) {
        if (entry.high == 0) continue;
        if (!put_where_free(buckets, segment_hash(entry.low, entry.high) >> (64 - bits), entry)) --entries_;
      }
    }
    outgrown_.push_back(std::move(buckets_));
  }
  buckets_ = std::move(table);
  context.buckets = buckets;
  context.shift = 64 - bits;
}

void Workspace::use_long_entries(unsigned bits) {
  MappedTable table((std::size_t{1} << bits) * sizeof(LongEntry));
  auto* entries = static_cast<LongEntry*>(table.data());
  if (context.long_entries != nullptr) {
    for (const LongEntry& entry : std::span(context.long_entries, std::size_t{1} << (64 - context.long_shift))) {
      if (entry.length == 0) continue;
      LongKey key{.words = {}, .length = entry.length};
      std::ranges::copy(entry.words, key.words);
      const std::size_t place = long_hash(key) >> (64 - bits);
      entries[entries[place].length == 0 ? place : place ^ 1] = entry;
    }
    outgrown_.push_back(std::move(long_table_));
  }
  long_table_ = std::move(table);
  context.long_entries = entries;
  context.long_shift = 64 - bits;
}

void Workspace::remember(const SegmentEntry& entry) {
  const unsigned bits = 64 - context.shift;
  if (entries_ > std::size_t{1} << bits && bits < kBucketBitsMax) use_buckets(std::min(bits + 2, kBucketBitsMax));
  const std::size_t place = segment_hash(entry.low, entry.high) >> context.shift;
  if (put_where_free(context.buckets, place, entry)) {
    ++entries_;
    return;
  }
  // What came first stays: the commonest segments come early.
  SegmentEntry& oldest = context.buckets[place].entries[1];
  context.buckets[place ^ 1].entries[1] = oldest;
  oldest = entry;
}

void Workspace::remember(const LongKey& key, TokenIdsView ids) {
  const unsigned bits = 64 - context.long_shift;
  if (long_entries_ > std::size_t{1} << (bits - 1) && bits < kLongBitsMax)
    use_long_entries(std::min(bits + 2, kLongBitsMax));
  const std::size_t place = long_hash(key) >> context.long_shift;
  LongEntry& own = context.long_entries[place];
  if (own.length == 0) {
    ++long_entries_;
  } else if (!is_of(own, key)) {
    context.long_entries[place ^ 1] = own;
  }
  std::ranges::copy(key.words, own.words);
  own.length = static_cast<std::uint16_t>(key.length);
  own.count = static_cast<std::uint16_t>(ids.size());
  if (ids.size() <= LongEntry::kIdsMax) std::ranges::copy(ids, own.ids);
}

const LongEntry* Workspace::recall(const LongKey& key) const {
  const std::size_t place = long_hash(key) >> context.long_shift;
  for (std::size_t at : {place, place ^ 1}) {
    if (is_of(context.long_entries[at], key)) return &context.long_entries[at];
  }
  return nullptr;
}

const SegmentEntry* Workspace::recall(const SegmentEntry& key) const {
  const std::size_t place = segment_hash(key.low, key.high) >> context.shift;
  for (std::size_t bucket : {place, place ^ 1}) {
    for (const SegmentEntry& entry : context.buckets[bucket].entries) {
      if (entry.low == key.low && entry.high == key.high) return &entry;
    }
  }
  return nullptr;
}

WorkspacePool::~WorkspacePool() {
  for (auto& slot : waiting_) delete slot.load();
}

Workspace* WorkspacePool::take() {
  for (auto& slot : waiting_) {
    if (slot.load(std::memory_order_relaxed) == nullptr) continue;
    if (Workspace* workspace = slot.exchange(nullptr, std::memory_order_acquire)) return workspace;
  }
  return new Workspace(tables_);
}

void WorkspacePool::give_back(Workspace* workspace) {
  for (auto& slot : waiting_) {
    Workspace* free = nullptr;
    if (slot.load(std::memory_order_relaxed) == nullptr &&
        slot.compare_exchange_strong(free, workspace, std::memory_order_release)) {
      return;
    }
  }
  delete workspace;
}

}  // namespace leyden::tokenizer::engine
