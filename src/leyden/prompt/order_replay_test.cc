#include "leyden/prompt/order_replay.h"

#include <gtest/gtest.h>

namespace leyden::prompt {
namespace {

TEST(OrderReplay, CountsWhatTheServerNeedNotCompute) {
  const PromptPart a{.id = 1, .tokens = 100};
  const PromptPart b{.id = 2, .tokens = 50};
  const std::vector<std::vector<PromptPart>> requests{{a, b}, {b, a}, {}, {a, b}};
  const Replay ranked = replay_order(requests, {.order = PassageOrder::ranked}, kUnlimitedTokens);
  EXPECT_EQ(ranked.tokens, 450U);
  EXPECT_EQ(ranked.reused_tokens, 150U);
  EXPECT_EQ(replay_order(requests, {.order = PassageOrder::prefix}, kUnlimitedTokens).reused_tokens,
            300U);
  EXPECT_EQ(replay_order(requests, {.order = PassageOrder::prefix}, 40).reused_tokens, 0U);
  EXPECT_EQ(replay_knowing_the_future(requests, kUnlimitedTokens).reused_tokens, 300U);
  EXPECT_EQ(replay_order({}, {}, 1000).reused_share(), 0);
  std::size_t heard = 0;
  (void)replay_order(requests, {}, 1000, [&](std::size_t done) { return (heard = done) < 2; });
  EXPECT_EQ(heard, 2U);
}

}  // namespace
}  // namespace leyden::prompt
