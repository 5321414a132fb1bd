#include "leyden/cache/codec.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#define XXH_STATIC_LINKING_ONLY  // The state on the stack instead of in a malloc per value.
#include <xxhash.h>

#include "leyden/cache/bit_packing.h"

namespace leyden::cache {
namespace {

// Offsets of docs/formats/token_block.md. All numbers are little-endian.
constexpr std::array<std::byte, 3> kMagic{std::byte{'L'}, std::byte{'T'}, std::byte{'B'}};
constexpr std::size_t kVersionAt = 3;
constexpr std::size_t kVocabularyAt = 4;
constexpr std::size_t kFingerprintAt = 8;
constexpr std::size_t kFingerprintSize = 8;
constexpr std::size_t kCountAt = 16;
constexpr std::size_t kProofAt = 20;  // Covered are the key, what is before and what is after it.

// The versions differ in nothing but the proof.
struct Layout {
  std::byte version{};
  std::size_t header_size = 0;
};
constexpr Layout kWithChecksum{std::byte{1}, kProofAt + sizeof(std::uint64_t)};
constexpr Layout kWithMac{std::byte{2}, kProofAt + sizeof(GmacNonce) + sizeof(GmacTag)};

const Layout& layout_of(const Integrity& integrity) {
  return integrity.is_keyed() ? kWithMac : kWithChecksum;
}

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

std::uint64_t checksum(const BlockKey& key, BytesView value) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, key.bytes.data(), key.bytes.size());
  XXH3_64bits_update(&state, value.data(), kProofAt);
  const BytesView payload = value.subspan(kWithChecksum.header_size);
  XXH3_64bits_update(&state, payload.data(), payload.size());
  return XXH3_64bits_digest(&state);
}

GmacTag mac(const Integrity& integrity, const GmacNonce& nonce, const BlockKey& key,
            BytesView value) {
  return gmac(integrity.key(), nonce,
              {key.bytes, value.first(kProofAt), value.subspan(kWithMac.header_size)});
}

void prove(const Integrity& integrity, const BlockKey& key, Bytes& value) {
  std::byte* proof = value.data() + kProofAt;
  if (!integrity.is_keyed()) return store(proof, checksum(key, value));
  const GmacNonce nonce = random_nonce();
  const GmacTag tag = mac(integrity, nonce, key, value);
  std::ranges::copy(nonce, proof);
  std::ranges::copy(tag, proof + nonce.size());
}

bool is_proven(const Integrity& integrity, const BlockKey& key, BytesView value) {
  const std::byte* proof = value.data() + kProofAt;
  if (!integrity.is_keyed()) return load<std::uint64_t>(proof) == checksum(key, value);
  GmacNonce nonce{};
  GmacTag tag{};
  std::memcpy(nonce.data(), proof, nonce.size());
  std::memcpy(tag.data(), proof + nonce.size(), tag.size());
  return equal(tag, mac(integrity, nonce, key, value));
}

[[noreturn]] void caller_bug(const char* what) {
  std::fprintf(stderr, "leyden::cache::encode_block: %s\n", what);
  std::abort();
}

}  // namespace

Bytes encode_block(const BlockKey& key, TokenIdsView ids, const CodecContext& context,
                   const Integrity& integrity) {
  if (!ids.empty() && *std::ranges::max_element(ids) >= context.vocabulary_size) {
    caller_bug("an ID is outside the vocabulary");
  }
  if (ids.size() > std::numeric_limits<std::uint32_t>::max()) caller_bug("over 2^32 - 1 IDs");
  const Layout& layout = layout_of(integrity);
  const unsigned bits = bits_per_id(context.vocabulary_size);
  Bytes out(layout.header_size + packed_size(ids.size(), bits));
  std::ranges::copy(kMagic, out.data());
  out[kVersionAt] = layout.version;
  store(out.data() + kVocabularyAt, context.vocabulary_size);
  std::memcpy(out.data() + kFingerprintAt, context.tokenizer_fingerprint.bytes.data(),
              kFingerprintSize);
  store(out.data() + kCountAt, static_cast<std::uint32_t>(ids.size()));
  pack(ids, bits, out.data() + layout.header_size);
  prove(integrity, key, out);
  return out;
}

Result<TokenBlock> decode_block(const BlockKey& key, BytesView bytes, const CodecContext& context,
                                const Integrity& integrity) {
  const Layout& layout = layout_of(integrity);
  if (bytes.size() < layout.header_size) {
    return fail(Errc::corrupt, "a value of {} bytes is shorter than its header", bytes.size());
  }
  if (!std::ranges::equal(kMagic, bytes.first(kMagic.size())) ||
      bytes[kVersionAt] != layout.version) {
    return fail(Errc::corrupt, "not a token block of version {}",
                std::to_integer<int>(layout.version));
  }
  if (load<std::uint32_t>(bytes.data() + kVocabularyAt) != context.vocabulary_size ||
      std::memcmp(bytes.data() + kFingerprintAt, context.tokenizer_fingerprint.bytes.data(),
                  kFingerprintSize) != 0) {
    return fail(Errc::corrupt, "a token block of another tokenizer");
  }
  const auto count = load<std::uint32_t>(bytes.data() + kCountAt);
  const unsigned bits = bits_per_id(context.vocabulary_size);
  const BytesView payload = bytes.subspan(layout.header_size);
  if (payload.size() != packed_size(count, bits)) {
    return fail(Errc::corrupt, "a token block of {} IDs can't have {} bytes", count, bytes.size());
  }
  if (!is_proven(integrity, key, bytes)) {
    return fail(Errc::corrupt, "a token block whose {} is wrong",
                integrity.is_keyed() ? "MAC" : "checksum");
  }

  TokenIds ids(count);
  const TokenId largest = unpack(payload, bits, ids);
  const unsigned used = static_cast<unsigned>(std::uint64_t{count} * bits % 8);
  if (used != 0 && (std::to_integer<unsigned>(payload.back()) >> used) != 0) {
    return fail(Errc::corrupt, "a token block with bits after its last ID");
  }
  if (count > 0 && largest >= context.vocabulary_size) {
    return fail(Errc::corrupt, "a token block with an ID outside the vocabulary");
  }
  return make_block(std::move(ids));
}

}  // namespace leyden::cache
