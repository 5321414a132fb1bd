#include "leyden/agents/qa/idle_steps.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

namespace leyden::qa {
namespace {

constexpr std::size_t kRounds = 16;

// A test whose steps are gone through.
struct Story {
  std::size_t test = 0;
  std::size_t chunk = 0;  // So many steps are left out at a time.
  bool is_shorter = false;
};

bool says_the_same(const Observation& one, const Observation& other) {
  const auto said = [](const Observation& of) {
    return std::tie(of.outcome, of.stable, of.form, of.text, of.kind, of.error, of.error_module,
                    of.raised_line, of.changed, of.state, of.fields, of.names, of.seeded,
                    of.printed, of.awaited, of.began);
  };
  return said(one) == said(other);
}

class Shortening {
 public:
  Shortening(std::vector<TestCase> tests, const GoalsAmong& goals_among)
      : tests_(std::move(tests)), goals_among_(goals_among) {
    for (std::size_t i = 0; i < tests_.size(); ++i) {
      for (const Arc& goal : goals_among_(tests_[i].expected.arcs)) ++reached_by_[goal];
      const std::size_t steps = tests_[i].input.steps.size() - 1;
      if (steps > 0) open_.push_back({.test = i, .chunk = steps});
    }
  }

  // Each open story with a part of its steps left out, one part after another.
  std::vector<Input> trials() {
    std::vector<Input> out;
    owners_.clear();
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const Input& whole = tests_[open_[i].test].input;
      const std::size_t steps = whole.steps.size() - 1;
      for (std::size_t begin = 0; begin < steps; begin += open_[i].chunk) {
        Input part = whole;
        const auto first = part.steps.begin() + static_cast<std::ptrdiff_t>(begin);
        const std::size_t count = std::min(open_[i].chunk, steps - begin);
        part.steps.erase(first, first + static_cast<std::ptrdiff_t>(count));
        out.push_back(std::move(part));
        owners_.push_back(i);
      }
    }
    return out;
  }

  // The first part of each story that is not missed stays left out; where none is, smaller ones are tried.
  void take(std::vector<Input> trials, std::vector<Observation> seen) {
    for (std::size_t i = 0; i < trials.size(); ++i) {
      Story& story = open_[owners_[i]];
      if (!story.is_shorter)
        story.is_shorter = take(tests_[story.test], std::move(trials[i]), std::move(seen[i]));
    }
    std::erase_if(open_, [&](Story& story) {
      const std::size_t steps = tests_[story.test].input.steps.size() - 1;
      const bool shorter = std::exchange(story.is_shorter, false);
      if (steps == 0 || (!shorter && story.chunk == 1)) return true;
      story.chunk = shorter ? std::min(story.chunk, steps) : (story.chunk + 1) / 2;
      return false;
    });
  }

  std::vector<TestCase> tests() { return std::move(tests_); }

 private:
  bool take(TestCase& test, Input input, Observation seen) {
    if (!says_the_same(test.expected, seen)) return false;
    const Arcs before = goals_among_(test.expected.arcs);
    const Arcs after = goals_among_(seen.arcs);
    const bool is_missed = std::ranges::any_of(
        before, [&](const Arc& goal) { return !after.contains(goal) && reached_by_[goal] == 1; });
    if (is_missed) return false;
    for (const Arc& goal : before) --reached_by_[goal];
    for (const Arc& goal : after) ++reached_by_[goal];
    test.input = std::move(input);
    test.expected = std::move(seen);
    return true;
  }

  std::vector<TestCase> tests_;
  const GoalsAmong& goals_among_;
  std::map<Arc, std::size_t> reached_by_;  // How many of the tests.
  std::vector<Story> open_;
  std::vector<std::size_t> owners_;  // Of the trials.
};

Result<std::vector<TestCase>> shortest(std::vector<TestCase> tests, const GoalsAmong& goals_among,
                                       const Observe& observe) {
  Shortening shortening(std::move(tests), goals_among);
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<Input> trials = shortening.trials();
    if (trials.empty()) break;
    auto seen = observe(trials);
    if (!seen) return std::unexpected(seen.error());
    shortening.take(std::move(trials), *std::move(seen));
  }
  return shortening.tests();
}

Input with_each_step_once(const Input& input) {
  Input out{.construction = input.construction, .steps = {}};
  for (std::size_t i = 0; i + 1 < input.steps.size(); ++i) {
    if (std::ranges::find(out.steps, input.steps[i]) == out.steps.end())
      out.steps.push_back(input.steps[i]);
  }
  out.steps.push_back(input.steps.back());
  return out;
}

// The tests at these places with each step once, where that says and reaches the same.
Result<void> drop_repeated(std::vector<TestCase>& tests, const std::vector<std::size_t>& places,
                           const GoalsAmong& goals_among, const Observe& observe) {
  if (places.empty()) return {};
  std::vector<Input> inputs;
  inputs.reserve(places.size());
  for (const std::size_t i : places) inputs.push_back(with_each_step_once(tests[i].input));
  auto seen = observe(inputs);
  if (!seen) return std::unexpected(seen.error());
  for (std::size_t k = 0; k < places.size(); ++k) {
    TestCase& test = tests[places[k]];
    if (!says_the_same(test.expected, (*seen)[k]) ||
        goals_among(test.expected.arcs) != goals_among((*seen)[k].arcs))
      continue;
    test.input = std::move(inputs[k]);
    test.expected = std::move((*seen)[k]);
  }
  return {};
}

}  // namespace

Result<std::vector<TestCase>> without_idle_steps(std::vector<TestCase> tests,
                                                 const GoalsAmong& goals_among,
                                                 const Observe& observe,
                                                 const StillNotice& still_notice) {
  auto out = shortest(tests, goals_among, observe);
  if (!out) return out;
  auto good = still_notice(*out);
  if (!good) return std::unexpected(good.error());
  std::vector<std::size_t> worse;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    if ((*good)[i]) continue;
    worse.push_back(i);
    (*out)[i] = tests[i];
  }
  if (worse.empty()) return out;
  if (auto done = drop_repeated(*out, worse, goals_among, observe); !done)
    return std::unexpected(done.error());
  good = still_notice(*out);
  if (!good) return std::unexpected(good.error());
  for (const std::size_t i : worse) {
    if (!(*good)[i]) (*out)[i] = std::move(tests[i]);
  }
  return out;
}

}  // namespace leyden::qa
