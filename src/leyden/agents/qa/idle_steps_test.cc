#include "leyden/agents/qa/idle_steps.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

// Functions by number: 0 adds one, 1 looks, 2 gives the sum. Each is a line that is reached.
constexpr std::size_t kAdd = 0;
constexpr std::size_t kLook = 1;
constexpr std::size_t kSum = 2;

Observation observed(const Input& input) {
  Observation out{.outcome = Observation::Outcome::value, .stable = true};
  std::size_t sum = 0;
  for (const Step& step : input.steps) {
    sum += step.function == kAdd ? 1 : 0;
    const auto line = static_cast<std::int64_t>(step.function);
    out.arcs.emplace(line, line);
  }
  out.text = std::to_string(sum);
  return out;
}

TestCase story(const std::vector<std::size_t>& functions) {
  TestCase out;
  for (const std::size_t one : functions) out.input.steps.push_back({.function = one});
  out.expected = observed(out.input);
  return out;
}

using Stories = std::vector<std::vector<std::size_t>>;

// `looks`: as many looks a test needs to notice what it noticed.
Stories shortened(std::vector<TestCase> tests, std::size_t looks = 0) {
  std::size_t rounds = 0;
  auto done = without_idle_steps(
      std::move(tests), [](const Arcs& arcs) { return arcs; },
      [&](std::span<const Input> inputs) -> Result<std::vector<Observation>> {
        ++rounds;
        std::vector<Observation> out;
        for (const Input& one : inputs) out.push_back(observed(one));
        return out;
      },
      [&](std::span<const TestCase> now) -> Result<std::vector<bool>> {
        std::vector<bool> out;
        for (const TestCase& one : now)
          out.push_back(looks <= static_cast<std::size_t>(
                                     std::ranges::count(one.input.steps, kLook, &Step::function)));
        return out;
      });
  EXPECT_TRUE(done);
  EXPECT_LE(rounds, 17);
  Stories out;
  for (const TestCase& one : *done) {
    EXPECT_EQ(one.expected.text, observed(one.input).text);
    out.emplace_back();
    for (const Step& step : one.input.steps) out.back().push_back(step.function);
  }
  return out;
}

TEST(IdleSteps, OnlyWhatMakesADifferenceStays) {
  EXPECT_EQ(shortened({story({kLook, kLook, kLook, kSum}), story({kLook})}),
            (Stories{{kSum}, {kLook}}));
  EXPECT_EQ(shortened({story({kLook, kAdd, kLook, kLook, kAdd, kLook, kSum}), story({kLook})}),
            (Stories{{kAdd, kAdd, kSum}, {kLook}}));
}

TEST(IdleSteps, WhatNoOtherTestReachesStays) {
  const Stories out = shortened({story({kLook, kSum}), story({kLook, kLook, kLook, kSum})});
  EXPECT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].size() + out[1].size(), 3u) << "one of them looks";
}

TEST(IdleSteps, WhatNoticesMutantsStays) {
  const std::vector<TestCase> tests = {story({kLook, kAdd, kLook, kLook, kSum})};
  EXPECT_EQ(shortened(tests, 1), (Stories{{kLook, kAdd, kSum}})) << "each step once";
  EXPECT_EQ(shortened(tests, 2), (Stories{{kLook, kAdd, kLook, kLook, kSum}})) << "as it was";
}

TEST(IdleSteps, LongOnesEndInTime) {
  std::vector<std::size_t> many(60, kLook);
  for (std::size_t i = 0; i < many.size(); i += 7) many[i] = kAdd;
  many.push_back(kSum);
  const Stories out = shortened({story(many), story({kLook})});
  EXPECT_LT(out[0].size(), many.size());
}

}  // namespace
}  // namespace leyden::qa
