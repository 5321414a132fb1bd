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

bool is_of(const LongEntry& entry, const LongKey& key) {
  return entry.length == key.length && std::ranges::equal(entry.words, key.words);
}

}  // namespace

Workspace::Workspace(const MergeTables& tables) : merger(tables) {
  static_assert(kBucketsBytes % kHugePage == 0 && kLongBytes % kHugePage == 0);
  context.buckets = static_cast<SegmentBucket*>(map_table(kBucketsBytes));
  context.shift = 64 - kBucketBits;
  context.owner = this;
  context.long_entries = static_cast<LongEntry*>(map_table(kLongBytes));
  context.long_shift = 64 - kLongBits;
}

Workspace::~Workspace() {
  ::munmap(context.buckets, kBucketsBytes);
  ::munmap(context.long_entries, kLongBytes);
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

const LongEntry* Workspace::recall(const LongKey& key) const {
  const std::size_t place = long_hash(key) >> context.long_shift;
  for (std::size_t at : {place, place ^ 1}) {
    if (is_of(context.long_entries[at], key)) return &context.long_entries[at];
  }
  return nullptr;
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
