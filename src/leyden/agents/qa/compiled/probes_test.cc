#include "leyden/agents/qa/compiled/probes.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/cpp/cpp_syntax.h"

namespace leyden::qa {
namespace {

ProbedSource probed(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::cpp, text);
  EXPECT_TRUE(tree);
  return probed_source(*tree, text, cpp_probe_syntax());
}

TEST(Probes, StandBeforeStatements) {
  EXPECT_EQ(
      probed("int f(int a) {\n  int b = a;\n  return b;\n}\n").text,
      "int f(int a) {leyden_hit(0);\n  leyden_hit(1);int b = a;\n  leyden_hit(2);return b;\n}\n");
}

TEST(Probes, CountBothWaysOfEachOperand) {
  const ProbedSource out = probed("void f(bool a, bool b) {\n  if (a && !b) g();\n}\n");
  EXPECT_EQ(out.text,
            "void f(bool a, bool b) {leyden_hit(0);\n"
            "  leyden_hit(1);if (leyden_if(!!(a),2,3) && !leyden_if(!!(b),4,5)) "
            "{leyden_hit(6);g();}\n}\n");
  EXPECT_EQ(out.goals().branches.size(), 4u);
  EXPECT_EQ(out.goals().lines, (std::set<std::int64_t>{1, 2}));
}

TEST(Probes, LeaveDeclarationsInConditionsAlone) {
  const ProbedSource out = probed("void f() {\n  if (auto* x = g()) h(x);\n}\n");
  EXPECT_NE(out.text.find("if (auto* x = g()) {"), std::string::npos);
  EXPECT_EQ(out.goals().branches.size(), 1u);
}

TEST(Probes, LeaveWhatThePreprocessorAsksAlone) {
  const std::string asked = "#if defined(A) && B > 2\nstatic int x = 1;\n#endif\n";
  EXPECT_EQ(probed(asked).text, asked);
  EXPECT_EQ(probed("void f() {\n#ifdef A\n  g();\n#endif\n  h();\n}\n").text,
            "void f() {leyden_hit(0);\n#ifdef A\n  leyden_hit(1);g();\n#endif\n  "
            "leyden_hit(2);h();\n}\n");
}

TEST(Probes, TellTheLineOfAThrow) {
  EXPECT_NE(probed("void f(int a) {\n  if (a) throw 1;\n}\n")
                .text.find("{leyden_hit(4);leyden_throws(2);throw 1;}"),
            std::string::npos);
}

TEST(Probes, LinesStayWhereTheyAre) {
  const std::string text =
      "int f(int a) {\n  switch (a) {\n    case 1:\n      return 2;\n    default:\n      break;\n  "
      "}\n"
      "  for (int i = 0; i < a; ++i) a += i > 2 ? 1 : 0;\n  do { --a; } while (a > 0);\n  return "
      "a;\n}\n";
  const ProbedSource out = probed(text);
  EXPECT_EQ(std::ranges::count(out.text, '\n'), std::ranges::count(text, '\n'));
  // Two cases, and both ways of three conditions.
  EXPECT_EQ(out.goals().branches.size(), 8u);
}

TEST(Probes, WhatDoesNotParseGetsNone) {
  const ProbedSource out = probed("int f() { return 1 +; }\nint g() { return 2; }\n");
  EXPECT_EQ(out.goals().lines, std::set<std::int64_t>{2});
}

}  // namespace
}  // namespace leyden::qa
