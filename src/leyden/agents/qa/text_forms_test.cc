#include "leyden/agents/qa/text_forms.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/regex_sample.h"
#include "leyden/syntax/pattern.h"

namespace leyden::qa {
namespace {

TEST(RegexSample, WhatItGivesMatches) {
  for (const char* expression :
       {R"(^(\d{4})-(\d{2})-(\d{2})$)", R"((?P<hour>[0-2]\d):(?P<minute>[0-5][0-9])(:\d+)?)",
        R"(^[A-Za-z_][A-Za-z0-9_]*$)", R"(^(?:GET|POST) /\S* HTTP/1\.[01]$)",
        R"(^#(?:[0-9a-f]{3}){1,2}$)", R"([^,;]+,[^,;]+)", R"(^(a|b(c|d)+)?x*$)",
        R"(^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+([\w.-]+))?$)"}) {
    const auto pattern = syntax::Pattern::compile(expression);
    ASSERT_TRUE(pattern);
    const auto texts = texts_matching(expression);
    EXPECT_GT(texts.size(), 1U) << expression;
    for (const std::string& text : texts) EXPECT_TRUE(pattern->find(text)) << expression << text;
  }
}

TEST(RegexSample, AlternativesAndWhatIsOptionalAreTriedBothWays) {
  const auto texts = texts_matching(R"(^(?:on|off)( now)?$)");
  for (const char* one : {"on", "off", "on now", "off now"})
    EXPECT_NE(std::ranges::find(texts, one), texts.end()) << one;
}

TEST(RegexSample, WhatIsNoExpressionOrNotUnderstoodGivesNothing) {
  for (const char* text : {"", "hello", "a.b", "(\\w)\\1", "[a", "(((", "\\", "*$", "x{", "^(?:"})
    EXPECT_TRUE(texts_matching(text).empty()) << text;
}

Function of_text(std::string name, std::vector<std::string> texts, std::string doc = {}) {
  Function out;
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.type.kind = Type::Kind::text;
  out.parameters.push_back(parameter);
  out.literals.texts = std::move(texts);
  out.doc = std::move(doc);
  return out;
}

TEST(TextForms, FormatsSeparatorsNamesAndDocs) {
  const auto has = [](const Function& function, const char* text) {
    const auto all = texts_of_forms(function);
    return std::ranges::find(all, text) != all.end();
  };
  EXPECT_TRUE(has(of_text("x", {"%d.%m.%Y"}), "29.02.2024"));
  EXPECT_TRUE(has(of_text("x", {}, "Takes YYYY-MM-DD, or YYYYDDD."), "2024-02-29"));
  EXPECT_TRUE(has(of_text("x", {}, "Takes YYYY-MM-DD, or YYYYDDD."), "1999365"));
  EXPECT_TRUE(has(of_text("x", {":"}), "12:30"));
  EXPECT_TRUE(has(of_text("user_email", {}), "ada@example.com"));
  EXPECT_TRUE(has(of_text("newVersion", {}), "1.2.3"));
  EXPECT_TRUE(texts_of_forms(of_text("x", {})).empty());
  Function of_number = of_text("version", {":"});
  of_number.parameters[0].type.kind = Type::Kind::integer;
  EXPECT_TRUE(texts_of_forms(of_number).empty());
}

}  // namespace
}  // namespace leyden::qa
