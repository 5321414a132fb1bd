#include "leyden/cache/codec.h"

#include <random>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

Digest digest_of(std::string_view text) { return Hasher().field(text).finish(); }

CodecContext context_of(std::uint32_t vocabulary_size) {
  return {.tokenizer_fingerprint = digest_of("tokenizer"), .vocabulary_size = vocabulary_size};
}

TokenIds random_ids(std::size_t count, std::uint32_t vocabulary_size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<TokenId> id(0, vocabulary_size - 1);
  TokenIds ids(count);
  for (TokenId& each : ids) each = id(random);
  return ids;
}

TEST(Codec, RoundTripsEveryWidthAndLength) {
  const BlockKey key = digest_of("key");
  for (std::uint32_t vocabulary : {1U, 2U, 3U, 4U, 5U, 255U, 256U, 257U, 32'000U, 65'536U, 151'936U,
                                   200'019U, 262'144U, 262'145U, 1U << 31U, ~0U}) {
    for (std::size_t count : {0UL, 1UL, 2UL, 3UL, 7UL, 8UL, 9UL, 31UL, 32UL, 33UL, 64UL, 1000UL}) {
      TokenIds ids = random_ids(count, vocabulary, vocabulary + count);
      if (count > 0) ids.back() = vocabulary - 1;
      Bytes bytes = encode_block(key, ids, context_of(vocabulary));
      auto decoded = decode_block(key, bytes, context_of(vocabulary));
      ASSERT_TRUE(decoded) << decoded.error().message << ' ' << vocabulary << ' ' << count;
      ASSERT_EQ(**decoded, ids) << vocabulary << ' ' << count;
    }
  }
}

TEST(Codec, PacksToTheBitsOfTheVocabulary) {
  const TokenIds ids = random_ids(1000, 262'144, 1);
  EXPECT_EQ(encode_block(digest_of("k"), ids, context_of(262'144)).size(), 28U + 1000 * 18 / 8);
  EXPECT_EQ(encode_block(digest_of("k"), {}, context_of(262'144)).size(), 28U);
}

// docs/formats/token_block.md shows these bytes: a change of the format must change its version.
TEST(Codec, TheBytesArePinned) {
  CodecContext context;
  context.vocabulary_size = 262'144;
  for (std::size_t i = 0; i < 32; ++i) {
    context.tokenizer_fingerprint.bytes[i] = static_cast<std::byte>(i);
  }
  Bytes bytes = encode_block(BlockKey{}, TokenIds{1, 2, 262'143}, context);
  std::string hex;
  for (std::byte b : bytes) hex += fmt::format("{:02x}", std::to_integer<unsigned>(b));
  EXPECT_EQ(hex,
            "4c544201"
            "00000400"
            "0001020304050607"
            "03000000"
            "2e13f338f85522e0"
            "01000800f0ff3f");
}

TEST(Codec, EveryFlippedBitIsDetected) {
  const BlockKey key = digest_of("key");
  const CodecContext context = context_of(151'936);
  const Bytes good = encode_block(key, random_ids(301, 151'936, 7), context);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    auto decoded = decode_block(key, bad, context);
    ASSERT_FALSE(decoded) << "bit " << bit;
    ASSERT_EQ(decoded.error().code, Errc::corrupt);
  }
}

TEST(Codec, EveryTruncationAndEveryTailIsDetected) {
  const BlockKey key = digest_of("key");
  const CodecContext context = context_of(151'936);
  const Bytes good = encode_block(key, random_ids(64, 151'936, 8), context);
  for (std::size_t size = 0; size < good.size(); ++size) {
    // A copy of exactly that size, so that the sanitizer sees a read past it.
    Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_FALSE(decode_block(key, cut, context)) << size;
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode_block(key, longer, context));
}

TEST(Codec, ForeignKeyTokenizerVocabularyAndVersionAreRejected) {
  const BlockKey key = digest_of("key");
  const CodecContext context = context_of(1000);
  const Bytes good = encode_block(key, random_ids(10, 1000, 9), context);
  EXPECT_TRUE(decode_block(key, good, context));
  EXPECT_FALSE(decode_block(digest_of("other key"), good, context));
  CodecContext other = context;
  other.tokenizer_fingerprint = digest_of("other tokenizer");
  EXPECT_FALSE(decode_block(key, good, other));
  other = context;
  other.vocabulary_size = 1001;  // As many bits, another vocabulary.
  EXPECT_FALSE(decode_block(key, good, other));
  Bytes newer = good;
  newer[3] = std::byte{2};
  EXPECT_FALSE(decode_block(key, newer, context));
}

Integrity keyed(std::uint8_t number = 1) { return Integrity::keyed(Secret{std::byte{number}}); }

TEST(CodecWithMac, RoundTripsAndCostsTwoAndAHalfBytesPerId) {
  const BlockKey key = digest_of("key");
  for (std::uint32_t vocabulary : {1U, 2U, 151'936U, 262'144U, ~0U}) {
    for (std::size_t count : {0UL, 1UL, 7UL, 8UL, 33UL, 192UL, 4096UL}) {
      TokenIds ids = random_ids(count, vocabulary, vocabulary + count);
      const Bytes bytes = encode_block(key, ids, context_of(vocabulary), keyed());
      auto decoded = decode_block(key, bytes, context_of(vocabulary), keyed());
      ASSERT_TRUE(decoded) << decoded.error().message << ' ' << vocabulary << ' ' << count;
      ASSERT_EQ(**decoded, ids);
      if (count >= 192 && vocabulary <= 262'144) {
        EXPECT_LE(bytes.size() * 2, count * 5);
      }
    }
  }
}

TEST(CodecWithMac, EveryFlippedBitAndEveryOtherLengthIsDetected) {
  const BlockKey key = digest_of("key");
  const CodecContext context = context_of(151'936);
  const Bytes good = encode_block(key, random_ids(101, 151'936, 7), context, keyed());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    auto decoded = decode_block(key, bad, context, keyed());
    ASSERT_FALSE(decoded) << "bit " << bit;
    ASSERT_EQ(decoded.error().code, Errc::corrupt);
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_FALSE(decode_block(key, cut, context, keyed())) << size;
  }
}

TEST(CodecWithMac, OnlyTheSameSecretNameAndWayPass) {
  const BlockKey key = digest_of("key");
  const CodecContext context = context_of(1000);
  const TokenIds ids = random_ids(10, 1000, 9);
  const Bytes sealed = encode_block(key, ids, context, keyed());
  EXPECT_TRUE(decode_block(key, sealed, context, keyed()));
  EXPECT_FALSE(decode_block(key, sealed, context, keyed(2)));
  EXPECT_FALSE(decode_block(digest_of("other key"), sealed, context, keyed()));
  EXPECT_FALSE(decode_block(key, sealed, context));
  // Nobody gets around the MAC by writing the variant that needs no secret.
  EXPECT_FALSE(decode_block(key, encode_block(key, ids, context), context, keyed()));
  // No nonce twice.
  EXPECT_NE(encode_block(key, ids, context, keyed()), sealed);
}

// Made by another implementation: Python's hashlib and cryptography. docs/formats/token_block.md has the bytes.
TEST(CodecWithMac, TheBytesArePinned) {
  CodecContext context;
  context.vocabulary_size = 262'144;
  for (std::size_t i = 0; i < 32; ++i) {
    context.tokenizer_fingerprint.bytes[i] = static_cast<std::byte>(i);
  }
  constexpr std::string_view kHex =
      "4c544202"
      "00000400"
      "0001020304050607"
      "03000000"
      "a0a1a2a3a4a5a6a7a8a9aaab"
      "a568c0f938985d5dacedd58e03546d1d"
      "01000800f0ff3f";
  Bytes bytes;
  for (std::size_t i = 0; i < kHex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(kHex.substr(i, 2)), nullptr, 16)));
  }
  auto decoded = decode_block(BlockKey{}, bytes, context, Integrity::keyed(Secret{}));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(**decoded, (TokenIds{1, 2, 262'143}));
}

TEST(Codec, NoVocabularyHoldsOnlyNothing) {
  const CodecContext none = context_of(0);
  Bytes bytes = encode_block(BlockKey{}, {}, none);
  auto decoded = decode_block(BlockKey{}, bytes, none);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE((*decoded)->empty());
}

TEST(CodecDeathTest, AnIdOutsideTheVocabularyAborts) {
  const TokenIds ids{5};
  EXPECT_DEATH((void)encode_block(BlockKey{}, ids, context_of(5)), "outside the vocabulary");
}

}  // namespace
}  // namespace leyden::cache
