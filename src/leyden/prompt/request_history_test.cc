#include "leyden/prompt/request_history.h"

#include <gtest/gtest.h>

namespace leyden::prompt {
namespace {

std::vector<PromptPart> passages(std::initializer_list<std::uint64_t> ids) {
  std::vector<PromptPart> out;
  for (const std::uint64_t id : ids) out.push_back({.id = id, .tokens = 10});
  return out;
}

TEST(RequestHistory, CountsInItsWindow) {
  RequestHistory history(3);
  for (int i = 0; i < 2; ++i) history.add(passages({1, 2, 1}));
  EXPECT_EQ(history.popularity(1), 2);
  history.add(passages({3}));
  history.add(passages({3}));
  EXPECT_EQ(history.popularity(1), 1);
  EXPECT_EQ(history.popularity(3), 2);
  EXPECT_EQ(history.popularity(4), 0);
}

TEST(RequestHistory, ExpectsTogetherWhatWasTogether) {
  RequestHistory history;
  for (int i = 0; i < 20; ++i) {
    history.add(passages({1, 2}));
    history.add(passages({3}));
  }
  const std::size_t given[] = {0};
  const std::size_t candidates[] = {1, 2};
  const auto weight = history.together(passages({1, 3, 2}), given, candidates);
  ASSERT_EQ(weight.size(), 4U);
  EXPECT_GT(weight[2], weight[1]) << "2 came with 1, 3 did not, though it is ranked better";
  // A set is never likelier than its parts.
  EXPECT_GE(weight[0], weight[2]);
  EXPECT_GE(weight[1], weight[3]);
  EXPECT_GE(weight[2], weight[3]);
}

TEST(RequestHistory, WithoutAPastExpectsTheBestRanked) {
  const RequestHistory history;
  const std::size_t candidates[] = {0, 1, 2};
  const auto weight = history.together(passages({7, 8, 9}), {}, candidates);
  EXPECT_GT(weight[1], weight[2]);
  EXPECT_GT(weight[2], weight[4]);
}

}  // namespace
}  // namespace leyden::prompt
