#include "leyden/agents/qa/compared_texts.h"

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

using Texts = std::vector<std::string>;

Texts compared(std::string_view source, const std::string& name, bool single_quotes = false) {
  Function function;
  function.end = source.size();
  function.parameters = {{.name = name, .type = {.kind = Type::Kind::text, .of = {}, .name = {}}}};
  note_compared_texts(function, source, single_quotes);
  return function.parameters[0].compared;
}

TEST(ComparedTexts, AtEitherSide) {
  EXPECT_EQ(compared("if (!cur.equals(\"USD\") && !\"EUR\".equals(cur)) { x = \"none\"; }", "cur"),
            (Texts{"USD", "EUR"}));
  EXPECT_EQ(compared("return unit == \"km\" || \"mi\" == unit || units == \"m\"", "unit"),
            (Texts{"km", "mi"}));
  EXPECT_EQ(compared("return strcmp(word, \"yes\") == 0 || print(word, \"no\");", "word"),
            Texts{"yes"});
  EXPECT_EQ(compared("$mode === 'fast' ? 1 : 2", "mode", true), Texts{"fast"});
}

TEST(ComparedTexts, CasesOfASwitch) {
  EXPECT_EQ(
      compared("switch (op) { case \"add\": return 1; case \"mul\", \"div\": f(\"x\"); }", "op"),
      (Texts{"add", "mul", "div"}));
  EXPECT_EQ(compared("match op.as_str() { \"a\" | \"b\" => 1, \"c\" => 2, _ => f(\"d\") }", "op"),
            (Texts{"a", "b", "c"}));
  EXPECT_EQ(compared("case color\n when 'red', 'blue' then 1\n end", "color", true),
            (Texts{"red", "blue"}));
  EXPECT_EQ(compared("switch (other) { case \"add\": return op; }", "op"), Texts{});
}

TEST(ComparedTexts, WhatReadsTheTextTakesFew) {
  EXPECT_EQ(compared("entry.setDate(LocalDate.parse(day)); f(day);", "day"),
            (Texts{"2024-02-29", "1999-12-31"}));
  EXPECT_EQ(compared("return parseInt(count, 10) + parse(count)", "count"), (Texts{"42", "-7"}));
}

TEST(ComparedTexts, DamagedSourceIsRead) {
  for (const char* source : {"op == \"", "\"", "\" == op", "op == \"a\\", "switch (op", "case op"})
    EXPECT_LE(compared(source, "op").size(), 1) << source;
}

}  // namespace
}  // namespace leyden::qa
