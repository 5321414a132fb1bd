#include "leyden/tokenizer/engine/workspace.h"

#include <new>
#include <utility>

#include <sys/mman.h>

namespace leyden::tokenizer::engine {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Zeroed memory that the system may back by huge pages: look-ups at random places then need few address translations.
SegmentBucket* map_buckets(std::size_t bytes) {
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
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
  auto* buckets = reinterpret_cast<SegmentBucket*>(aligned);
  ::madvise(buckets, bytes, MADV_HUGEPAGE);
  return buckets;
}

std::size_t table_bytes() {
  std::size_t bytes = (std::size_t{1} << Workspace::kBucketBits) * sizeof(SegmentBucket);
  return (bytes + kHugePage - 1) / kHugePage * kHugePage;
}

}  // namespace

Workspace::Workspace(const MergeTables& tables) : merger(tables) {
  context.buckets = map_buckets(table_bytes());
  context.shift = 64 - kBucketBits;
  context.owner = this;
}

Workspace::~Workspace() { ::munmap(context.buckets, table_bytes()); }

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

const SegmentEntry* Workspace::recall(const SegmentEntry& key) {
  const std::size_t place = segment_hash(key.low, key.high) >> context.shift;
  for (SegmentEntry& entry : context.buckets[place ^ 1].entries) {
    if (entry.low != key.low || entry.high != key.high) continue;
    std::swap(entry, context.buckets[place].entries[1]);
    return &context.buckets[place].entries[1];
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
