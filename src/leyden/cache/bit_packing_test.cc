#include "leyden/cache/bit_packing.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

// Bit by bit, as the format's page has it.
Bytes packed_plainly(TokenIdsView ids, unsigned bits) {
  Bytes out(packed_size(ids.size(), bits));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    for (unsigned b = 0; b < bits; ++b) {
      const std::size_t k = i * bits + b;
      if ((ids[i] >> b & 1U) != 0) out[k / 8] |= static_cast<std::byte>(1U << (k % 8));
    }
  }
  return out;
}

TEST(BitPacking, EveryWidthAndLengthAgreesWithTheFormat) {
  std::mt19937_64 random(1);
  for (unsigned bits = 1; bits <= 32; ++bits) {
    for (std::size_t count = 0; count < 140; ++count) {
      TokenIds ids(count);
      TokenId largest = 0;
      for (TokenId& id : ids) {
        id = static_cast<TokenId>(random() & ((std::uint64_t{1} << bits) - 1));
        largest = std::max(largest, id);
      }
      // Of exactly that size, so that the sanitizers see a read or a write past it.
      Bytes packed(packed_size(count, bits));
      pack(ids, bits, packed.data());
      ASSERT_EQ(packed, packed_plainly(ids, bits)) << bits << ' ' << count;
      TokenIds fast(count);
      ASSERT_EQ(unpack(packed, bits, fast), largest);
      ASSERT_EQ(fast, ids) << bits << ' ' << count;
      TokenIds plain(count);
      ASSERT_EQ(unpack_portable(packed, bits, plain), largest);
      ASSERT_EQ(plain, ids) << bits << ' ' << count;
    }
  }
}

TEST(BitPacking, BitsPerId) {
  EXPECT_EQ(bits_per_id(0), 1U);
  EXPECT_EQ(bits_per_id(1), 1U);
  EXPECT_EQ(bits_per_id(2), 1U);
  EXPECT_EQ(bits_per_id(3), 2U);
  EXPECT_EQ(bits_per_id(262'144), 18U);
  EXPECT_EQ(bits_per_id(262'145), 19U);
  EXPECT_EQ(bits_per_id(~0U), 32U);
}

}  // namespace
}  // namespace leyden::cache
