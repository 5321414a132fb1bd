#include "leyden/agents/evolve/operators/operators.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "leyden/agents/evolve/operators/edits.h"
#include "leyden/agents/evolve/operators/line_mix.h"

namespace leyden::evolve {
namespace {

using syntax::Language;

constexpr std::string_view kPython = R"(import math

def area(width, height, round_up=True):
    if width < 0 or height < 0:
        return 0
    total = width * height + 1.5
    for i in range(3):
        total += max(i, width)
    return total

def other(a, b):
    return a - b

NAME = "area"
)";

Program program(std::string_view text, Language language = Language::python) {
  auto out = Program::parse(language, std::string(text));
  if (!out) std::abort();
  return *std::move(out);
}

TEST(Edits, EachKindIsFoundAndGivesAProgramThatParses) {
  const Program parent = program(kPython);
  std::set<EditKind> seen;
  Random random(1);
  const std::vector<Site> sites = sites_of(parent);
  for (const Site& site : sites) {
    for (int i = 0; i < 8; ++i) {
      const auto edit = edit_at(parent, site, random);
      if (!edit) continue;
      const auto text = applied(parent, *edit);
      if (!text) continue;
      seen.insert(site.kind);
      EXPECT_NE(*text, kPython);
      EXPECT_FALSE(program(*text).has_errors()) << *text;
      EXPECT_NE(edit->what.find("line "), std::string::npos);
    }
  }
  for (std::size_t i = 0; i < kEditKinds; ++i)
    EXPECT_TRUE(seen.contains(static_cast<EditKind>(i))) << to_string(static_cast<EditKind>(i));
}

// Nothing is Python's alone.
TEST(Edits, InEveryLanguageThatParses) {
  const std::map<Language, std::string_view> sources = {
      {Language::c, "int f(int a, int b) {\n  if (a < 3) { a += 2; b = a; }\n  return a * b;\n}\n"},
      {Language::cpp,
       "int f(int a, int b) {\n  if (a < 3) { a += 2; b = a; }\n  return a * b;\n}\n"},
      {Language::go,
       "package p\n\nfunc f(a int, b int) int {\n\tif a < 3 {\n\t\ta += 2\n\t\tb = "
       "a\n\t}\n\treturn a * b\n}\n"},
      {Language::java,
       "class A {\n  int f(int a, int b) {\n    if (a < 3) { a += 2; b = a; }\n    return a * b;\n "
       " }\n}\n"},
      {Language::javascript,
       "function f(a, b) {\n  if (a < 3) { a += 2; b = a; }\n  return a * b;\n}\n"},
      {Language::typescript,
       "function f(a: number, b: number) {\n  if (a < 3) { a += 2; b = a; }\n  return a * b;\n}\n"},
      {Language::php,
       "<?php\nfunction f($a, $b) {\n  if ($a < 3) { $a += 2; $b = $a; }\n  return $a * $b;\n}\n"},
      {Language::ruby, "def f(a, b)\n  if a < 3\n    a += 2\n    b = a\n  end\n  a * b\nend\n"},
      {Language::rust,
       "fn f(mut a: i32, b: i32) -> i32 {\n    if a < 3 { a += 2; }\n    a * b\n}\n"}};
  for (const auto& [language, text] : sources) {
    const Program parent = program(text, language);
    ASSERT_FALSE(parent.has_errors()) << to_string(language);
    NumericSearch numbers;
    Random random(3);
    std::set<std::string> children;
    for (int i = 0; i < 60; ++i) {
      auto child = apply_operator(Operator::mutation,
                                  {.parent = parent, .evidence = {}, .file = {}}, numbers, random);
      if (!child) continue;
      EXPECT_FALSE(program(child->code, language).has_errors()) << child->code;
      children.insert(child->code);
    }
    EXPECT_GT(children.size(), 25) << to_string(language);
    EXPECT_GE(constants_of(parent).size(), 2) << to_string(language);
  }
}

// What a name is declared with is used. (It once ended the program.)
TEST(Edits, ADeclarationsValueIsAUse) {
  const Program parent = program("int f(int a) {\n  int b = a;\n  return b;\n}\n", Language::cpp);
  const std::vector<Site> sites = sites_of(parent);
  EXPECT_TRUE(std::ranges::any_of(sites, [&](const Site& site) {
    return site.kind == EditKind::name && site.node.first_line() == 2 &&
           site.node.text(parent.text()) == "a";
  }));
}

TEST(Edits, StayWithinTheMarkedBlock) {
  const std::string text =
      "LIMIT = 5\n# EVOLVE-BLOCK-START\ndef f(a):\n    return a + 1\n# "
      "EVOLVE-BLOCK-END\nprint(f(2))\n";
  const Program parent = program(text);
  NumericSearch numbers;
  Random random(5);
  for (int i = 0; i < 100; ++i) {
    for (const Operator which : {Operator::mutation, Operator::refinement, Operator::revision}) {
      auto child =
          apply_operator(which, {.parent = parent, .evidence = {}, .file = {}}, numbers, random);
      if (!child) continue;
      EXPECT_TRUE(child->code.starts_with("LIMIT = 5\n# EVOLVE-BLOCK-START\n")) << child->code;
      EXPECT_TRUE(child->code.ends_with("# EVOLVE-BLOCK-END\nprint(f(2))\n")) << child->code;
    }
  }
}

TEST(Operators, TheSameDiceGiveTheSameChild) {
  const Program parent = program(kPython);
  std::string changed(kPython);
  changed.replace(changed.find("return 0"), 8, "return 7");
  changed.replace(changed.find("return a - b"), 12, "return a + b");
  const Program other = program(changed);
  for (std::size_t i = 0; i < kOperators; ++i) {
    const auto once = [&] {
      NumericSearch numbers;
      Random random(11);
      std::string all;
      for (int k = 0; k < 10; ++k) {
        auto child = apply_operator(static_cast<Operator>(i),
                                    {.parent = parent,
                                     .other = &other,
                                     .evidence = "program.py:5: wrong",
                                     .file = "program.py"},
                                    numbers, random);
        if (child) all += child->code + child->reasoning;
      }
      return all;
    };
    EXPECT_FALSE(once().empty()) << to_string(static_cast<Operator>(i));
    EXPECT_EQ(once(), once());
    EXPECT_EQ(operator_named(to_string(static_cast<Operator>(i))), static_cast<Operator>(i));
  }
}

TEST(Operators, RevisionLooksWhereTheEvidencePoints) {
  const Program parent = program(kPython);
  NumericSearch numbers;
  Random random(2);
  int near = 0;
  for (int i = 0; i < 100; ++i) {
    auto child = apply_operator(Operator::revision,
                                {.parent = parent,
                                 .evidence = "File \"/project/program.py\", line 12, in other",
                                 .file = "program.py"},
                                numbers, random);
    ASSERT_TRUE(child);
    const std::size_t same = static_cast<std::size_t>(
        std::mismatch(child->code.begin(), child->code.end(), kPython.begin(), kPython.end())
            .first -
        child->code.begin());
    near += same > kPython.find("    return total") ? 1 : 0;
  }
  EXPECT_GT(near, 60);
}

// Of a number that must be a hundred times as large: each step that gained is made once more.
TEST(NumericSearch, AStepThatGainedIsMadeOnceMore) {
  const Program before = program("rounds = 2\nrate = 0.5\nshift = 0.0\n");
  const Program after = program("rounds = 4\nrate = 0.25\nshift = (-1.0)\n");
  NumericSearch numbers;
  EXPECT_FALSE(numbers.once_more(after));
  numbers.tell({after, 2.0}, {before, 1.0});
  EXPECT_FALSE(numbers.once_more(before)) << "it lost";
  numbers.tell({before, 1.0}, {after, 2.0});
  EXPECT_EQ(numbers.once_more(after), "rounds = 8\nrate = 0.125\nshift = (-2.0)\n");
}

TEST(Operators, RecombinationJoinsWhatTwoParentsDidWell) {
  const Program first = program("def a():\n    return 2\n\ndef b():\n    return 0\n");
  const Program second = program("def a():\n    return 0\n\ndef b():\n    return 3\n");
  NumericSearch numbers;
  Random random(4);
  bool joined = false;
  for (int i = 0; i < 20; ++i) {
    auto child = apply_operator(Operator::recombination,
                                {.parent = first, .other = &second, .evidence = {}, .file = {}},
                                numbers, random);
    joined =
        joined || (child && child->code == "def a():\n    return 2\n\ndef b():\n    return 3\n");
  }
  EXPECT_TRUE(joined);
}

TEST(Operators, CrossoverTakesASubtreeThatIsNew) {
  const Program first = program("def f(x):\n    if x:\n        y = 1\n    return y\n");
  const Program second = program("def f(x):\n    return math.sqrt(x)\n");
  NumericSearch numbers;
  Random random(4);
  bool taken = false;
  for (int i = 0; i < 20; ++i) {
    auto child = apply_operator(Operator::crossover,
                                {.parent = first, .other = &second, .evidence = {}, .file = {}},
                                numbers, random);
    taken = taken || (child && child->code.find("math") != std::string::npos);
  }
  EXPECT_TRUE(taken);
}

TEST(LineMix, ComparesLikeADiff) {
  const auto runs = compare_lines(lines_of("a\nb\nc\n"), lines_of("a\nx\ny\nc\n"));
  ASSERT_EQ(runs.size(), 3);
  EXPECT_TRUE(runs[0].same && !runs[1].same && runs[2].same);
  EXPECT_EQ(runs[1].first_count, 1);
  EXPECT_EQ(runs[1].second_count, 2);
}

TEST(Constants, AreReadAndWrittenBack) {
  const Program parent = program("x = f(3, -2.5, 0x1f)\ny = 1_000 + 7\n");
  const std::vector<Constant> constants = constants_of(parent);
  ASSERT_EQ(constants.size(), 3);
  EXPECT_EQ(constants[1].value, -2.5);
  EXPECT_EQ(with_constants(parent, std::vector<double>{3, -2.5, 7}),
            "x = f(3, (-2.5), 0x1f)\ny = 1_000 + 7\n");
  const Program child = program(with_constants(parent, std::vector<double>{-4.2, 1e-9, 8}));
  EXPECT_EQ(child.text(), "x = f((-4), 1e-09, 0x1f)\ny = 1_000 + 8\n");
  EXPECT_EQ(skeleton_of(child), skeleton_of(parent));
  EXPECT_EQ(skeleton_of(program("a = f(3)")), skeleton_of(program("a = f((-3))")));
}

// A seed, a number of rounds and a rate: each is met at its own size.
TEST(Constants, AreSteppedFinelyAndFar) {
  Random random(7);
  const Program parent = program("SEED = 1\nROUNDS = 400\nRATE = 0.05\n");
  double finest = 1;
  std::set<double> seeds;
  double rounds = 0;
  for (int i = 0; i < 400; ++i) {
    const Program child = program(with_some_stepped(parent, random).value());
    EXPECT_EQ(skeleton_of(child), skeleton_of(parent));
    const auto values = constants_of(child);
    seeds.insert(values[0].value);
    rounds = std::max(rounds, values[1].value);
    const double step = std::abs(values[2].value - 0.05);
    if (step > 0) finest = std::min(finest, step);
  }
  EXPECT_GE(seeds.size(), 10);
  EXPECT_GE(rounds, 2000);
  EXPECT_LT(finest, 1e-6);
}

TEST(SepCmaEs, FindsTheOptimumOfABadlyScaledBowl) {
  SepCmaEs search(6, 0.3);
  Random random(1);
  std::size_t told = 0;
  double best = -1e9;
  while (told < 4000 && best < -1e-8) {
    const std::vector<double> at = search.sample(random);
    double fitness = 0;
    for (std::size_t i = 0; i < at.size(); ++i)
      fitness -= std::pow(10.0, static_cast<double>(i)) * (at[i] - 1) * (at[i] - 1);
    search.tell(at, fitness);
    best = std::max(best, fitness);
    ++told;
  }
  EXPECT_GT(best, -1e-8);
  EXPECT_LT(told, 3000);
}

// What others found may lie anywhere: it shows the direction, and is not leapt to.
TEST(SepCmaEs, FarPointsShowTheDirection) {
  SepCmaEs search(4, 0.3);
  Random random(3);
  search.tell(std::vector<double>{1e6, 0, 0, 0}, 1);
  while (search.mean()[0] == 0) search.tell(search.sample(random), 0);
  EXPECT_GT(search.mean()[0], 0.3);
  EXPECT_LT(search.mean()[0], 1.1);
  EXPECT_LT(search.step(), 1);
}

TEST(NumericSearch, BeginsAnewAtABetterOneWhoseNumbersAreFarLarger) {
  NumericSearch numbers;
  Random random(5);
  const Program start = program("ROUNDS = 1\nRATE = 0.05\n");
  numbers.tell({start, 1.0}, {program("ROUNDS = 2\nRATE = 0.04\n"), 0.5});
  const Program best = program("ROUNDS = 500\nRATE = 0.00002\n");
  numbers.tell({start, 1.0}, {best, 2.0});
  for (int i = 0; i < 50; ++i) {
    const auto values = constants_of(program(numbers.propose(best, random).value()));
    EXPECT_GT(values[0].value, -250);
    EXPECT_LT(std::abs(values[1].value), 0.0001);
  }
}

TEST(NumericSearch, TunesAProgramsConstants) {
  NumericSearch numbers;
  Random random(9);
  Program at = program("A = 1.0\nB = 5.0\n");
  double best = -1e9;
  for (int i = 0; i < 600 && best < -1e-4; ++i) {
    const Program child = program(numbers.propose(at, random).value());
    const auto values = constants_of(child);
    const double fitness = -std::pow(values[0].value - 3, 2) - std::pow(values[1].value + 2, 2);
    numbers.tell({at, {}}, {child, fitness});
    best = std::max(best, fitness);
  }
  EXPECT_GT(best, -1e-4);
}

}  // namespace
}  // namespace leyden::evolve
