#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/segment_table.h"
#include "leyden/tokenizer/engine/workspace.h"

namespace leyden::tokenizer::engine {

// All that ByteLevelEngine looks at while it encodes. Views: of an image or of heap memory that the caller keeps.
struct ByteLevelTables {
  Pattern pattern{};
  MergeTables merges;
  std::span<const SegmentBucket> seed;
  // Tokens that are only made as whole pretokens, longer than an entry of the seed. Sorted by bytes.
  std::vector<std::pair<std::string_view, TokenId>> whole;
  std::uint64_t missing_bytes[4] = {};  // A bit for each byte that is no token: it is left out of the text.
  bool any_missing = false;
};

// Byte-level BPE for the patterns that we know and vocabularies whose proof holds: finds pretokens, looks them up, and
// encodes by backtracking what it does not find. const and thread-safe: each call borrows a workspace.
class ByteLevelEngine {
 public:
  ByteLevelEngine(ByteLevelTables tables, Isa isa);

  // Appends the IDs of `text`: valid UTF-8, normalized, without added tokens.
  void encode(std::string_view text, TokenIds& out) const;
  [[nodiscard]] std::size_t count(std::string_view text) const;

 private:
  template <class Take>
  void run(std::string_view text, Take&& take) const;
  static std::size_t miss(KernelContext& context, const char* text, std::size_t length, TokenId* out);
  // The IDs of one pretoken that is in no table: in workspace.ids or, up to 63 bytes, in `out`.
  std::size_t encode_segment(Workspace& workspace, std::string_view segment, TokenId* out) const;

  ByteLevelTables tables_;
  SeedTable seed_;
  const Kernel& kernel_;
  mutable WorkspacePool pool_;
};

// The entries of the seed table for a vocabulary: every token of up to 15 bytes that is made as a whole pretoken.
[[nodiscard]] std::vector<SegmentEntry> seed_entries(const BpeSpec& spec, const MergeTables& tables);

}  // namespace leyden::tokenizer::engine
