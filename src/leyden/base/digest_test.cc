#include "leyden/base/digest.h"

#include <gtest/gtest.h>

namespace leyden {
namespace {

Secret key_of(unsigned char value) {
  Secret key;
  key.fill(static_cast<std::byte>(value));
  return key;
}

TEST(Digest, FieldsAreToldApart) {
  EXPECT_NE(Hasher().field("ab").field("c").finish(), Hasher().field("a").field("bc").finish());
  EXPECT_NE(Hasher().field("").field("a").finish(), Hasher().field("a").field("").finish());
  EXPECT_EQ(Hasher().field("a").field("b").finish(), Hasher().field("a").field("b").finish());
}

TEST(Digest, AnotherKeyIsAnotherName) {
  auto name = [](unsigned char key) { return Hasher(key_of(key)).field("text").finish(); };
  EXPECT_EQ(name(1), name(1));
  EXPECT_NE(name(1), name(2));
  EXPECT_NE(name(1), Hasher().field("text").finish());
}

TEST(Digest, HexGoesThereAndBack) {
  Digest digest = Hasher().field("leyden").finish();
  ASSERT_EQ(digest.hex().size(), 64U);
  EXPECT_EQ(Digest::from_hex(digest.hex()).value(), digest);
  EXPECT_FALSE(Digest::from_hex("zz"));
  EXPECT_FALSE(Digest::from_hex(std::string(63, 'a') + "g"));
}

// python3: hashlib.blake2b((3).to_bytes(8,"little") + b"abc").digest()[:32].hex(), and the same with
// digest_size=32, key=bytes(32).
TEST(Digest, IsBlake2bAsOthersComputeIt) {
  EXPECT_EQ(Hasher().field("abc").finish().hex(),
            "139554ef5d1694989effaaea7c7dcd8b28002f2759cdd9ee70a65c49d8288297");
  EXPECT_EQ(Hasher(key_of(0)).field("abc").finish().hex(),
            "3bba32bfd20ed259fc7dd5b8b75a0d3c489c8510f26b4480d4b78d3164f03fb3");
}

}  // namespace
}  // namespace leyden
