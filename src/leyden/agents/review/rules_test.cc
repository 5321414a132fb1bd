#include <cstdlib>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "leyden/agents/review/fixes.h"
#include "leyden/agents/review/rule.h"
#include "leyden/agents/review/rule_engine.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/base/files.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::review {
namespace {

const RuleSet& builtin() {
  static const Result<RuleSet> rules = RuleSet::builtin(Examples::read);
  if (!rules) {
    ADD_FAILURE() << rules.error().message;
    std::abort();
  }
  return *rules;
}

std::string file_name(const RuleExample& example) {
  if (!example.file.empty()) return example.file;
  using syntax::Language;
  switch (example.language) {
    case Language::python:
      return "example.py";
    case Language::javascript:
      return "example.js";
    case Language::typescript:
      return "example.ts";
    case Language::tsx:
      return "example.tsx";
    case Language::java:
      return "Example.java";
    case Language::c:
      return "example.c";
    case Language::cpp:
      return "example.cc";
    case Language::go:
      return "example.go";
    case Language::rust:
      return "example.rs";
    case Language::ruby:
      return "example.rb";
    case Language::php:
      return "example.php";
    default:
      return "example." + std::string(to_string(example.language));
  }
}

TEST(Rules, AreRightForTheirLanguages) {
  auto engine = RuleEngine::open(builtin(), RuleEngine::Check::all_languages);
  EXPECT_TRUE(engine) << engine.error().message;
}

TEST(Rules, HaveIdsThatSayWhereTheyApplyAndAdvice) {
  for (const Rule& rule : builtin().rules) {
    EXPECT_NE(rule.id.find('.'), std::string::npos) << rule.id;
    EXPECT_FALSE(rule.advice.empty()) << rule.id;
    EXPECT_LT(rule.message.size(), 300U) << rule.id;
    EXPECT_TRUE(rule.type != ReviewType::security || rule.cwe != 0) << rule.id << " names no CWE";
  }
}

// Each line that ends in a comment "BAD" is found, and no other.
TEST(Rules, FindTheirExamplesAndNothingElse) {
  auto engine = RuleEngine::open(builtin(), RuleEngine::Check::as_needed);
  ASSERT_TRUE(engine);
  for (const Rule& rule : builtin().rules) {
    std::size_t bad = 0;
    std::size_t good = 0;
    for (const RuleExample& example : rule.examples) {
      const SourceFile file = SourceFile::open(file_name(example), example.text);
      EXPECT_EQ(file.language(), example.language) << rule.id;
      if (file.tree() != nullptr && !rule.pattern) {
        EXPECT_FALSE(file.tree()->has_errors())
            << rule.id << " has an example that does not parse:\n"
            << example.text;
      }
      std::set<std::size_t> expected(example.bad.begin(), example.bad.end());
      for (std::size_t line = 1; line <= file.line_count(); ++line) {
        const std::string_view text = file.line(line);
        if (text.ends_with("BAD") || text.ends_with("BAD */") || text.ends_with("BAD -->"))
          expected.insert(line);
        good += text.empty() ? 0 : 1;
      }
      bad += expected.size();
      good -= expected.size();
      std::set<std::size_t> found;
      for (const Finding& finding : (*engine)->run(file, {rule.type})) {
        if (finding.rule != rule.id) continue;
        found.insert(finding.range.first_line);
        EXPECT_EQ(
            finding.evidence,
            file.text().substr(finding.range.begin,
                               std::min(finding.range.end - finding.range.begin, kEvidenceBytes)));
        for (std::size_t at = rule.message.find('{'); at != std::string::npos;
             at = rule.message.find('{', at + 1)) {
          const std::string name = rule.message.substr(at, rule.message.find('}', at) - at + 1);
          EXPECT_EQ(finding.message.find(name), std::string::npos)
              << rule.id << " names " << name << ", which is not there: " << finding.message;
        }
      }
      EXPECT_EQ(found, expected) << rule.id << " in\n" << example.text;
    }
    EXPECT_GT(bad, 0U) << rule.id << " has no example of what it finds";
    EXPECT_GT(good, 0U) << rule.id << " has no example of what it lets be";
  }
}

// Every fix of every rule: the patch applies, the file parses, what was found is gone, and nothing new is found by that rule.
TEST(Rules, FixesTakeAwayWhatWasFound) {
  auto engine = RuleEngine::open(builtin(), RuleEngine::Check::as_needed);
  ASSERT_TRUE(engine);
  const TemporaryFolder folder;
  const bool git = std::system("git --version > /dev/null 2>&1") == 0;
  const auto found_by = [&](const Rule& rule, const std::string& path, const std::string& text) {
    auto findings = (*engine)->run(SourceFile::open(path, text), {rule.type});
    std::erase_if(findings, [&](const Finding& one) { return one.rule != rule.id; });
    return findings;
  };
  std::size_t rules = 0;
  std::size_t fixes = 0;
  for (const Rule& rule : builtin().rules) {
    if (rule.fix_capture.empty()) continue;
    ++rules;
    std::size_t made = 0;
    for (const RuleExample& example : rule.examples) {
      const std::string path = file_name(example);
      const auto findings = found_by(rule, path, example.text);
      std::vector<const Finding*> fixable;
      for (const Finding& finding : findings) {
        if (!finding.fix.empty()) fixable.push_back(&finding);
      }
      if (fixable.empty()) continue;
      const auto fixed = make_fixes(path, example.text, fixable);
      ASSERT_TRUE(fixed) << rule.id << ": " << fixed.error().message;
      made += fixed->made;
      if (fixed->left == 0) {
        EXPECT_EQ(found_by(rule, path, fixed->text).size(), findings.size() - fixable.size())
            << rule.id << "\n"
            << fixed->text;
      }
      if (!git) continue;
      folder.write(path, example.text);
      folder.write("a.patch", fixed->patch);
      const std::string apply = fmt::format("cd {} && git apply a.patch", folder.path().string());
      EXPECT_EQ(std::system(apply.c_str()), 0) << rule.id << "\n" << fixed->patch;
      EXPECT_EQ(read_file(folder.path() / path, 1 << 20).value(), fixed->text) << rule.id;
    }
    EXPECT_GT(made, 0U) << rule.id << " has a fix that none of its examples shows";
    fixes += made;
  }
  EXPECT_GE(rules, 60U);
  EXPECT_GE(fixes, rules);
}

TEST(Rules, FillTheirFixesWithWhatTheyCaptured) {
  auto engine = RuleEngine::open(builtin(), RuleEngine::Check::as_needed);
  ASSERT_TRUE(engine);
  const auto fix = [&](const std::string& path, const std::string& text, std::string_view rule) {
    for (const Finding& finding :
         (*engine)->run(SourceFile::open(path, text), {ReviewType::security, ReviewType::style})) {
      if (finding.rule == rule) return finding.fix.empty() ? "none" : finding.fix[0].text;
    }
    return std::string("no finding");
  };
  EXPECT_EQ(fix("a.js", "if (f(x) === NaN) run();\n", "javascript.nan-comparison"),
            "Number.isNaN(f(x))");
  EXPECT_EQ(fix("a.js", "if (x !== NaN) run();\n", "javascript.nan-comparison"), "none");
  EXPECT_EQ(fix("A.java", "class A { boolean f(String a) { return a == \"b\"; } }\n",
                "java.string-by-identity"),
            "\"b\".equals(a)");
  // By another name the new one would stand for nothing.
  EXPECT_EQ(fix("a.js", "const crypto = require('crypto');\nconst f = crypto.pseudoRandomBytes;\n",
                "javascript.pseudo-random-bytes"),
            "crypto.randomBytes");
  EXPECT_EQ(fix("a.js", "const {pseudoRandomBytes} = require('crypto');\nrun(pseudoRandomBytes);\n",
                "javascript.pseudo-random-bytes"),
            "none");
}

TEST(Rules, SayWhatIsWrongWithThem) {
  const auto wrong = [](std::string text) {
    const RuleText file{.name = "x.toml", .text = std::move(text)};
    auto rules = read_rules({&file, 1}, Examples::read);
    return rules ? std::string() : rules.error().message;
  };
  EXPECT_NE(wrong("[[rule]").find("x.toml, line 1"), std::string::npos);
  const std::string good =
      "[[rule]]\nid = 'a.b'\ntype = 'style'\nseverity = 'low'\nconfidence = 'low'\ntitle = 't'\n"
      "message = 'm'\nlanguages = ['c']\n";
  EXPECT_EQ(wrong(good + "calls = ['f']\n"), "");
  EXPECT_NE(wrong(good).find("rule a.b: what to look for"), std::string::npos);
  EXPECT_NE(wrong(good + "calls = ['f']\ncals = ['g']\n").find("there is no cals"),
            std::string::npos);
  EXPECT_NE(wrong(good + "strings = '('\n").find("strings is not"), std::string::npos);
  EXPECT_NE(wrong(good + "calls = ['f']\nsources = ['s']\n").find("sources"), std::string::npos);
  EXPECT_NE(wrong(good + "calls = ['f']\n" + good + "calls = ['f']\n").find("two rules"),
            std::string::npos);
}

}  // namespace
}  // namespace leyden::review
