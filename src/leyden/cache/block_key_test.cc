#include "leyden/cache/block_key.h"

#include <set>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

Digest digest_of(std::string_view text) { return Hasher().field(text).finish(); }

Secret secret_of(std::uint8_t fill) {
  Secret secret{};
  secret.fill(static_cast<std::byte>(fill));
  return secret;
}

BlockKeyFields fields() {
  return {.tenant = "acme",
          .tokenizer_fingerprint = digest_of("tokenizer"),
          .segment_format = 1,
          .content = digest_of("text")};
}

TEST(BlockKey, EveryFieldAndTheSecretChangeTheName) {
  std::set<BlockKey> names;
  names.insert(block_key(secret_of(1), fields()));
  names.insert(block_key(secret_of(2), fields()));
  auto other = fields();
  other.tenant = "acmf";
  names.insert(block_key(secret_of(1), other));
  other = fields();
  other.tenant = "";
  names.insert(block_key(secret_of(1), other));
  other = fields();
  other.tokenizer_fingerprint = digest_of("tokenizer 2");
  names.insert(block_key(secret_of(1), other));
  other = fields();
  other.segment_format = 2;
  names.insert(block_key(secret_of(1), other));
  other = fields();
  other.content = digest_of("text 2");
  names.insert(block_key(secret_of(1), other));
  // Fields swapped: the same bytes at other places.
  other = fields();
  std::swap(other.content, other.tokenizer_fingerprint);
  names.insert(block_key(secret_of(1), other));
  EXPECT_EQ(names.size(), 8U);
  EXPECT_EQ(block_key(secret_of(1), fields()), block_key(secret_of(1), fields()));
}

// A change here orphans every stored value: raise kBlockKeyVersion on purpose, not by accident.
TEST(BlockKey, TheNameIsPinned) {
  // python3: b = lambda *fs: hashlib.blake2b(b"".join(struct.pack("<Q", len(f)) + f for f in fs),
  // key=k, digest_size=32) where numbers are 8 bytes little-endian and digest_of(t) is blake2b-512
  // of one field, cut to 32 bytes.
  EXPECT_EQ(block_key(secret_of(7), fields()).hex(),
            "ad5e910846ffb7ec21692d4de4d649298e622e47b94b3c68bcd66ff2d69580f6");
}

}  // namespace
}  // namespace leyden::cache
