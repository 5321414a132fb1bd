#include "leyden/cache/codec.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#define XXH_STATIC_LINKING_ONLY  // The state on the stack instead of in a malloc per value.
#include <xxhash.h>

namespace leyden::cache {
namespace {

// Offsets of docs/formats/token_block.md. All numbers are little-endian.
constexpr std::array<std::byte, 4> kMagic{std::byte{'L'}, std::byte{'T'}, std::byte{'B'},
                                          std::byte{1}};  // The last one is the version.
constexpr std::size_t kVocabularyAt = 4;
constexpr std::size_t kFingerprintAt = 8;
constexpr std::size_t kFingerprintSize = 8;
constexpr std::size_t kCountAt = 16;
constexpr std::size_t kChecksumAt = 20;
constexpr std::size_t kHeaderSize = 28;

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

template <class T>
void store(std::byte* to, T value) {
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof(value));
}

// At least one, so that the length of a value bounds its count.
unsigned bits_per_id(std::uint32_t vocabulary_size) {
  return vocabulary_size <= 2 ? 1U : static_cast<unsigned>(std::bit_width(vocabulary_size - 1));
}

std::uint64_t payload_size(std::uint64_t count, unsigned bits) { return (count * bits + 7) / 8; }

std::uint64_t checksum(const BlockKey& key, BytesView value) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, key.bytes.data(), key.bytes.size());
  XXH3_64bits_update(&state, value.data(), kChecksumAt);
  XXH3_64bits_update(&state, value.data() + kHeaderSize, value.size() - kHeaderSize);
  return XXH3_64bits_digest(&state);
}

TokenId largest(TokenIdsView ids) {
  TokenId out = 0;
  for (TokenId id : ids) out = std::max(out, id);
  return out;
}

[[noreturn]] void caller_bug(const char* what) {
  std::fprintf(stderr, "leyden::cache::encode_block: %s\n", what);
  std::abort();
}

}  // namespace

Bytes encode_block(const BlockKey& key, TokenIdsView ids, const CodecContext& context) {
  if (!ids.empty() && largest(ids) >= context.vocabulary_size) {
    caller_bug("an ID is outside the vocabulary");
  }
  if (ids.size() > std::numeric_limits<std::uint32_t>::max()) caller_bug("over 2^32 - 1 IDs");
  const unsigned bits = bits_per_id(context.vocabulary_size);
  Bytes out(kHeaderSize + payload_size(ids.size(), bits));
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  store(out.data() + kVocabularyAt, context.vocabulary_size);
  std::memcpy(out.data() + kFingerprintAt, context.tokenizer_fingerprint.bytes.data(),
              kFingerprintSize);
  store(out.data() + kCountAt, static_cast<std::uint32_t>(ids.size()));

  // Bits gather in `pending`, lowest first, and leave 32 at a time: it never holds more than 63.
  std::byte* to = out.data() + kHeaderSize;
  std::uint64_t pending = 0;
  unsigned held = 0;
  for (TokenId id : ids) {
    pending |= std::uint64_t{id} << held;
    held += bits;
    if (held >= 32) {
      store(to, static_cast<std::uint32_t>(pending));
      to += 4;
      pending >>= 32;
      held -= 32;
    }
  }
  for (; held > 0; held -= std::min(held, 8U)) {
    *to++ = static_cast<std::byte>(pending & 0xFFU);
    pending >>= 8;
  }
  assert(to == out.data() + out.size());
  store(out.data() + kChecksumAt, checksum(key, out));
  return out;
}

Result<TokenBlock> decode_block(const BlockKey& key, BytesView bytes, const CodecContext& context) {
  if (bytes.size() < kHeaderSize) {
    return fail(Errc::corrupt, "a value of {} bytes is shorter than its header", bytes.size());
  }
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return fail(Errc::corrupt, "not a token block of version {}", std::to_integer<int>(kMagic[3]));
  }
  if (load<std::uint32_t>(bytes.data() + kVocabularyAt) != context.vocabulary_size ||
      std::memcmp(bytes.data() + kFingerprintAt, context.tokenizer_fingerprint.bytes.data(),
                  kFingerprintSize) != 0) {
    return fail(Errc::corrupt, "a token block of another tokenizer");
  }
  const auto count = load<std::uint32_t>(bytes.data() + kCountAt);
  const unsigned bits = bits_per_id(context.vocabulary_size);
  const BytesView payload = bytes.subspan(kHeaderSize);
  if (payload.size() != payload_size(count, bits)) {
    return fail(Errc::corrupt, "a token block of {} IDs can't have {} bytes", count, bytes.size());
  }
  if (load<std::uint64_t>(bytes.data() + kChecksumAt) != checksum(key, bytes)) {
    return fail(Errc::corrupt, "a token block whose checksum is wrong");
  }

  TokenIds ids(count);
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::size_t i = 0;
  std::uint64_t bit = 0;
  // An ID begins at most 7 bits into a byte and has at most 32: one load of 8 bytes holds it whole.
  for (; i < count && bit / 8 + 8 <= payload.size(); ++i, bit += bits) {
    ids[i] =
        static_cast<TokenId>((load<std::uint64_t>(payload.data() + bit / 8) >> (bit % 8)) & mask);
  }
  for (; i < count; ++i, bit += bits) {
    std::array<std::byte, 8> tail{};
    std::memcpy(tail.data(), payload.data() + bit / 8, payload.size() - bit / 8);
    ids[i] = static_cast<TokenId>((load<std::uint64_t>(tail.data()) >> (bit % 8)) & mask);
  }
  if (bit % 8 != 0 && (std::to_integer<unsigned>(payload.back()) >> (bit % 8)) != 0) {
    return fail(Errc::corrupt, "a token block with bits after its last ID");
  }
  if (!ids.empty() && largest(ids) >= context.vocabulary_size) {
    return fail(Errc::corrupt, "a token block with an ID outside the vocabulary");
  }
  return make_block(std::move(ids));
}

}  // namespace leyden::cache
