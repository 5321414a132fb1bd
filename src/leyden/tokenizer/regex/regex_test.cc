#include "leyden/tokenizer/regex/regex.h"

#include <string>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

std::string matches(std::string_view pattern, std::string_view text, bool is_regex = true) {
  auto regex = Regex::make(pattern, is_regex);
  if (!regex) return "error: " + regex.error().message;
  Regex::Matches found(**regex, text);
  std::string out;
  while (auto match = found.next()) {
    out += '[' + std::string(text.substr(match->begin, match->end - match->begin)) + ']';
  }
  return out;
}

TEST(Regex, ClassesAreOfOurUnicode) {
  EXPECT_EQ(matches(R"(\p{L}+)", "aé\U00010D50 1"), "[aé\U00010D50]");  // Unicode 16.
  EXPECT_EQ(matches(R"(\p{^L}+)", "a1b"), "[1]");
  EXPECT_EQ(matches(R"(\P{L}+)", "a1b"), "[1]");
  EXPECT_EQ(matches(R"(\s+)", "a\u0085\uFEFF"), "[\u0085]");
  EXPECT_EQ(matches(R"([^\s\p{L}]+)", "a12 b"), "[12]");
  EXPECT_EQ(matches(R"(\p{Han}+)", "a中文か"), "[中文]");
  EXPECT_EQ(matches(R"([\p{L}&&[^a-m]]+)", "anz"), "[nz]");
  EXPECT_EQ(matches(R"([a[bc]]+)", "xabcx"), "[abc]");
  EXPECT_EQ(matches(R"([[:alpha:]_]+)", "é_1"), "[é_]");
  EXPECT_EQ(matches(R"(\bb)", "ab b"), "[b]");
}

TEST(Regex, FollowsOnigurumasSyntax) {
  EXPECT_EQ(matches("^a$", "a\na"), "[a][a]");  // Lines, as in Ruby.
  EXPECT_EQ(matches("(?i:'s|k)", "'S'\u017FK\u212A"), "['S]['\u017F][K][\u212A]");
  EXPECT_EQ(matches(R"(\h+)", "xbeef"), "[beef]");
  EXPECT_EQ(matches(R"(\v)", "\v\n"), "[\v]");
  EXPECT_EQ(matches("(?m:.+)", "a\nb"), "[a\nb]");
  EXPECT_EQ(matches("a*", "aab"), "[aa][]");  // No empty match right behind another...
  EXPECT_EQ(matches("x*", "ab"), "[][][]");   // ... but elsewhere.
  EXPECT_EQ(matches(R"((\w)\1)", "abba"), "[bb]");
  EXPECT_EQ(matches("a.c#", "a.c#abc#", false), "[a.c#]");
}

TEST(Regex, WhatCantBeSaidIsNamed) {
  auto error = [](std::string_view pattern) { return matches(pattern, ""); };
  EXPECT_NE(error(R"(\p{Klingon})").find("\\p{Klingon}"), std::string::npos);
  EXPECT_NE(error(R"(\X)").find("\\X"), std::string::npos);
  EXPECT_NE(error("a{1,3}+").find("{1,3}+"), std::string::npos);
  EXPECT_NE(error("(?<name>a)").find("(?<n"), std::string::npos);
  EXPECT_NE(error("(?i:é)").find("(?i)"), std::string::npos);
  EXPECT_NE(error("[a").find("open"), std::string::npos);
  EXPECT_NE(error("(a").find("open group"), std::string::npos);
  EXPECT_NE(error("a)").find("not opened"), std::string::npos);
  EXPECT_NE(error("").find("empty"), std::string::npos);
  EXPECT_NE(error("*").find("error"), std::string::npos);
}

TEST(Regex, EndlessBacktrackingEnds) {
  std::string text(40'000, 'a');
  EXPECT_EQ(matches("(a+)+b", text), "");
  EXPECT_EQ(matches("(?:a|a)*c", text), "");
}

}  // namespace
}  // namespace leyden::tokenizer
