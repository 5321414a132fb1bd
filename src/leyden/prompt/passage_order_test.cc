#include "leyden/prompt/passage_order.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "leyden/prompt/request_history.h"

namespace leyden::prompt {
namespace {

std::vector<PromptPart> passages(std::initializer_list<std::uint64_t> ids) {
  std::vector<PromptPart> out;
  for (const std::uint64_t id : ids) out.push_back({.id = id, .tokens = 10});
  return out;
}

std::vector<std::uint64_t> ids_in_order(std::span<const PromptPart> ranked,
                                        const Ordered& ordered) {
  std::vector<std::uint64_t> ids;
  for (const std::size_t i : ordered.order) ids.push_back(ranked[i].id);
  return ids;
}

TEST(PassageOrder, HasNames) {
  for (const auto order : {PassageOrder::ranked, PassageOrder::stable, PassageOrder::prefix})
    EXPECT_EQ(passage_order(to_string(order)), order);
  EXPECT_EQ(passage_order("popular"), std::nullopt);
}

TEST(PassageOrder, StablePutsThePopularFirstAndEqualsAlike) {
  RequestHistory history;
  history.add(passages({5}));
  const auto one = passages({3, 5, 1});
  const auto other = passages({1, 3, 5});
  const OrderRequest stable{.order = PassageOrder::stable};
  EXPECT_EQ(ids_in_order(one, order_passages(stable, {}, one, {}, history)),
            (std::vector<std::uint64_t>{5, 1, 3}));
  EXPECT_EQ(ids_in_order(other, order_passages(stable, {}, other, {}, history)),
            (std::vector<std::uint64_t>{5, 1, 3}));
}

TEST(PassageOrder, PrefixTakesWhatAServerHasAndSaysHowMuchThatIs) {
  PrefixTree one;
  PrefixTree other;
  const auto head = passages({100});
  one.insert(passages({100, 3, 1, 9}));
  other.insert(passages({100, 2}));
  const RequestHistory history;
  const PrefixTree* const trees[] = {&one, &other};
  const auto ranked = passages({1, 2, 3});
  const Ordered ordered = order_passages({}, head, ranked, trees, history);
  EXPECT_EQ(ids_in_order(ranked, ordered), (std::vector<std::uint64_t>{3, 1, 2}));
  EXPECT_EQ(ordered.expected_tokens, 30U);
  EXPECT_EQ(
      order_passages({.order = PassageOrder::ranked}, head, ranked, trees, history).expected_tokens,
      10U);
}

TEST(PassageOrder, BestLastStandsNextToTheQuestion) {
  PrefixTree tree;
  tree.insert(passages({1, 2, 3}));
  const RequestHistory history;
  const PrefixTree* const trees[] = {&tree};
  const auto ranked = passages({1, 3, 2});
  for (const auto order : {PassageOrder::ranked, PassageOrder::stable, PassageOrder::prefix}) {
    const Ordered ordered =
        order_passages({.order = order, .best_last = true}, {}, ranked, trees, history);
    EXPECT_EQ(ids_in_order(ranked, ordered).back(), 1U);
    EXPECT_EQ(ordered.order.size(), 3U);
  }
}

TEST(PassageOrder, IsAlwaysAPermutation) {
  std::mt19937_64 random(3);
  PrefixTree tree(3000);
  RequestHistory history(50);
  const PrefixTree* const trees[] = {&tree};
  for (int round = 0; round < 400; ++round) {
    std::vector<PromptPart> ranked;
    const std::size_t count = random() % 4 == 0 ? random() % 90 : random() % 9;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t id = random() % 100;
      if (std::ranges::find(ranked, id, &PromptPart::id) == ranked.end())
        ranked.push_back({.id = id, .tokens = id % 7 == 0 ? 0 : 10 + id});
    }
    const Ordered ordered =
        order_passages({.best_last = round % 5 == 0}, {}, ranked, trees, history);
    auto sorted = ordered.order;
    std::ranges::sort(sorted);
    ASSERT_EQ(sorted.size(), ranked.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(sorted[i], i);
    std::vector<PromptPart> prompt;
    for (const std::size_t i : ordered.order) prompt.push_back(ranked[i]);
    ASSERT_EQ(tree.insert(prompt), ordered.expected_tokens);
    history.add(ranked);
  }
}

// A forecast that knows weights of sets: what is behind the cached path must be the best of all orders.
class KnownWeights final : public Forecast {
 public:
  explicit KnownWeights(std::vector<double> weights) : weights_(std::move(weights)) {}
  [[nodiscard]] double popularity(std::uint64_t) const override { return 0; }
  [[nodiscard]] std::vector<double> together(std::span<const PromptPart>,
                                             std::span<const std::size_t>,
                                             std::span<const std::size_t>) const override {
    return weights_;
  }

 private:
  std::vector<double> weights_;
};

TEST(PassageOrder, PlansTheBestOfAllOrders) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<PromptPart> ranked;
    for (std::uint64_t i = 0; i < 5; ++i) ranked.push_back({.id = i, .tokens = 1 + random() % 50});
    std::vector<double> weights(32);
    for (double& weight : weights) weight = static_cast<double>(random() % 1000);
    const KnownWeights forecast(weights);
    const PrefixTree tree;
    const PrefixTree* const trees[] = {&tree};
    auto value_of = [&](std::span<const std::size_t> order) {
      double value = 0;
      std::size_t set = 0;
      for (const std::size_t i : order) {
        set |= std::size_t{1} << i;
        value += static_cast<double>(ranked[i].tokens) * weights[set];
      }
      return value;
    };
    std::vector<std::size_t> order{0, 1, 2, 3, 4};
    double best = 0;
    do best = std::max(best, value_of(order));
    while (std::ranges::next_permutation(order).found);
    EXPECT_EQ(value_of(order_passages({}, {}, ranked, trees, forecast).order), best);
  }
}

}  // namespace
}  // namespace leyden::prompt
