#include "leyden/agents/review/review.h"

#include <random>

#include <gtest/gtest.h>

#include "leyden/agents/review/baseline.h"
#include "leyden/agents/review/finding_json.h"
#include "leyden/agents/review/fingerprint.h"
#include "leyden/agents/review/fixes.h"
#include "leyden/agents/review/rule_engine.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/agents/review/suppressions.h"
#include "leyden/base/files.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::review {
namespace {

const std::vector<ReviewType> kAll = {ReviewType::security, ReviewType::performance,
                                      ReviewType::style};

class ReviewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto rules = RuleSet::builtin();
    ASSERT_TRUE(rules) << rules.error().message;
    rules_ = *std::move(rules);
  }
  ReviewReport review(const ReviewerOptions& options = {.today = "2026-11-26"}) {
    auto reviewer = Reviewer::open(rules_, options);
    EXPECT_TRUE(reviewer) << reviewer.error().message;
    std::vector<SkippedInput> skipped;
    auto inputs = find_inputs(folder_.path(), folder_.path(), skipped);
    EXPECT_TRUE(inputs) << inputs.error().message;
    auto report = (*reviewer)->run(*inputs, kAll, {}, {});
    EXPECT_TRUE(report) << report.error().message;
    return *std::move(report);
  }
  std::vector<Finding> find(const std::string& path, const std::string& text) {
    if (!engine_) engine_ = *RuleEngine::open(rules_, RuleEngine::Check::as_needed);
    const SourceFile file = SourceFile::open(path, text);
    auto findings = engine_->run(file, kAll);
    add_fingerprints(file, findings);
    return findings;
  }

  RuleSet rules_;
  std::unique_ptr<RuleEngine> engine_;  // Of find(): made once, since its queries take a while.
  TemporaryFolder folder_;
};

const std::string kBad =
    "import os\n\n\ndef run(name):\n    \"\"\"Runs.\"\"\"\n    os.system(\"ls \" + name)\n";

TEST_F(ReviewTest, CleanAndEmptyFilesHaveNoFindings) {
  folder_.write("empty.py", "");
  folder_.write("clean.py",
                "\"\"\"Adds.\"\"\"\n\n\ndef add(a, b):\n    \"\"\"Returns the sum.\"\"\"\n    "
                "return a + b\n");
  folder_.write("data.bin", std::string("a\0b", 3));
  const ReviewReport report = review();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.files_seen, 3U);
  EXPECT_EQ(report.files_reviewed, 2U);
  EXPECT_EQ(report.files_not_text, 1U);
}

