// Property: for any bytes, decode_block neither crashes nor reads outside them, and what it accepts
// is byte for byte what encode_block writes for the IDs that it returned, but for the nonce and the
// tag of a MAC. For any IDs, decode(encode(ids)) == ids. What is proven one way does not pass the other.
//
// The first byte chooses: raw bytes; bytes whose checksum or MAC is repaired first, so that the checks
// behind it are reached; or IDs to round-trip; each of them with a checksum or with a MAC. The next
// four are the vocabulary size, forced to agree with the header.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include "leyden/cache/codec.h"

using namespace leyden;
using namespace leyden::cache;

namespace {

constexpr std::size_t kProofAt = 20;

std::size_t header_size(const Integrity& integrity) { return integrity.is_keyed() ? 48 : 28; }

Bytes covered(const BlockKey& key, const Bytes& value, std::size_t header) {
  Bytes all(key.bytes.begin(), key.bytes.end());
  all.insert(all.end(), value.begin(), value.begin() + kProofAt);
  all.insert(all.end(), value.begin() + static_cast<std::ptrdiff_t>(header), value.end());
  return all;
}

// Both written apart from codec.cc on purpose: in one shot over a copy, and by OpenSSL's other
// interface.
void repair_checksum(const BlockKey& key, Bytes& value) {
  const Bytes all = covered(key, value, 28);
  const std::uint64_t sum = XXH3_64bits(all.data(), all.size());
  for (unsigned i = 0; i < 8; ++i) value[kProofAt + i] = static_cast<std::byte>(sum >> (8 * i));
}

void repair_mac(const Integrity& integrity, const BlockKey& key, Bytes& value) {
  const Bytes all = covered(key, value, 48);
  char cipher[] = "AES-256-GCM";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, value.data() + kProofAt, 12),
      OSSL_PARAM_construct_end()};
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "GMAC", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(algorithm);
  std::size_t size = 0;
  if (EVP_MAC_init(context, reinterpret_cast<const unsigned char*>(integrity.key().data()), 32,
                   parameters) != 1 ||
      EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(all.data()), all.size()) !=
          1 ||
      EVP_MAC_final(context, reinterpret_cast<unsigned char*>(value.data() + kProofAt + 12), &size,
                    16) != 1) {
    std::abort();
  }
  EVP_MAC_CTX_free(context);
}

void check_decode(const BlockKey& key, const Bytes& value, const CodecContext& context,
                  const Integrity& integrity) {
  auto decoded = decode_block(key, value, context, integrity);
  if (!decoded) {
    if (decoded.error().code != Errc::corrupt) std::abort();
    return;
  }
  Bytes again = encode_block(key, **decoded, context, integrity);
  if (again.size() != value.size()) std::abort();
  if (integrity.is_keyed()) {
    std::copy_n(value.begin() + kProofAt, 28, again.begin() + kProofAt);
  }
  if (again != value) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  static const Integrity keyed = Integrity::keyed(Secret{std::byte{7}});
  static const Integrity plain;
  const bool with_mac = data[0] % 6 >= 3;
  const Integrity& integrity = with_mac ? keyed : plain;
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
    const Bytes value = encode_block(key, ids, context, integrity);
    auto decoded = decode_block(key, value, context, integrity);
    if (!decoded || **decoded != ids) std::abort();
    if (decode_block(key, value, context, with_mac ? plain : keyed)) std::abort();
    return 0;
  }
  Bytes value(rest.begin(), rest.end());
  if (mode == 1 && value.size() >= header_size(integrity)) {
    std::memcpy(value.data(), with_mac ? "LTB\2" : "LTB\1", 4);
    std::memcpy(value.data() + 4, &vocabulary, sizeof(vocabulary));
    std::ranges::fill(value.begin() + 8, value.begin() + 16, std::byte{0});
    if (with_mac) {
      repair_mac(integrity, key, value);
    } else {
      repair_checksum(key, value);
    }
  }
  check_decode(key, value, context, integrity);
  return 0;
}
