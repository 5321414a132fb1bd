#include "leyden/sandbox/kept_output.h"

#include <gtest/gtest.h>

namespace leyden::sandbox {
namespace {

TEST(KeptOutput, KeepsAllOfAShortOutput) {
  KeptOutput kept(8);
  kept.add("abc");
  kept.add("defgh");
  const Output output = kept.take();
  EXPECT_EQ(output.text, "abcdefgh");
  EXPECT_EQ(output.dropped_bytes, 0U);
}

TEST(KeptOutput, KeepsBothEndsOfALongOneHoweverItComes) {
  std::string all;
  for (int i = 0; i < 1000; ++i) all += static_cast<char>('a' + i % 26);
  for (const std::size_t piece : {1U, 3U, 7U, 500U, 1000U}) {
    KeptOutput kept(21);
    for (std::size_t i = 0; i < all.size(); i += piece) kept.add(all.substr(i, piece));
    const Output output = kept.take();
    EXPECT_TRUE(output.text.starts_with(all.substr(0, 11) + "\n[... 979 bytes")) << output.text;
    EXPECT_TRUE(output.text.ends_with("\n" + all.substr(990))) << output.text;
    EXPECT_EQ(output.total_bytes, 1000U);
    EXPECT_EQ(output.dropped_bytes, 979U);
  }
}

TEST(KeptOutput, NothingIsKeptOfALimitOfNothing) {
  KeptOutput kept(0);
  kept.add("abc");
  EXPECT_EQ(kept.take().dropped_bytes, 3U);
}

}  // namespace
}  // namespace leyden::sandbox
