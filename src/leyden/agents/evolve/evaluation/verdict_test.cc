#include "leyden/agents/evolve/evaluation/verdict.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "leyden/agents/evolve/evaluation/evaluation.h"

namespace leyden::evolve {
namespace {

sandbox::SandboxExit ended(std::string output, int code = 0) {
  sandbox::SandboxExit exit;
  exit.code = code;
  exit.output.text = std::move(output);
  return exit;
}

Verdict said(std::string output) { return verdict_of(ended(std::move(output))); }

TEST(Verdict, IsTheLastLine) {
  const Verdict verdict = said(
      "building\n{\"score\": 2.5, \"passed\": true, \"metrics\": {\"ms\": 3, \"bad\": \"x\"}, "
      "\"artifacts\": {\"line\": 7}}\n\n");
  EXPECT_EQ(verdict.status, Status::measured);
  EXPECT_EQ(verdict.score, 2.5);
  EXPECT_EQ(verdict.metrics, (std::map<std::string, double>{{"ms", 3}}));
  EXPECT_EQ(verdict.evidence, "{\"line\":7}");
}

TEST(Verdict, NoNumberNoFitness) {
  for (const char* score : {"NaN", "Infinity", "-Infinity", "1e999", "-0", "-0.0", "\"1\"", "null",
                            "true", "[1]", "{}"}) {
    const Verdict verdict = said(std::string("{\"score\": ") + score + ", \"passed\": true}\n");
    EXPECT_EQ(verdict.status, Status::unreadable) << score;
    EXPECT_FALSE(verdict.score) << score;
    EXPECT_FALSE(verdict.reason.empty()) << score;
  }
  EXPECT_EQ(said("{\"score\": 0, \"passed\": true}").status, Status::measured);
  EXPECT_EQ(said("{\"score\": 0.0, \"passed\": true}").status, Status::measured);
}

TEST(Verdict, PassedMustBeSaid) {
  for (const char* rest : {"", ", \"passed\": 1", ", \"passed\": \"true\"", ", \"passed\": null"})
    EXPECT_EQ(said(std::string("{\"score\": 1") + rest + "}").status, Status::unreadable) << rest;
  const Verdict wrong = said("{\"score\": 0.7, \"passed\": false}");
  EXPECT_EQ(wrong.status, Status::not_passed);
  EXPECT_EQ(wrong.score, 0.7);
}

TEST(Verdict, APartOfOneIsNone) {
  const std::string whole = "{\"score\": 1, \"passed\": true}";
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_EQ(said(whole.substr(0, length)).status, Status::unreadable) << length;
  EXPECT_EQ(said(whole + "\ndone").status, Status::unreadable);
  sandbox::SandboxExit cut = ended(whole);
  cut.output.dropped_bytes = 1;
  EXPECT_EQ(verdict_of(cut).status, Status::unreadable);
}

// A candidate that prints a verdict of its own can't be told from the judge.
TEST(Verdict, TwoAreNone) {
  const Verdict verdict =
      said("{\"score\": 99, \"passed\": true}\n{\"score\": 1, \"passed\": true}\n");
  EXPECT_EQ(verdict.status, Status::unreadable);
  EXPECT_NE(verdict.reason.find("2 lines"), std::string::npos);
}

TEST(Verdict, ABadEndIsNoneWhateverWasPrinted) {
  const std::string good = "{\"score\": 1, \"passed\": true}\n";
  EXPECT_EQ(verdict_of(ended(good, 1)).status, Status::failed);
  sandbox::SandboxExit exit = ended(good);
  exit.outcome = sandbox::Outcome::signalled;
  EXPECT_EQ(verdict_of(exit).status, Status::crashed);
  for (const auto outcome : {sandbox::Outcome::timed_out, sandbox::Outcome::cpu_time_exceeded}) {
    exit.outcome = outcome;
    EXPECT_EQ(verdict_of(exit).status, Status::timed_out);
  }
  for (const auto outcome : {sandbox::Outcome::out_of_memory, sandbox::Outcome::too_many_files,
                             sandbox::Outcome::disk_full}) {
    exit.outcome = outcome;
    EXPECT_EQ(verdict_of(exit).status, Status::over_limit);
  }
}

// Whatever a judge prints and however it ends: a fitness only from a clean end, one finite score and passed.
TEST(Verdict, NeverAFitnessWithoutAMeasurement) {
  static const std::vector<std::string> kPieces = {"{\"score\": 1, \"passed\": true}",
                                                   "{\"score\": NaN, \"passed\": true}",
                                                   "{\"score\": 1e400, \"passed\": true}",
                                                   "{\"score\": 3, \"passed\": false}",
                                                   "{\"score\": 3}",
                                                   "noise",
                                                   "{",
                                                   "",
                                                   "{\"score\": -0.0, \"passed\": true}",
                                                   "[1,2]",
                                                   "\"score\"",
                                                   std::string(1, '\0'),
                                                   "\xff\xfe"};
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    const std::size_t count = random() % 4;
    for (std::size_t k = 0; k < count; ++k)
      text += kPieces[random() % kPieces.size()] + (random() % 5 == 0 ? "" : "\n");
    if (!text.empty() && random() % 3 == 0) text.resize(random() % text.size());
    sandbox::SandboxExit exit = ended(text, random() % 3 == 0 ? 1 : 0);
    exit.outcome = static_cast<sandbox::Outcome>(random() % 7);
    exit.output.dropped_bytes = random() % 4 == 0 ? 1 : 0;
    const Verdict verdict = verdict_of(exit);
    if (verdict.status != Status::measured) continue;
    ASSERT_TRUE(exit.succeeded() && exit.output.dropped_bytes == 0) << text;
    ASSERT_TRUE(verdict.score && *verdict.score == 1 && std::isfinite(*verdict.score)) << text;
  }
}

TEST(EvaluationTest, TheMedianCountsAndNoiseIsNoGain) {
  const auto measured = [](std::vector<double> samples) {
    Evaluation out;
    out.status = Status::measured;
    out.samples = std::move(samples);
    return out;
  };
  const Evaluation parent = measured({10, 11, 30});
  EXPECT_EQ(parent.score(), 11);
  EXPECT_EQ(measured({1, 4}).score(), 2.5);
  EXPECT_FALSE(is_gain(measured({12, 13, 14}), parent, Goal::max));
  EXPECT_TRUE(is_gain(measured({40, 41, 42}), parent, Goal::max));
  EXPECT_FALSE(is_gain(measured({40, 41, 42}), parent, Goal::min));
  EXPECT_TRUE(is_gain(measured({5}), measured({6}), Goal::min));
  EXPECT_FALSE(is_gain(measured({6}), measured({6}), Goal::min));
  Evaluation failed = parent;
  failed.status = Status::timed_out;
  EXPECT_FALSE(failed.score());
  EXPECT_TRUE(is_gain(parent, failed, Goal::max));
  EXPECT_FALSE(is_gain(failed, failed, Goal::max));
}

}  // namespace
}  // namespace leyden::evolve
