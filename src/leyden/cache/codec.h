#pragma once

#include <cstdint>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/cache/block_key.h"
#include "leyden/cache/integrity.h"
#include "leyden/cache/token_block.h"

namespace leyden::cache {

// A TokenBlock as bytes for stores: header (format version, first 8 bytes of the tokenizer
// fingerprint, vocabulary size, count), IDs packed with as many bits as the vocabulary needs (18
// for 262,144), and a checksum or a MAC over key + header + payload, so that a value under a
// foreign key is detected. From 192 IDs on at most 2.5 bytes each. docs/formats/token_block.md.
struct CodecContext {
  Digest tokenizer_fingerprint;
  std::uint32_t vocabulary_size = 0;  // IDs are below it; checked on both ways.
};

// An ID outside the vocabulary is a bug of the caller's: the process aborts, in every build,
// because cut to its low bits it would be stored as another ID with a valid checksum.
[[nodiscard]] Bytes encode_block(const BlockKey& key, TokenIdsView ids, const CodecContext& context,
                                 const Integrity& integrity = {});

// Errors: corrupt, for anything that encode_block would not have written for this key and context:
// other version, other tokenizer, wrong length, wrong checksum or MAC, the other of the two, an ID
// outside the vocabulary. Never reads outside `bytes`, and never allocates more than 32 times their size.
[[nodiscard]] Result<TokenBlock> decode_block(const BlockKey& key, BytesView bytes,
                                              const CodecContext& context,
                                              const Integrity& integrity = {});

}  // namespace leyden::cache
