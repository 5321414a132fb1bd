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

// What one thread needs while it encodes: its table of recent segments, the merger's memory and room for IDs. Bounded: about
// 17 MiB, of which a thread touches what it needs. Confined to one thread at a time.
struct Workspace {
  explicit Workspace(const MergeTables& tables);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Puts a short segment into the table. The oldest of its pair of buckets goes.
  void remember(const SegmentEntry& entry);
  [[nodiscard]] const SegmentEntry* recall(const SegmentEntry& key) const;

  // The same for segments of at most LongEntry::kBytesMax bytes. Of more than kIdsMax IDs an entry has the count only.
  void remember(const LongKey& key, TokenIdsView ids);
  [[nodiscard]] const LongEntry* recall(const LongKey& key) const;

  static constexpr unsigned kBucketBits = 17;
  static constexpr unsigned kLongBits = 16;
  KernelContext context;
  const void* engine = nullptr;  // Whose KernelContext::miss this is.
  Merger merger;
  RecentSegments recent;
  TokenIds encoded;  // Of one part that is in no table.
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
