// The artificial scenarios on which operator selection is compared (DaCosta and others, GECCO 2008; Fialho and others, 2010): five operators,
// whose gains change places every so many pulls.
#include "leyden/agents/evolve/selection/operator_bandit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace leyden::evolve {
namespace {

constexpr std::size_t kCount = 5;
constexpr std::size_t kPulls = 500;  // Between switches.
constexpr std::size_t kEpochs = 8;
constexpr std::size_t kSeeds = 100;

struct Scenario {
  std::string name;
  double regret_max = 0.60;  // Against taking turns.
  double found_max = 60;     // Pulls, in the median.
  // A gain of the operator that is `rank`th best now; worth(rank) in the mean.
  std::function<double(std::size_t rank, Random&)> gain;
};

double worth(std::size_t rank) { return 5.0 - static_cast<double>(rank); }

const Scenario kUniform{"uniform", 0.60, 60, [](std::size_t rank, Random& dice) {
                          return worth(rank) - 1 + 2 * dice.uniform();
                        }};
const Scenario kBoolean{"boolean", 0.60, 60, [](std::size_t rank, Random& dice) {
                          return dice.chance(worth(rank) / 10) ? 10.0 : 0.0;
                        }};
const Scenario kOutlier{"outlier", 0.60, 60, [](std::size_t rank, Random& dice) {
                          return dice.chance(0.1) ? 10 * worth(rank) : 0.0;
                        }};
// Not of theirs: rare gains whose sizes say less of the operator.
const Scenario kBlurred{"blurred", 0.75, 90, [](std::size_t rank, Random& dice) {
                          return dice.chance(0.1) ? 10 * worth(rank) * (0.5 + dice.uniform()) : 0.0;
                        }};

// Where the operators stand in each epoch; the best one changes each time.
std::vector<std::vector<std::size_t>> ranks_of(std::uint64_t seed) {
  Random dice(seed * 7919 + 1);
  std::vector<std::vector<std::size_t>> out;
  while (out.size() < kEpochs) {
    std::vector<std::size_t> ranks = {0, 1, 2, 3, 4};
    for (std::size_t i = kCount; i-- > 1;) std::swap(ranks[i], ranks[dice.below(i + 1)]);
    if (!out.empty() && std::ranges::find(out.back(), 0) - out.back().begin() ==
                            std::ranges::find(ranks, 0) - ranks.begin())
      continue;
    out.push_back(ranks);
  }
  return out;
}

struct Result {
  double regret = 0;  // Of a pull.
  std::vector<double>
      until_found;  // Pulls after each switch until the best was pulled five times in ten.
};

Result play(const Scenario& scenario, std::uint64_t seed,
            const std::function<std::size_t(std::size_t pull, Random&)>& choose,
            const std::function<void(std::size_t, double)>& tell) {
  Result out;
  Random dice(seed);
  std::size_t pull = 0;
  for (const std::vector<std::size_t>& ranks : ranks_of(seed)) {
    std::vector<bool> hits;
    std::size_t found = kPulls;
    for (std::size_t i = 0; i < kPulls; ++i, ++pull) {
      const std::size_t arm = choose(pull, dice);
      const std::size_t rank = ranks[arm];
      tell(arm, scenario.gain(rank, dice));
      out.regret += worth(0) - worth(rank);
      hits.push_back(rank == 0);
      if (found == kPulls && i >= 9 && std::count(hits.end() - 10, hits.end(), true) >= 5)
        found = i + 1;
    }
    if (pull > kPulls) out.until_found.push_back(static_cast<double>(found));
  }
  out.regret /= static_cast<double>(pull);
  return out;
}

Result play_bandit(const Scenario& scenario, std::uint64_t seed) {
  OperatorBandit bandit(std::vector<double>(kCount, 1.0));
  static constexpr std::array<bool, kCount> kAll = {true, true, true, true, true};
  return play(
      scenario, seed, [&](std::size_t, Random& dice) { return bandit.choose(kAll, dice); },
      [&](std::size_t arm, double gain) { bandit.tell(arm, gain); });
}

Result play_turns(const Scenario& scenario, std::uint64_t seed) {
  return play(
      scenario, seed, [](std::size_t pull, Random&) { return pull % kCount; },
      [](std::size_t, double) {});
}

// Of a share of all: 0.5 is the median.
double quantile(std::vector<double>& all, double share) {
  std::ranges::sort(all);
  return all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
}

class Scenarios : public ::testing::TestWithParam<Scenario> {};

TEST_P(Scenarios, FarLessRegretThanTakingTurns) {
  double sum = 0;
  double squares = 0;
  double turns = 0;
  std::vector<double> until_found;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Result ours = play_bandit(GetParam(), seed);
    const double fixed = play_turns(GetParam(), seed).regret;
    const double share = ours.regret / fixed;
    sum += share;
    squares += share * share;
    turns += fixed;
    EXPECT_LE(ours.regret, fixed * 1.05) << "seed " << seed;
    until_found.insert(until_found.end(), ours.until_found.begin(), ours.until_found.end());
  }
  const double mean = sum / kSeeds;
  const double error = 1.96 * std::sqrt((squares / kSeeds - mean * mean) / kSeeds);
  const double found = quantile(until_found, 0.5);
  // Of the median, by the binomial distribution.
  const double off = 0.98 / std::sqrt(static_cast<double>(until_found.size()));
  std::printf(
      "%s: regret %.3f +- %.3f of taking turns (%.2f a pull), best found again after %.0f pulls in "
      "the median (%.0f to %.0f), %.0f in nine of ten\n",
      GetParam().name.c_str(), mean, error, turns / kSeeds, found, quantile(until_found, 0.5 - off),
      quantile(until_found, 0.5 + off), quantile(until_found, 0.9));
  EXPECT_LE(mean + error, GetParam().regret_max);
  EXPECT_NEAR(turns / kSeeds, 2.0, 0.05);
  EXPECT_LE(found, GetParam().found_max);
}
INSTANTIATE_TEST_SUITE_P(Artificial, Scenarios,
                         ::testing::Values(kUniform, kBoolean, kOutlier, kBlurred),
                         [](const auto& instance) { return instance.param.name; });