TEST_F(ReviewTest, EveryFileIsReviewedOrListed) {
  folder_.write("bad.py", kBad);
  folder_.write("large.py", std::string(100'000, 'x'));
  const ReviewReport report = review({.file_bytes_max = 50'000, .today = "2026-11-26"});
  EXPECT_EQ(report.files_seen,
            report.files_reviewed + report.files_not_text + report.skipped.size());
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_NE(report.skipped[0].reason.find("--max-file-kib 98"), std::string::npos)
      << report.skipped[0].reason;
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].rule, "python.shell-command");
  EXPECT_EQ(report.findings[0].range.first_line, 6U);
  EXPECT_EQ(report.findings[0].evidence, "os.system(\"ls \" + name)");
}

TEST_F(ReviewTest, WhatIsKnownComesFromTheCacheAndIsTheSame) {
  for (int i = 0; i < 20; ++i) folder_.write(fmt::format("{}.py", i), kBad);
  const ReviewerOptions options{
      .threads = 2, .cache_file = folder_.path() / ".git" / "review.sqlite", .today = "2026-11-26"};
  const ReviewReport first = review(options);
  const ReviewReport second = review(options);
  EXPECT_EQ(first.files_from_cache, 0U);
  EXPECT_EQ(second.files_from_cache, 20U);
  ASSERT_EQ(first.findings.size(), second.findings.size());
  for (std::size_t i = 0; i < first.findings.size(); ++i)
    EXPECT_EQ(to_json(first.findings[i]), to_json(second.findings[i]));
  folder_.write("3.py", kBad + "\n");
  EXPECT_EQ(review(options).files_from_cache, 19U);
}

TEST_F(ReviewTest, IsTheSameWithAnyNumberOfThreads) {
  for (int i = 0; i < 50; ++i) folder_.write(fmt::format("{}.py", i), kBad);
  const ReviewReport one = review({.threads = 1, .today = "2026-11-26"});
  const ReviewReport many = review({.threads = 8, .today = "2026-11-26"});
  ASSERT_EQ(one.findings.size(), 50U);
  ASSERT_EQ(many.findings.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i)
    EXPECT_EQ(to_json(one.findings[i]), to_json(many.findings[i]));
}

TEST_F(ReviewTest, SuppressionsNeedAReasonAndAreTold) {
  const auto with = [&](const std::string& comment) {
    folder_.write("a.py",
                  "import os\n\n\ndef f(n):\n    \"\"\"Runs.\"\"\"\n    os.system(\"ls \" + n)" +
                      comment + "\n");
    return review();
  };
  EXPECT_EQ(
      with("  # leyden:ignore python.shell-command n is checked by the caller").suppressed.size(),
      1U);
  EXPECT_EQ(with("  # leyden:ignore python.* n is checked").findings.size(), 0U);
  const ReviewReport bare = with("  # leyden:ignore python.shell-command");
  EXPECT_EQ(bare.findings.size(), 1U);
  ASSERT_EQ(bare.notes.size(), 1U);
  EXPECT_NE(bare.notes[0].text.find("no reason"), std::string::npos);
  EXPECT_EQ(with("  # leyden:ignore python.shell-command until=2026-01-01 old").findings.size(),
            1U);
  EXPECT_EQ(with("  # leyden:ignore python.shell-command until=2027-01-01 soon").findings.size(),
            0U);
  const ReviewReport unused = with("\n    x = 1  # leyden:ignore python.yaml-load why");
  EXPECT_EQ(unused.notes.size(), 1U);
  folder_.write("a.py",
                "import os\n\n\ndef f(n):\n    \"\"\"Runs.\"\"\"\n    # leyden:ignore "
                "python.shell-command checked\n    # above\n    os.system(\"ls \" + n)\n");
  EXPECT_EQ(review().findings.size(), 0U);
  folder_.write("a.py",
                "import os\n\n\ndef f(n):\n    \"\"\"Runs.\"\"\"\n    os.system(\"ls # "
                "leyden:ignore python.shell-command text\" + n)\n");
  EXPECT_EQ(review().findings.size(), 1U);  // No comment.
}

TEST_F(ReviewTest, OnlyWhatAChangeTouchesCounts) {
  folder_.write("a.py", kBad + "\n\ndef again(n):\n    \"\"\"Runs.\"\"\"\n    os.system(n)\n");
  auto reviewer = Reviewer::open(rules_, {.today = "2026-11-26"});
  std::vector<SkippedInput> skipped;
  auto inputs = find_inputs(folder_.path(), folder_.path(), skipped);
  (*inputs)[0].only = std::vector<LineSpan>{{10, 12}};
  const auto report = (*reviewer)->run(*inputs, kAll, {}, {});
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].range.first_line, 11U);
  EXPECT_EQ(report->outside, 1U);
}

// Texts around findings change at random; the findings' fingerprints do not.
TEST_F(ReviewTest, FingerprintsStayThroughEditsElsewhere) {
  const char* wanted = std::getenv("LEYDEN_TEST_EDITS");
  const int rounds = wanted == nullptr ? 500 : std::atoi(wanted);
  std::mt19937 random(5);
  const auto function = [](int i) {
    return fmt::format(
        "def f{0}(n):\n    \"\"\"Runs.\"\"\"\n    os.system(\"ls {1}\" + n)\n    return n\n\n\n", i,
        i % 3);
  };
  std::vector<std::string> parts;
  for (int i = 0; i < 12; ++i) parts.push_back(function(i));
  const auto prints = [&](const std::string& path, const std::vector<std::string>& all) {
    std::string text = "import os\n\n\n";
    for (const std::string& part : all) text += part;
    std::multiset<std::string> out;
    for (const Finding& finding : find(path, text)) {
      if (finding.rule == "python.shell-command") out.insert(finding.fingerprint);
    }
    return out;
  };
  const auto before = prints("a.py", parts);
  ASSERT_EQ(before.size(), 12U);
  int changed = 0;
  for (int round = 0; round < rounds; ++round) {
    auto edited = parts;
    switch (random() % 4) {
      case 0:  // Lines inserted within a function, before the finding.
      {
        std::string& part = edited[random() % 12];
        part.insert(part.find("\n") + 1, "    x = 1\n");
        break;
      }
      case 1:  // Functions change places.
        std::swap(edited[random() % 12], edited[random() % 12]);
        break;
      case 2:  // Another function comes.
        edited.insert(edited.begin() + static_cast<std::ptrdiff_t>(random() % 12),
                      "def other():\n    return 1\n\n\n");
        break;
      default:  // Blanks within the call.
        for (std::string& part : edited) {
          if (const auto at = part.find("\" + n"); at != std::string::npos)
            part.replace(at, 5, "\"  +  n");
        }
    }
    changed += prints(random() % 2 == 0 ? "a.py" : "b/c.py", edited) == before ? 0 : 1;
  }
  EXPECT_LE(changed * 100, rounds);
}

