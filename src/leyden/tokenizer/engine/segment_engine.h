#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/engine/segment_coder.h"
#include "leyden/tokenizer/engine/segment_table.h"
#include "leyden/tokenizer/engine/workspace.h"

namespace leyden::tokenizer::engine {

// Text to IDs, segment by segment: finds where segments end, looks each up in the thread's own table, then in the seed that all
// threads share, and has `coder` encode what neither has. const and thread-safe: each call borrows a workspace. No
// allocation per call but the output's, once a workspace is there.
class SegmentEngine {
 public:
  // `seed` may be empty; it and `coder` outlive the engine.
  SegmentEngine(const Segmentation& segmentation, const SeedTable& seed, const SegmentCoder& coder,
                const MergeTables& merges, Isa isa);

  // Appends the IDs of `text`: valid UTF-8, normalized, without added tokens.
  void encode(std::string_view text, TokenIds& out) const;
  // The same up to the first segment that the coder declines: returns where it begins, or text.size().
  [[nodiscard]] std::size_t encode_some(std::string_view text, TokenIds& out) const;
  [[nodiscard]] std::size_t count(std::string_view text) const;
  // Of one segment, whatever it holds.
  void encode_segment(std::string_view segment, TokenIds& out) const;

 private:
  void begin(Workspace& workspace) const;
  template <class Take>
  std::size_t run(std::string_view text, Take&& take) const;
  // KernelContext::learn and miss.
  static void learn(KernelContext& context, SegmentEntry* entries, std::size_t count);
  static std::size_t miss(KernelContext& context, const char* text, std::size_t length,
                          TokenId* out);
  // What each_part() gives. Writes up to kKernelBytesMax IDs to `out`; more are in workspace.encoded only. Returns how many, or
  // kDeclined, more than that: the kernel stops there, too.
  static constexpr std::size_t kDeclined = std::size_t{1} << 62U;
  std::size_t encode_part(Workspace& workspace, std::string_view part, TokenId* out) const;

  Segmentation segmentation_;
  CharacterCuts cuts_;
  SeedTable seed_;
  const SegmentCoder& coder_;
  const Kernel& kernel_;
  mutable WorkspacePool pool_;
};

}  // namespace leyden::tokenizer::engine
