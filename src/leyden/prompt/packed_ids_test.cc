#include "leyden/prompt/packed_ids.h"

#include <gtest/gtest.h>

namespace leyden::prompt {
namespace {

TEST(PackedIds, ComeBackFromTheNarrowestWidthThatHoldsTheVocabulary) {
  for (const auto& [vocabulary, width] : {std::pair<std::size_t, std::size_t>{1, 2},
                                          {65'536, 2},
                                          {65'537, 3},
                                          {1 << 24, 3},
                                          {(1 << 24) + 1, 4}}) {
    EXPECT_EQ(bytes_per_id(vocabulary), width);
    const TokenIds ids = {0, static_cast<TokenId>(vocabulary - 1),
                          static_cast<TokenId>(vocabulary / 2)};
    const Bytes packed = pack_ids(ids, width);
    EXPECT_EQ(packed.size(), ids.size() * width);
    TokenIds back = {7};
    unpack_ids(packed, width, back);
    EXPECT_EQ(back, (TokenIds{7, ids[0], ids[1], ids[2]}));
  }
  TokenIds none;
  unpack_ids({}, 3, none);
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(pack_ids({}, 3).empty());
}

}  // namespace
}  // namespace leyden::prompt
