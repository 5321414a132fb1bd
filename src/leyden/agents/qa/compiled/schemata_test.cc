#include "leyden/agents/qa/compiled/schemata.h"

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

std::string condition(std::size_t number) { return "if (is(" + std::to_string(number) + "))"; }

TEST(Schemata, PutABodyBesideEachMutant) {
  const std::string text = "int f(int a) { return a < 1; }\n";
  const std::vector<BodySpan> bodies = {{.begin = 13, .end = 30, .function = 0}};
  const std::vector<Mutant> mutants = {
      {.begin = 24, .end = 25, .text = "<=", .line = 1, .function = 0, .what = ""},
      {.begin = 26, .end = 27, .text = "2", .line = 1, .function = 0, .what = ""}};
  const Schemata out = schemata_of(text, bodies, mutants, {false, false}, condition);
  EXPECT_EQ(
      out.text,
      "int f(int a) {\nif (is(0)) { return a <= 1; } else \nif (is(1)) { return a < 2; } else "
      "\n{ return a < 1; }}\n");
  EXPECT_EQ(out.at_line(2), std::vector<std::size_t>{0});
  EXPECT_EQ(out.at_line(3), std::vector<std::size_t>{1});
  // What is missing is told where the function ends.
  EXPECT_EQ(out.at_line(4), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(out.at_line(5).empty());
}

TEST(Schemata, LeaveOutWhatDoesNotCompile) {
  const std::string text = "f() { a; }";
  const std::vector<BodySpan> bodies = {{.begin = 4, .end = 10, .function = 0}};
  const std::vector<Mutant> mutants = {
      {.begin = 6, .end = 7, .text = "b", .line = 1, .function = 0, .what = ""}};
  EXPECT_EQ(schemata_of(text, bodies, mutants, {true}, condition).text, "f() {\n{ a; }}");
}

}  // namespace
}  // namespace leyden::qa