TEST(GainChange, IsFoundByRateAndBySizeAndNotWhereThereIsNone) {
  Random dice(7);
  const auto series = [&](std::size_t count, double rate, double size) {
    std::deque<ToldGain> out;
    for (std::size_t i = 0; i < count; ++i)
      out.push_back({.gain = dice.chance(rate) ? size + dice.uniform() : 0});
    return out;
  };
  const auto joined = [](std::deque<ToldGain> first, const std::deque<ToldGain>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  };
  constexpr double kNoise = 1.0 / 12;
  const auto rate = changed_at(joined(series(50, 0.9, 1), series(50, 0.1, 1)), kNoise, {});
  ASSERT_TRUE(rate);
  EXPECT_NEAR(static_cast<double>(*rate), 50, 10);
  // One gain of another size is enough, if sizes are unlike it.
  auto rare = joined(series(60, 0.2, 5), series(5, 0, 0));
  rare.push_back({.gain = 3});
  const auto size = changed_at(rare, kNoise, {});
  ASSERT_TRUE(size);
  EXPECT_EQ(std::count_if(rare.begin() + static_cast<std::ptrdiff_t>(*size), rare.end(),
                          [](const ToldGain& one) { return one.gain > 0; }),
            1);
  EXPECT_FALSE(changed_at(rare, std::nullopt, {}));
  std::size_t alarms = 0;
  for (int i = 0; i < 100; ++i) alarms += changed_at(series(100, 0.3, 5), kNoise, {}) ? 1 : 0;
  EXPECT_LE(alarms, 5);
  EXPECT_FALSE(changed_at({}, kNoise, {}));
}

TEST(OperatorBandit, TakesWhatIsAllowedOnly) {
  OperatorBandit bandit(std::vector<double>(kCount, 1.0));
  Random dice(3);
  constexpr std::array<bool, kCount> kOne = {false, false, true, false, false};
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(bandit.choose(kOne, dice), 2);
    bandit.tell(0, 5);
  }
}

TEST(OperatorBandit, PriorsLeadUntilGainsDo) {
  OperatorBandit bandit(std::vector<double>{1, 1, 3, 1, 1});
  constexpr std::array<bool, kCount> kAll = {true, true, true, true, true};
  Random dice(3);
  std::array<int, kCount> first{};
  for (int i = 0; i < 200; ++i) ++first[bandit.choose(kAll, dice)];
  EXPECT_GT(first[2], 100);
  for (int i = 0; i < 100; ++i) {
    bandit.tell(4, 1);
    bandit.tell(2, 0);
  }
  std::array<int, kCount> later{};
  for (int i = 0; i < 200; ++i) ++later[bandit.choose(kAll, dice)];
  EXPECT_GT(later[4], 150);
}

}  // namespace
}  // namespace leyden::evolve
