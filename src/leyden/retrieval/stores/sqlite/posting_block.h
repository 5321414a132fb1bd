#pragma once

#include <cstdint>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::retrieval {

// One word in one passage.
struct Posting {
  std::int64_t passage = 0;
  std::uint32_t frequency = 0;   // Weighted, in halves: bm25.h.
  std::uint8_t length_code = 0;  // Of the passage: bm25::length_code.
  bool operator==(const Posting&) const = default;
};

// A full block holds this many; a word's newest postings wait in its `tail` until they fill one.
inline constexpr std::size_t kBlockPostings = 128;

// docs/formats/index.md. Postings are in ascending order of their passages.
[[nodiscard]] Bytes encode_postings(const std::vector<Posting>& postings);
// Replaces `out`. Errors: corrupt. At most `kBlockPostings` are ever in one.
[[nodiscard]] Result<void> decode_postings(BytesView block, std::vector<Posting>& out);

}  // namespace leyden::retrieval
