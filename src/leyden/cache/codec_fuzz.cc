// Property: for any bytes, decode_block neither crashes nor reads outside them, and what it accepts
// is byte for byte what encode_block writes for the IDs that it returned. For any IDs,
// decode(encode(ids)) == ids.
//
// The first byte chooses: raw bytes; bytes whose checksum is repaired first, so that the checks
// behind it are reached; or IDs to round-trip. The next four are the vocabulary size, forced to
// agree with the header.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <xxhash.h>

#include "leyden/cache/codec.h"

using namespace leyden;
using namespace leyden::cache;

namespace {

// Written apart from codec.cc on purpose: one shot over a copy instead of a stream.
void repair_checksum(const BlockKey& key, Bytes& value) {
  if (value.size() < 28) return;
  Bytes all(key.bytes.begin(), key.bytes.end());
  all.insert(all.end(), value.begin(), value.begin() + 20);
  all.insert(all.end(), value.begin() + 28, value.end());
  const std::uint64_t sum = XXH3_64bits(all.data(), all.size());
  for (unsigned i = 0; i < 8; ++i) value[20 + i] = static_cast<std::byte>(sum >> (8 * i));
}

void check_decode(const BlockKey& key, const Bytes& value, const CodecContext& context) {
  auto decoded = decode_block(key, value, context);
  if (!decoded) {
    if (decoded.error().code != Errc::corrupt) std::abort();
    return;
  }
  if (encode_block(key, **decoded, context) != value) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  const unsigned mode = data[0] % 3;
  std::uint32_t vocabulary = 0;
  std::memcpy(&vocabulary, data + 1, sizeof(vocabulary));
  BytesView rest(reinterpret_cast<const std::byte*>(data) + 5, size - 5);
  CodecContext context;
  context.vocabulary_size = vocabulary;
  BlockKey key;
  key.bytes[0] = std::byte{data[0]};

  if (mode == 2) {
    if (vocabulary == 0) return 0;
    TokenIds ids(rest.size() / sizeof(TokenId));
    if (!ids.empty()) std::memcpy(ids.data(), rest.data(), ids.size() * sizeof(TokenId));
    for (TokenId& id : ids) id %= vocabulary;
    auto decoded = decode_block(key, encode_block(key, ids, context), context);
    if (!decoded || **decoded != ids) std::abort();
    return 0;
  }
  Bytes value(rest.begin(), rest.end());
  if (mode == 1 && value.size() >= 28) {
    std::memcpy(value.data(), "LTB\1", 4);
    std::memcpy(value.data() + 4, &vocabulary, sizeof(vocabulary));
    std::ranges::fill(value.begin() + 8, value.begin() + 16, std::byte{0});
    repair_checksum(key, value);
  }
  check_decode(key, value, context);
  return 0;
}
