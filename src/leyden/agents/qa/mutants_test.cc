#include "leyden/agents/qa/mutants.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "leyden/agents/qa/javascript/javascript_source.h"
#include "leyden/agents/qa/python/python_source.h"

namespace leyden::qa {
namespace {

constexpr std::string_view kSource = R"(
def price(weight: int, name: str) -> int:
    """How much: 1 + 1 is not looked at."""
    log.debug("weight %d", weight + 1)
    if weight < 0:
        raise ValueError("weight below %d" % 0)
    total = weight * 3 + 1
    while total >= 100 and not name:
        total -= 10
        continue
    items.append(total)
    return total if name != "free" else 0
)";

std::vector<Mutant> mutants(std::size_t most) {
  auto tree = syntax::parse(syntax::Language::python, kSource);
  EXPECT_TRUE(tree);
  return mutants_of(*tree, kSource, python_functions(*tree, kSource), most);
}

std::string applied(const Mutant& mutant) {
  std::string out(kSource);
  return out.replace(mutant.begin, mutant.end - mutant.begin, mutant.text);
}

TEST(Mutants, EachParsesAndIsAnother) {
  std::set<std::string> texts;
  const std::vector<Mutant> all = mutants(1000);
  for (const Mutant& mutant : all) {
    const std::string text = applied(mutant);
    EXPECT_NE(text, kSource);
    EXPECT_TRUE(texts.insert(text).second) << mutant.what;
    auto tree = syntax::parse(syntax::Language::python, text);
    ASSERT_TRUE(tree);
    EXPECT_FALSE(tree->has_errors()) << text;
  }
  EXPECT_GT(all.size(), 15);
}

TEST(Mutants, OfEachKind) {
  const std::vector<Mutant> all = mutants(1000);
  for (const char* what :
       {"< becomes <=", "* becomes +", "+ becomes -", ">= becomes >", "and becomes or",
        "-= becomes +=", "3 becomes 4", "100 becomes 99", "not is left out",
        "a condition is turned round", "continue becomes break", "a call is left out",
        "None is returned", "a text is another", "!= becomes =="}) {
    EXPECT_TRUE(std::ranges::any_of(all, [&](const Mutant& one) { return one.what == what; }))
        << what;
  }
}

// Nobody who calls the function sees these.
TEST(Mutants, NotWhereNothingShows) {
  for (const Mutant& mutant : mutants(1000)) {
    EXPECT_NE(mutant.line, 3);
    EXPECT_NE(mutant.line, 4);
    EXPECT_NE(mutant.line, 6);
  }
}

TEST(Mutants, FewOfManyAreSpreadOverTheFunction) {
  const std::vector<Mutant> few = mutants(5);
  ASSERT_EQ(few.size(), 5);
  EXPECT_LT(few.front().line, 7);
  EXPECT_GT(few.back().line, 8);
}

constexpr std::string_view kJavascript = R"(
export function price(weight, names = []) {
  console.log("weight", weight + 1);
  if (weight < 0) throw new RangeError("weight below " + 0);
  let total = Math.floor(weight * 3.5) + 1;
  for (let i = 0; i < names.length; i++) {
    if (!names[i]) continue;
    total += names[i].trim() === "free" ? 0 : 1;
    names.push(total);
    names.seen++;
  }
  const kept = names.filter((name) => name && name.length >= 2);
  return kept.length > 3 || weight ? -total : kept ?? "none";
}
)";

TEST(Mutants, OfJavascript) {
  auto tree = syntax::parse(syntax::Language::javascript, kJavascript);
  ASSERT_TRUE(tree);
  const std::vector<Mutant> all =
      mutants_of(*tree, kJavascript, javascript_source(*tree, kJavascript).functions, 1000);
  std::set<std::string> texts;
  for (const Mutant& mutant : all) {
    std::string text(kJavascript);
    text.replace(mutant.begin, mutant.end - mutant.begin, mutant.text);
    EXPECT_NE(text, kJavascript);
    EXPECT_TRUE(texts.insert(text).second) << mutant.what;
    auto changed = syntax::parse(syntax::Language::javascript, text);
    ASSERT_TRUE(changed);
    EXPECT_FALSE(changed->has_errors()) << text;
    EXPECT_NE(mutant.line, 3) << mutant.what;  // Nobody sees what is logged.
  }
  for (const char* what : {"< becomes <=",
                           "* becomes +",
                           "3.5 becomes one more",
                           "Math.floor is left out",
                           "floor becomes ceil",
                           "an index is one less",
                           "continue becomes break",
                           "not is left out",
                           "+= becomes -=",
                           "trim() is left out",
                           "=== becomes !==",
                           "a call is left out",
                           "push becomes unshift",
                           "++ becomes --",
                           "filter() is left out",
                           "&& becomes ||",
                           ">= becomes >",
                           "|| becomes &&",
                           "|| becomes ??",
                           "?? becomes ||",
                           "a minus is left out",
                           "undefined is returned",
                           "a text is another",
                           "a condition is turned round",
                           "an assignment is left out",
                           "1 becomes 2"}) {
    EXPECT_TRUE(std::ranges::any_of(all, [&](const Mutant& one) { return one.what == what; }))
        << what;
  }
}

}  // namespace
}  // namespace leyden::qa
