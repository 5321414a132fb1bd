#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/engine/mapped_table.h"
#include "leyden/tokenizer/engine/merger.h"
#include "leyden/tokenizer/engine/recent_segments.h"

namespace leyden::tokenizer::engine {

// What one thread needs while it encodes: its table of recent segments, the merger's memory and room for IDs. Bounded: about
// 26 MiB, of which a thread touches what it needs, in steps of 2 MiB. Confined to one thread at a time.
struct Workspace {
  explicit Workspace(const MergeTables& tables);
  ~Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // The IDs of a segment that was remembered and not forgotten since; valid until the next remember().
  [[nodiscard]] std::optional<TokenIdsView> find(std::string_view segment) const;
  // Of up to RecentSegments::kBytesMax bytes and as many IDs; more are not kept. Something old may have to go.
  void remember(std::string_view segment, TokenIdsView ids);

  // As remember(), of a segment that may be there already.
  void learn(const SegmentEntry& entry) {
    if (find(entry) == nullptr) remember(entry);
  }

  static constexpr unsigned kBucketBits = 17;
  static constexpr unsigned kLongBits = 17;
  KernelContext context;
  const void* engine = nullptr;  // Whose KernelContext::miss this is.
  Merger merger;
  RecentSegments recent;
  TokenIds encoded;       // Of one part that is in no table.
  bool declined = false;  // By the coder, the last that it was asked for.
  std::string scratch;
  std::array<TokenId, kKernelRoom> out;

 private:
  void remember(const SegmentEntry& entry);
  void remember(const LongKey& key, TokenIdsView ids);
  [[nodiscard]] const SegmentEntry* find(const SegmentEntry& key) const;
  [[nodiscard]] const LongEntry* find(const LongKey& key) const;

  MappedTable buckets_;
  MappedTable long_entries_;
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
