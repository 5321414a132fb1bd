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

// As Oniguruma 6.9 answers through Hugging Face's tokenizers 0.23.3.
TEST(Regex, RepeatsOfRepetitions) {
  EXPECT_EQ(matches("a{1,3}+", "aaaaa b"), "[aaaaa]");  // Not possessive: repeated.
  EXPECT_EQ(matches("a{1,3}+ab", "aaaaab"), "[aaaaab]");
  EXPECT_EQ(matches("ba{2}?", "baaaa"), "[baa]");  // Optional.
  EXPECT_EQ(matches("ba{2}?c", "bc"), "[bc]");
  EXPECT_EQ(matches("a{,2}b", "aaab"), "[aab]");
  EXPECT_EQ(matches("a{2}*b", "aaaab b"), "[aaaab][b]");
  EXPECT_EQ(matches("a{1,3}{2}", "aaaaaaaa"), "[aaaaaa][aa]");
  EXPECT_EQ(matches("(?:ab){1,2}+c", "abababc"), "[abababc]");
  EXPECT_EQ(matches(R"(\p{N}{1,3}+x|[ab]{2}+)", "1234x aba"), "[1234x][ab]");
}

TEST(Regex, GroupsWithOptionsAndNames) {
  EXPECT_EQ(matches("(?<name>a)(b)", "ab"), "[ab]");
  EXPECT_EQ(matches(R"((?<name>\w)-\k<name>)", "a-b-b"), "[b-b]");
  EXPECT_EQ(matches("(?x) a b # c\n |d", "ab d"), "[ab][d]");
  EXPECT_EQ(matches("(?x: a [ ] b )c d", "a bc d"), "[a bc d]");
  EXPECT_EQ(matches("(?x)a{1,2} +", "aaaa"), "[aaaa]");
  EXPECT_EQ(matches("a(?i)b|c", "aB aC c C"), "[aB][aC]");  // a(?i:b|c), as in Ruby.
  EXPECT_EQ(matches("(a(?i)b|c)d", "aBd aCd cd"), "[aBd][aCd]");
  EXPECT_EQ(matches("(?i)(?:a|(?-i)b)", "ABab"), "[A][a][b]");
  EXPECT_EQ(matches("(?im)a.b", "A\nB"), "[A\nB]");
  EXPECT_EQ(matches("(?i-x:a)(?#note)", "A"), "[A]");
}

TEST(Regex, WhatCantBeSaidIsNamed) {
  auto error = [](std::string_view pattern) { return matches(pattern, ""); };
  EXPECT_NE(error(R"(\p{Klingon})").find("\\p{Klingon}"), std::string::npos);
  EXPECT_NE(error(R"(\X)").find("\\X"), std::string::npos);
  EXPECT_NE(error(R"((?<name>a)\1)").find("back-references"), std::string::npos);
  EXPECT_NE(error(R"((?<name>a)\k<-1>)").find("\\k<-1"), std::string::npos);
  EXPECT_NE(error("(?s:a)").find("(?s:"), std::string::npos);  // Not Ruby's.
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