TEST_F(ReviewTest, ABaselineHidesWhatWasThereAsOftenAsItWas) {
  folder_.write("a.py", kBad);
  ReviewReport report = review();
  const auto file = folder_.path() / ".git" / "baseline.json";
  std::filesystem::create_directories(file.parent_path());
  ASSERT_TRUE(Baseline::write(file, report));
  auto baseline = Baseline::read(file);
  ASSERT_TRUE(baseline) << baseline.error().message;
  EXPECT_EQ(baseline->apply(report), 0U);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.suppressed.size(), 1U);
  std::filesystem::remove(folder_.path() / "a.py");
  folder_.write("moved.py", kBad);
  folder_.write("twice.py", kBad);
  report = review();
  baseline->apply(report);
  EXPECT_EQ(report.findings.size(), 1U);
  ASSERT_TRUE(write_file_atomically(file, "{}"));
  EXPECT_EQ(Baseline::read(file).error().code, Errc::corrupt);
  EXPECT_EQ(Baseline::read(folder_.path() / "none").error().code, Errc::not_found);
}

TEST_F(ReviewTest, FixesParseAndTheirPatchIsWhatTheyDo) {
  std::string text = "import yaml\n";
  for (int i = 0; i < 30; ++i) text += fmt::format("a{} = 1\n", i);
  text += "b = yaml.load(text)\nc = yaml.load(other)";
  for (const Finding& finding : find("b.py", "from yaml import load\nload(text)\n"))
    EXPECT_TRUE(finding.fix.empty());
  const auto findings = find("a.py", text);
  std::vector<const Finding*> pointers;
  for (const Finding& finding : findings) pointers.push_back(&finding);
  const auto fixed = make_fixes("a.py", text, pointers);
  ASSERT_TRUE(fixed) << fixed.error().message;
  EXPECT_EQ(fixed->made, 2U);
  EXPECT_NE(fixed->text.find("b = yaml.safe_load(text)\nc = yaml.safe_load(other)"),
            std::string::npos);
  folder_.write("a.py", text);
  folder_.write("fix.patch", fixed->patch);
  EXPECT_EQ(std::system(("cd '" + folder_.path().string() + "' && git apply fix.patch").c_str()), 0)
      << fixed->patch;
  EXPECT_EQ(read_file(folder_.path() / "a.py", 1 << 20).value(), fixed->text);
}

TEST_F(ReviewTest, FixesPutInWhatTheyFound) {
  const std::string long_name(100, 'n');
  const std::string text =
      "if not " + long_name + " in names:\n    pass\nif a == None:\n    pass\n";
  const auto findings = find("a.py", text);
  std::vector<const Finding*> pointers;
  for (const Finding& finding : findings) pointers.push_back(&finding);
  const auto fixed = make_fixes("a.py", text, pointers);
  ASSERT_TRUE(fixed) << fixed.error().message;
  EXPECT_EQ(fixed->text, "if " + long_name + " not in names:\n    pass\nif a is None:\n    pass\n");
}

TEST_F(ReviewTest, HostileTextsAreBounded) {
  folder_.write("nested.py", std::string(100'000, '('));
  folder_.write("nested.js", std::string(100'000, '[') + std::string(100'000, ']'));
  folder_.write("nested.c",
                "void f() {" + std::string(50'000, '{') + std::string(50'000, '}') + "}");
  folder_.write(
      "nested.rs", "use " + [] {
        std::string s;
        for (int i = 0; i < 20'000; ++i) s += "{";
        return s;
      }() + ";");
  folder_.write("minified.js", [] {
    std::string s = "var a=0;";
    while (s.size() < 1'500'000) s += "a=f(a,\"x\"+a);";
    return s;
  }());
  folder_.write("latin1.py", "x = '\xE4'\nimport os\nos.system(x + y)\n");
  folder_.write("noise.py", [] {
    std::mt19937 random(1);
    std::string s;
    for (int i = 0; i < 50'000; ++i) s += static_cast<char>(33 + random() % 90);
    return s;
  }());
  const ReviewReport report = review();
  EXPECT_EQ(report.files_seen,
            report.files_reviewed + report.files_not_text + report.skipped.size());
  EXPECT_EQ(report.files_seen, 7U);
}

}  // namespace
}  // namespace leyden::review
