#include "leyden/tokenizer/engine/workspace.h"

#include <algorithm>

#include "leyden/tokenizer/engine/segment_table.h"

namespace leyden::tokenizer::engine {
namespace {

bool is_of(const LongEntry& entry, const LongKey& key) {
  return entry.length == key.length && std::ranges::equal(entry.words, key.words);
}

}  // namespace

Workspace::Workspace(const MergeTables& tables)
    : merger(tables),
      buckets_((std::size_t{1} << kBucketBits) * sizeof(SegmentBucket)),
      long_entries_((std::size_t{1} << kLongBits) * sizeof(LongEntry)) {
  context.buckets = static_cast<SegmentBucket*>(buckets_.data());
  context.shift = 64 - kBucketBits;
  context.long_entries = static_cast<LongEntry*>(long_entries_.data());
  context.long_shift = 64 - kLongBits;
  context.owner = this;
}

std::optional<TokenIdsView> Workspace::find(std::string_view segment) const {
  bool is_recent =
      segment.size() > LongEntry::kBytesMax && segment.size() <= RecentSegments::kBytesMax;
  if (segment.size() <= SegmentEntry::kBytesMax) {
    const SegmentEntry* known = find(segment_entry(segment));
    if (known == nullptr) return std::nullopt;
    if (known->count <= SegmentEntry::kIdsMax) return TokenIdsView(known->ids, known->count);
  }
  if (segment.size() <= LongEntry::kBytesMax) {
    const LongEntry* known = find(long_key(segment));
    if (known == nullptr) return std::nullopt;
    if (known->count <= LongEntry::kIdsMax) return TokenIdsView(known->ids, known->count);
    is_recent = true;
  }
  return is_recent ? recent.find(segment) : std::nullopt;
}

void Workspace::remember(std::string_view segment, TokenIdsView ids) {
  if (segment.size() <= SegmentEntry::kBytesMax) {
    SegmentEntry entry = segment_entry(segment);
    const bool has_room = ids.size() <= SegmentEntry::kIdsMax;
    entry.count = has_room ? static_cast<std::uint32_t>(ids.size()) : SegmentEntry::kMoreIds;
    if (has_room) std::ranges::copy(ids, entry.ids);
    if (has_room || find(entry) == nullptr) remember(entry);
    if (has_room) return;
  }
  if (segment.size() <= LongEntry::kBytesMax) {
    remember(long_key(segment), ids);
    if (ids.size() <= LongEntry::kIdsMax) return;
  }
  if (segment.size() <= RecentSegments::kBytesMax && ids.size() <= RecentSegments::kBytesMax)
    recent.add(segment, ids);
}

void Workspace::remember(const SegmentEntry& entry) {
  const std::size_t place = segment_hash(entry.low, entry.high) >> context.shift;
  auto& own = context.buckets[place].entries;
  auto& beside = context.buckets[place ^ 1].entries;
  for (SegmentEntry* slot : {&own[0], &own[1], &beside[1], &beside[0]}) {
    if (slot->high != 0) continue;
    *slot = entry;
    return;
  }
  // What came first stays: the commonest segments come early.
  beside[1] = own[1];
  own[1] = entry;
}

void Workspace::remember(const LongKey& key, TokenIdsView ids) {
  const std::size_t place = long_hash(key) >> context.long_shift;
  LongEntry& own = context.long_entries[place];
  if (own.length != 0 && !is_of(own, key)) context.long_entries[place ^ 1] = own;
  std::ranges::copy(key.words, own.words);
  own.length = static_cast<std::uint16_t>(key.length);
  own.count = static_cast<std::uint16_t>(ids.size());
  if (ids.size() <= LongEntry::kIdsMax) std::ranges::copy(ids, own.ids);
}

const LongEntry* Workspace::find(const LongKey& key) const {
  const std::size_t place = long_hash(key) >> context.long_shift;
  for (std::size_t at : {place, place ^ 1}) {
    if (is_of(context.long_entries[at], key)) return &context.long_entries[at];
  }
  return nullptr;
}

const SegmentEntry* Workspace::find(const SegmentEntry& key) const {
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
