#include "leyden/agents/review/analyzers/analyzer.h"

#include <gtest/gtest.h>

namespace leyden::review {
namespace {

std::vector<Finding> read(std::string_view name, std::string_view report) {
  auto found = read_analyzer_report(*analyzer_named(name), report, "/p");
  EXPECT_TRUE(found) << found.error().message;
  return found ? *found : std::vector<Finding>();
}

TEST(Analyzers, ReportsAreRead) {
  const auto sarif = read(
      "ruff",
      R"({"runs":[{"tool":{"driver":{"rules":[{"id":"S602","properties":{"tags":["CWE-78"]}}]}},"results":[
    {"ruleId":"S602","level":"error","message":{"text":"shell"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///p/a%20b.py"},"region":{"startLine":3}}}]},
    {"ruleId":"E501","message":{"text":"no place"}}]}]})");
  ASSERT_EQ(sarif.size(), 1U);
  EXPECT_EQ(sarif[0].rule, "ruff.S602");
  EXPECT_EQ(sarif[0].file, "a b.py");
  EXPECT_EQ(sarif[0].range.first_line, 3U);
  EXPECT_EQ(sarif[0].cwe, 78);
  EXPECT_EQ(sarif[0].type, ReviewType::security);

  const auto bandit = read(
      "bandit",
      R"({"results":[{"test_id":"B608","filename":"./x.py","line_number":2,"issue_severity":"HIGH","issue_confidence":"LOW","issue_text":"sql","issue_cwe":{"id":89}}]})");
  ASSERT_EQ(bandit.size(), 1U);
  EXPECT_EQ(bandit[0].severity, Severity::high);
  EXPECT_EQ(bandit[0].file, "x.py");

  const auto cppcheck = read("cppcheck",
                             "a.c\t4\terror\tnullPointer\t476\tNull\twith a "
                             "tab\na.c\t5\terror\tsyntaxError\t0\tx\nnoise\n");
  ASSERT_EQ(cppcheck.size(), 1U);
  EXPECT_EQ(cppcheck[0].message, "Null\twith a tab");

  const auto tidy = read(
      "clang-tidy", "/p/src/a.cc:7:3: warning: it is copied [performance-for-range-copy]\n    x\n");
  ASSERT_EQ(tidy.size(), 1U);
  EXPECT_EQ(tidy[0].file, "src/a.cc");
  EXPECT_EQ(tidy[0].type, ReviewType::performance);

  EXPECT_EQ(
      read(
          "eslint",
          R"([{"filePath":"/p/a.js","messages":[{"ruleId":"no-eval","severity":2,"message":"m","line":1},{"ruleId":null,"message":"parse","line":2}]}])")
          .size(),
      1U);
  EXPECT_EQ(
      read(
          "clippy",
          R"({"reason":"compiler-message","message":{"code":{"code":"clippy::perf_x"},"level":"warning","message":"m","spans":[{"is_primary":true,"file_name":"src/a.rs","line_start":5}]}})")
          .size(),
      1U);
  for (const char* name : {"ruff", "bandit", "eslint"}) {
    for (const char* broken : {"", "{", "[1]", "{\"runs\":1}", "null"})
      EXPECT_FALSE(read_analyzer_report(*analyzer_named(name), broken, "/p") &&
                   std::string(broken) != "null")
          << name << broken;
  }
}

TEST(Analyzers, NothingIsToldTwiceAndNothingThatIsNotThere) {
  ReviewReport report;
  Finding ours;
  ours.rule = "python.shell-command";
  ours.type = ReviewType::security;
  ours.cwe = 78;
  ours.file = "a.py";
  ours.range = {
      .begin = 0, .end = 5, .first_line = 1, .first_column = 1, .last_line = 1, .last_column = 6};
  report.findings.push_back(ours);
  const auto found = read("bandit", R"({"results":[
    {"test_id":"B605","filename":"a.py","line_number":1,"issue_severity":"HIGH","issue_confidence":"HIGH","issue_text":"shell","issue_cwe":{"id":78}},
    {"test_id":"B101","filename":"a.py","line_number":2,"issue_severity":"MEDIUM","issue_confidence":"HIGH","issue_text":"assert","issue_cwe":{"id":703}},
    {"test_id":"B102","filename":"a.py","line_number":99,"issue_severity":"HIGH","issue_confidence":"HIGH","issue_text":"beyond","issue_cwe":{"id":1}},
    {"test_id":"B103","filename":"other.py","line_number":1,"issue_severity":"HIGH","issue_confidence":"HIGH","issue_text":"elsewhere","issue_cwe":{"id":1}},
    {"test_id":"B104","filename":"a.py","line_number":3,"issue_severity":"LOW","issue_confidence":"HIGH","issue_text":"low","issue_cwe":{"id":1}},
    {"test_id":"B105","filename":"a.py","line_number":4,"issue_severity":"HIGH","issue_confidence":"HIGH","issue_text":"known","issue_cwe":{"id":1}}]})");
  merge_findings(found,
                 {{.path = "a.py",
                   .text = "f(x)\n  assert x\nlow\ny = 1  # leyden:ignore bandit.B105 it is fine\n",
                   .only = {}}},
                 Severity::medium, "2026-11-26", report);
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[0].engine, "rules+bandit");
  EXPECT_EQ(report.findings[1].rule, "bandit.B101");
  EXPECT_EQ(report.findings[1].evidence, "assert x");
  EXPECT_EQ(report.findings[1].range.first_column, 3U);
  EXPECT_FALSE(report.findings[1].fingerprint.empty());
  EXPECT_EQ(report.suppressed.size(), 1U);
}

}  // namespace
}  // namespace leyden::review
