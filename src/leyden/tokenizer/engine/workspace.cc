#include "leyden/tokenizer/engine/workspace.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace leyden::tokenizer::engine {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

constexpr std::size_t kBucketsBytes = (std::size_t{1} << Workspace::kBucketBits) * sizeof(SegmentBucket);
constexpr std::size_t kLongBytes = (std::size_t{1} << Workspace::kLongBits) * sizeof(LongEntry);

// Zeroed memory that the system may back by huge pages: look-ups at random places then need few address translations. `bytes`
// are whole huge pages.
void* map_table(std::size_t bytes) {
  // More than is wanted, so that an aligned part of it is there.
  void* all = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  auto begin = reinterpret_cast<std::uintptr_t>(all);
  std::uintptr_t aligned = (begin + kHugePage - 1) / kHugePage * kHugePage;
  if (aligned != begin) ::munmap(all, aligned - begin);
  if (std::uintptr_t end = begin + bytes + kHugePage; end != aligned + bytes) {
    ::munmap(reinterpret_cast<void*>(aligned + bytes), end - aligned - bytes);
  }
  ::madvise(reinterpret_cast<void*>(aligned), bytes, MADV_HUGEPAGE);
  return reinterpret_cast<void*>(aligned);
}

LongEntry long_entry(std::string_view segment) {
  LongEntry entry;
  std::memcpy(entry.bytes.data(), segment.data(), segment.size());
  entry.length = static_cast<std::uint16_t>(segment.size());
  return entry;
}

std::size_t long_place(const LongEntry& entry) {
  const auto& [a, b, c, d] = entry.bytes;
  const std::size_t hash = segment_hash(a, b) ^ std::rotl(segment_hash(c, d), 29) ^ entry.length;
  return hash * 0x9E3779B97F4A7C15ULL >> (64 - Workspace::kLongBits);
}

}  // namespace

Workspace::Workspace(const MergeTables& tables) : merger(tables) {
  static_assert(kBucketsBytes % kHugePage == 0 && kLongBytes % kHugePage == 0);
  context.buckets = static_cast<SegmentBucket*>(map_table(kBucketsBytes));
  context.shift = 64 - kBucketBits;
  context.owner = this;
  long_entries = static_cast<LongEntry*>(map_table(kLongBytes));
}

Workspace::~Workspace() {
  ::munmap(context.buckets, kBucketsBytes);
  ::munmap(long_entries, kLongBytes);
}

void Workspace::remember(std::string_view segment, TokenIdsView ids) {
  LongEntry entry = long_entry(segment);
  entry.count = static_cast<std::uint16_t>(ids.size());
  if (ids.size() <= LongEntry::kIdsMax) std::ranges::copy(ids, entry.ids);
  const std::size_t place = long_place(entry);
  long_entries[place ^ 1] = long_entries[place];
  long_entries[place] = entry;
}

const LongEntry* Workspace::recall(std::string_view segment) {
  const LongEntry key = long_entry(segment);
  const std::size_t place = long_place(key);
  for (LongEntry* entry : {&long_entries[place], &long_entries[place ^ 1]}) {
    if (entry->bytes == key.bytes && entry->length == key.length) return entry;
  }
  return nullptr;
}

void Workspace::remember(const SegmentEntry& entry) {
  const std::size_t place = segment_hash(entry.low, entry.high) >> context.shift;
  auto& [first, second] = context.buckets[place].entries;
  if (first.high == 0) {
    first = entry;
    return;
  }
  if (second.high != 0) {
    // The oldest of both buckets goes.
    auto& [kept, oldest] = context.buckets[place ^ 1].entries;
    if (oldest.high == 0 || kept.high == 0) {
      (kept.high == 0 ? kept : oldest) = second;
    } else {
      oldest = second;
    }
  }
  second = first;
  first = entry;
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
