#include "leyden/cache/memory/ghosts.h"

#include <gtest/gtest.h>

#include "leyden/cache/testing/numbered.h"

namespace leyden::cache {
namespace {

using testing::key_of;

TEST(Ghosts, AreTakenOnceAndAsTheyWereLast) {
  Ghosts ghosts;
  ghosts.add(key_of(1), {Ghosts::From::small, 5});
  EXPECT_FALSE(ghosts.take(key_of(1)));  // No room yet.
  ghosts.resize(16);
  EXPECT_FALSE(ghosts.take(key_of(1)));
  ghosts.add(key_of(1), {Ghosts::From::small, 5});
  ghosts.add(key_of(1), {Ghosts::From::main, Ghosts::kStampMask});
  const auto ghost = ghosts.take(key_of(1));
  ASSERT_TRUE(ghost);
  EXPECT_EQ(ghost->from, Ghosts::From::main);
  EXPECT_EQ(ghost->stamp, Ghosts::kStampMask);
  EXPECT_FALSE(ghosts.take(key_of(1)));
}

TEST(Ghosts, TheOldestOfASetGoesFirst) {
  Ghosts ghosts;
  ghosts.resize(8);
  for (std::uint32_t i = 0; i < 20; ++i) ghosts.add(key_of(i), {Ghosts::From::small, i});
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto ghost = ghosts.take(key_of(i));
    ASSERT_EQ(ghost.has_value(), i >= 12) << i;
    if (ghost) {
      EXPECT_EQ(ghost->stamp, i);
    }
  }
}

TEST(Ghosts, GrowingKeepsThemInOrder) {
  Ghosts ghosts;
  ghosts.resize(8);
  for (std::uint32_t i = 0; i < 8; ++i) ghosts.add(key_of(i), {Ghosts::From::small, i});
  ghosts.resize(8192);
  for (std::uint32_t i = 100; i < 1000; ++i) ghosts.add(key_of(i), {Ghosts::From::main, i});
  for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(ghosts.take(key_of(i))->stamp, i);
  std::uint32_t lost = 0;
  for (std::uint32_t i = 100; i < 1000; ++i) lost += ghosts.take(key_of(i)) ? 0 : 1;
  EXPECT_EQ(lost, 0U);
  ghosts.resize(0);
  EXPECT_FALSE(ghosts.take(key_of(1)));
}

}  // namespace
}  // namespace leyden::cache
