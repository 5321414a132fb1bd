#include "leyden/agents/evolve/reports/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace leyden::evolve {
namespace {

EvolutionReport report_of(const std::vector<double>& scores) {
  const std::string start = "x = 1  # <b>\n";
  SearchState state(syntax::Language::python, {}, std::vector<double>(kArms, 1.0), start);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    Trajectory one{.number = i,
                   .generation = i,
                   .code = i == 0 ? start : start + "y = " + std::to_string(i) + "\n"};
    one.digest = digest_of_code(one.code);
    if (i > 0) {
      one.made_by = static_cast<Operator>(i % kOperators);
      one.parents = {i - 1};
      one.reasoning = "<script>alert(1)</script>";
    }
    one.evaluation = Evaluation{.status = scores[i] < 0 ? Status::crashed : Status::measured,
                                .reason = scores[i] < 0 ? "was ended by signal 9" : "",
                                .samples = {scores[i]}};
    state.merge({one});
  }
  return {
      .end = RunEnd::candidates, .state = std::move(state), .start_again = {}, .best_again = {}};
}

const RunFacts kFacts{.run = "r", .program = "p.py", .judge = "python3 judge.py", .target = 9};

TEST(Report, TellsWhatWasGainedAndByWhom) {
  const EvolutionReport report = report_of({1, 2, -1, 4});
  EXPECT_TRUE(report.gained(Goal::max));
  EXPECT_EQ(line_of_descent(report), (std::vector<std::size_t>{0, 1, 2, 3}));
  const auto json = nlohmann::json::parse(json_report(report, kFacts));
  EXPECT_EQ(json["best_score"], 4);
  EXPECT_EQ(json["target_met"], false);
  EXPECT_EQ(json["gained"], true);
  EXPECT_EQ(json["statuses"]["crashed"], 1);
  EXPECT_EQ(json["operators"].size(), 3);
  const std::string text = text_report(report, kFacts);
  EXPECT_NE(text.find("target 9 is NOT met"), std::string::npos) << text;
  EXPECT_NE(text.find("+y = 3"), std::string::npos) << text;
}

TEST(Report, ShowsWhatAProgramSaidThatCouldNotBegin) {
  EvolutionReport report = report_of({-1, -1});
  EXPECT_EQ(text_report(report, kFacts).find("--show"), std::string::npos);
  SearchState state(syntax::Language::python, {}, std::vector<double>(kArms, 1.0), "x");
  Trajectory start{.number = 0, .code = "x"};
  start.digest = digest_of_code(start.code);
  start.evaluation = Evaluation{.status = Status::failed,
                                .reason = "the candidate ended with exit code 2",
                                .evidence = "no such file:\n\x1b[31mdriver.py\n"};
  state.merge({start});
  report.state = std::move(state);
  const std::string text = text_report(report, kFacts);
  EXPECT_NE(text.find("  | no such file:\n  | ?[31mdriver.py\n"), std::string::npos) << text;
  EXPECT_NE(text.find("--show FILE"), std::string::npos) << text;
}

TEST(Report, NeverSuccessWithoutAGain) {
  for (const auto& scores : {std::vector<double>{5, 2, 3}, {5}, {-1, -1}}) {
    const EvolutionReport report = report_of(scores);
    EXPECT_FALSE(report.gained(Goal::max));
    EXPECT_NE(text_report(report, kFacts).find("no gain was measured"), std::string::npos);
    EXPECT_NE(html_report(report, kFacts).find("no gain was measured"), std::string::npos);
  }
  EvolutionReport noise = report_of({5, 9});
  noise.start_again = noise.start().evaluation;
  noise.best_again = noise.start().evaluation;
  EXPECT_FALSE(noise.gained(Goal::max)) << "measured anew it was as good as the start";
  EXPECT_FALSE(noise.met(9, Goal::max));
}

TEST(Report, ThePageNeedsNothingElseAndRunsNothing) {
  const std::string page = html_report(report_of({1, 2, -1, 4}), kFacts);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("http:"), std::string::npos);
  EXPECT_EQ(page.find("https:"), std::string::npos);
  EXPECT_NE(page.find("<polyline"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
}

TEST(Diff, IsUnified) {
  EXPECT_EQ(diff_of("a\nb\nc\n", "a\nX\nc\n", "f"),
            "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+X\n c\n");
  EXPECT_EQ(diff_of("a\n", "a\n", "f"), "");
  EXPECT_EQ(diff_of("a", "b\n", "f"),
            "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n");
}

}  // namespace
}  // namespace leyden::evolve
