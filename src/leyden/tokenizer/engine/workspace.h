#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/engine/merger.h"
#include "leyden/tokenizer/engine/recent_segments.h"

namespace leyden::tokenizer::engine {

// A segment of at most SegmentEntry::kBytesMax bytes with more IDs than that has room for.
struct alignas(64) WideEntry {
  static constexpr std::size_t kIdsMax = 11;
  std::uint64_t low = 0;  // As SegmentEntry's.
  std::uint64_t high = 0;
  TokenId ids[kIdsMax] = {};
  std::uint32_t count = 0;
};
static_assert(sizeof(WideEntry) == 64);

// What one thread needs while it encodes: its table of recent segments, the merger's memory and room for IDs. Bounded: about
// 10 MiB. Confined to one thread at a time.
struct Workspace {
  explicit Workspace(const MergeTables& tables);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Puts a segment of at most SegmentEntry::kIdsMax IDs into the table. What has no place in its bucket any more goes to the
  // bucket beside it, where recall() finds it.
  void remember(const SegmentEntry& entry);
  // The entry of a segment that is in the bucket beside its own; it goes back to its own. nullptr where there is none.
  const SegmentEntry* recall(const SegmentEntry& key);

  // The same for segments with more IDs.
  void remember(const WideEntry& entry) { wide[wide_place(entry.low, entry.high)] = entry; }
  [[nodiscard]] const WideEntry* find_wide(const SegmentEntry& key) const {
    const WideEntry& entry = wide[wide_place(key.low, key.high)];
    return entry.low == key.low && entry.high == key.high ? &entry : nullptr;
  }
  static std::size_t wide_place(std::uint64_t low, std::uint64_t high) {
    return segment_hash(low, high) >> (64 - kWideBits);
  }

  static constexpr unsigned kBucketBits = 16;
  static constexpr unsigned kWideBits = 16;
  KernelContext context;
  const void* engine = nullptr;  // Whose KernelContext::miss this is.
  Merger merger;
  RecentSegments recent;
  std::vector<WideEntry> wide{std::size_t{1} << kWideBits};
  TokenIds ids;  // Of long segments.
  std::string scratch;
  std::array<TokenId, kKernelRoom> out;
};

// Workspaces that wait for a thread. Thread-safe, without locks: as many workspaces as ever worked at once, 64 at most are kept.
class WorkspacePool {
 public:
  explicit WorkspacePool(MergeTables tables) : tables_(tables) {}
  ~WorkspacePool();

  class Lease {
   public:
    explicit Lease(WorkspacePool& pool) : pool_(pool), workspace_(pool.take()) {}
    ~Lease() { pool_.give_back(workspace_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Workspace* operator->() const { return workspace_; }
    Workspace& operator*() const { return *workspace_; }

   private:
    WorkspacePool& pool_;
    Workspace* workspace_;
  };

 private:
  Workspace* take();
  void give_back(Workspace* workspace);

  MergeTables tables_;
  std::array<std::atomic<Workspace*>, 64> waiting_{};
};

}  // namespace leyden::tokenizer::engine
