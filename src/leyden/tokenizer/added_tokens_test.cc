#include "leyden/tokenizer/added_tokens.h"

#include <string>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

// "text|7|more": text as it is, tokens by their ID.
std::string split(const AddedTokens& tokens, std::string_view text,
                  const SpecialPolicy& policy = {}) {
  std::string out;
  tokens.split(text, policy, [&](const AddedTokens::Part& part) {
    if (!out.empty()) out += '|';
    out += part.token ? std::to_string(*part.token)
                      : std::string(text.substr(part.begin, part.end - part.begin));
  });
  return out;
}

TEST(AddedTokens, TheLeftmostAndThereTheLongest) {
  AddedTokens tokens(
      {{.id = 1, .text = "ab"}, {.id = 2, .text = "abcd"}, {.id = 3, .text = "bcde"}});
  EXPECT_EQ(split(tokens, "xabcde"), "x|2|e");
  EXPECT_EQ(split(tokens, "abab"), "1|1");
  EXPECT_EQ(split(tokens, "bcdeab"), "3|1");
  EXPECT_EQ(split(tokens, ""), "");
}

TEST(AddedTokens, WhatTheCallerDoesNotAllowStaysTextAndHidesWhatItOverlaps) {
  AddedTokens tokens({{.id = 1, .text = "<s>", .special = true},
                      {.id = 2, .text = "s>x"},
                      {.id = 3, .text = "</s>", .special = true}});
  EXPECT_EQ(split(tokens, "<s>x"), "<s>x");
  EXPECT_EQ(split(tokens, "s>x"), "2");
  EXPECT_EQ(split(tokens, "<s>x", SpecialPolicy::all()), "1|x");
  EXPECT_EQ(split(tokens, "<s></s>", SpecialPolicy::only({3})), "<s>|3");
}

TEST(AddedTokens, TakeTheWhitespaceBesideThem) {
  AddedTokens tokens({{.id = 1, .text = "[L]", .lstrip = true},
                      {.id = 2, .text = "[R]", .rstrip = true},
                      {.id = 3, .text = "[W]", .single_word = true}});
  EXPECT_EQ(split(tokens, "a \n[L] b"), "a|1| b");
  EXPECT_EQ(split(tokens, "a [R] \u3000b"), "a |2|b");
  EXPECT_EQ(split(tokens, "a [R] [L]"), "a |2|1");
  EXPECT_EQ(split(tokens, "a[W]"), "a[W]");
  EXPECT_EQ(split(tokens, "_[W]"), "_[W]");
  EXPECT_EQ(split(tokens, "-[W]."), "-|3|.");
}

TEST(AddedTokens, NoCutWithinWhatMayBeOne) {
  AddedTokens tokens({{.id = 1, .text = "\n\n"}, {.id = 2, .text = "<table>"}});
  EXPECT_FALSE(tokens.is_safe_cut("a\n", "\nb"));
  EXPECT_FALSE(tokens.is_safe_cut("a<ta", "ble"));
  EXPECT_TRUE(tokens.is_safe_cut("a<", "b"));
  EXPECT_TRUE(tokens.is_safe_cut("a", "\n\n"));
  EXPECT_TRUE(AddedTokens({{.id = 1, .text = "ab", .special = true}}).is_safe_cut("a", "b"));
  EXPECT_FALSE(AddedTokens({{.id = 1, .text = "ab", .rstrip = true}}).is_safe_cut("x", " y"));
}

}  // namespace
}  // namespace leyden::tokenizer
