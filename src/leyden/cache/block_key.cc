#include "leyden/cache/block_key.h"

namespace leyden::cache {

BlockKey block_key(const Secret& secret, const BlockKeyFields& fields) {
  // The label keeps these names apart from whatever else is hashed under the same secret.
  return Hasher(secret)
      .field("leyden block key")
      .field(std::uint64_t{kBlockKeyVersion})
      .field(fields.tenant)
      .field(fields.tokenizer_fingerprint)
      .field(std::uint64_t{fields.segment_format})
      .field(fields.content)
      .finish();
}

}  // namespace leyden::cache
