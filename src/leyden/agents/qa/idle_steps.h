#pragma once

#include <functional>
#include <span>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Gives what each input gives, in order.
using Observe = std::function<Result<std::vector<Observation>>(std::span<const Input> inputs)>;
// Of what a test reaches, what counts.
using GoalsAmong = std::function<Arcs(const Arcs& reached)>;
// Which of the tests still notice the mutants that were noticed by the test that stood in their place.
using StillNotice = std::function<Result<std::vector<bool>>(std::span<const TestCase> tests)>;

// The tests in their order, without the steps before the call that make no difference: each says the same with fewer and notices the same, and all together reach the goals that
// they did. Chance strings many steps together of which most read something and forget it; nobody wants to read these. By ddmin (Zeller and Hildebrandt, "Simplifying and
// Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002), all tests at a time, in at most 16 rounds of trials; a test that notices less then is left with each of its steps
// once, or as it was. Errors: those of what it calls.
[[nodiscard]] Result<std::vector<TestCase>> without_idle_steps(std::vector<TestCase> tests,
                                                               const GoalsAmong& goals_among,
                                                               const Observe& observe,
                                                               const StillNotice& still_notice);

}  // namespace leyden::qa
