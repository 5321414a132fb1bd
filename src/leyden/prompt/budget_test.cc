#include "leyden/prompt/budget.h"

#include <limits>

#include <gtest/gtest.h>

namespace leyden::prompt {
namespace {

using Indices = std::vector<std::size_t>;

TEST(Budget, KeepsWholePassagesByRank) {
  BudgetChoice choice = choose_within_budget(Indices{50, 100, 30, 20}, 100);
  EXPECT_EQ(choice.kept, (Indices{0, 2, 3}));
  EXPECT_EQ(choice.dropped, (Indices{1}));
  EXPECT_EQ(choice.tokens, 100U);
}

TEST(Budget, NothingFitsIntoNothing) {
  EXPECT_TRUE(choose_within_budget(Indices{1}, 0).kept.empty());
  EXPECT_EQ(choose_within_budget(Indices{0}, 0).kept, Indices{0});
  EXPECT_TRUE(choose_within_budget({}, 10).kept.empty());
}

TEST(Budget, HugeLengthsDoNotOverflow) {
  std::size_t huge = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(choose_within_budget(Indices{5, huge, huge, 3}, 10).tokens, 8U);
}

}  // namespace
}  // namespace leyden::prompt
