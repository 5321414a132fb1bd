#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/engine/mapped_table.h"
#include "leyden/tokenizer/engine/merger.h"
#include "leyden/tokenizer/engine/recent_segments.h"

namespace leyden::tokenizer::engine {

// What one thread needs while it encodes: its table of recent segments, the merger's memory and room for IDs. Bounded: about
// 17 MiB, of which a thread touches what it needs. Confined to one thread at a time.
struct Workspace {
  explicit Workspace(const MergeTables& tables);
  ~Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Puts a short segment into the table. The oldest of its pair of buckets goes.
  void remember(const SegmentEntry& entry);
  [[nodiscard]] const SegmentEntry* recall(const SegmentEntry& key) const;

  // The same for segments of at most LongEntry::kBytesMax bytes. Of more than kIdsMax IDs an entry has the count only.
  void remember(const LongKey& key, TokenIdsView ids);
  [[nodiscard]] const LongEntry* recall(const LongKey& key) const;

  // The tables grow as they fill, so that little text costs little memory, up to 8 and 4 MiB.
  static constexpr unsigned kBucketBitsMin = 14;
  static constexpr unsigned kBucketBitsMax = 17;
  static constexpr unsigned kLongBitsMin = 12;
  static constexpr unsigned kLongBitsMax = 16;
  // Frees tables that larger ones took the place of. No kernel may be at work.
  void drop_outgrown() { outgrown_.clear(); }

  KernelContext context;
  const void* engine = nullptr;  // Whose KernelContext::miss this is.
  Merger merger;
  RecentSegments recent;
  TokenIds encoded;  // Of one part that is in no table.
  std::string scratch;
  std::array<TokenId, kKernelRoom> out;

 private:
  void use_buckets(unsigned bits);
  void use_long_entries(unsigned bits);

  MappedTable buckets_;
  MappedTable long_table_;
  std::vector<MappedTable> outgrown_;
  std::size_t entries_ = 0;
  std::size_t long_entries_ = 0;
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
