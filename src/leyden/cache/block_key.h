#pragma once

#include <cstdint>
#include <string_view>

#include "leyden/base/digest.h"

namespace leyden::cache {

// The name of a passage's token IDs: keyed BLAKE2b-256 over length-prefixed (format version,
// tenant, tokenizer fingerprint, segment format, content digest). Names can't go stale: other text,
// another tokenizer or another layout is another name. Nobody without the secret can compute or
// test one.
using BlockKey = Digest;
using BlockKeyHash = DigestHash;

inline constexpr std::uint32_t kBlockKeyVersion = 1;

struct BlockKeyFields {
  std::string_view tenant;
  Digest tokenizer_fingerprint;
  std::uint32_t segment_format =
      0;           // prompt::kSegmentFormat: how the text was laid out before encoding.
  Digest content;  // Digest of the segment's text.
};
[[nodiscard]] BlockKey block_key(const Secret& secret, const BlockKeyFields& fields);

}  // namespace leyden::cache
