#include "leyden/agents/qa/go/go_source.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/compiled/probes.h"
#include "leyden/agents/qa/go/go_syntax.h"
#include "leyden/agents/qa/mutants.h"

namespace leyden::qa {
namespace {

std::vector<GoFile> files_of(std::string text) {
  std::vector<GoFile> out;
  auto tree = syntax::parse(syntax::Language::go, text);
  out.push_back({.name = "shop.go", .text = std::move(text), .tree = std::move(*tree)});
  return out;
}

TEST(GoSource, FunctionsHaveTheTypesOfTheirDeclaration) {
  const auto files = files_of(R"(package shop

// Total adds: Total("ab").
func Total(a, b int, names []string, by map[string]float64, more ...byte) (int, error) { return 42, nil }
)");
  const GoSource source = go_source(files);
  ASSERT_EQ(source.functions.size(), 1u);
  const Function& total = source.functions[0];
  EXPECT_TRUE(total.uncallable.empty()) << total.uncallable;
  ASSERT_EQ(total.parameters.size(), 5u);
  EXPECT_EQ(total.parameters[1].name, "b");
  EXPECT_EQ(total.parameters[1].type.kind, Type::Kind::integer);
  EXPECT_EQ(total.parameters[2].type.name, "[]string");
  EXPECT_EQ(total.parameters[3].type.name, "map[string]float64");
  EXPECT_EQ(total.parameters[4].type.name, "[]byte");
  EXPECT_TRUE(source.callables[0].takes_rest);
  EXPECT_EQ(source.callables[0].results, 2u);
  EXPECT_EQ(source.package, "shop");
  EXPECT_NE(std::ranges::find(total.literals.integers, 42), total.literals.integers.end());
  EXPECT_TRUE(total.doc.starts_with("Total adds"));
}

TEST(GoSource, MethodsHaveObjectsByConstructorOrByFields) {
  const auto files = files_of(R"(package shop
type Size int
const ( Small Size = iota; Large )
type Item struct { Name string; size Size; next *Item }
type Cart struct { items []Item }
func NewCart(limit int) *Cart { return &Cart{} }
func (c *Cart) Add(item Item) {}
func (i Item) Title() string { return i.Name }
)");
  const GoSource source = go_source(files);
  ASSERT_EQ(source.functions.size(), 3u);
  EXPECT_EQ(source.functions[1].class_name, "Cart");
  EXPECT_EQ(source.callables[1].maker, "NewCart");
  EXPECT_TRUE(source.callables[1].by_pointer);
  EXPECT_EQ(source.functions[1].construction.size(), 1u);
  EXPECT_TRUE(source.callables[2].maker.empty());
  EXPECT_FALSE(source.callables[2].by_pointer);
  // A field of its own kind stays as it is.
  EXPECT_EQ(source.fields.at("Item"), (std::vector<std::string>{"Name", "size"}));
  EXPECT_EQ(source.choices.at("Size"), (std::vector<std::string>{"Small", "Large", "Size(99)"}));
}

TEST(GoSource, InterfacesAreWhatImplementsThemOrStandsIn) {
  const auto files = files_of(R"(package shop
type Node interface { Eval() int }
type Num struct { N int }
type Add struct { L, R Node }
func (n Num) Eval() int { return n.N }
func (a *Add) Eval() int { return a.L.Eval() + a.R.Eval() }
type Number interface { ~int | ~float64 }
func Twice(n Node) int { return 2 * n.Eval() }
func Sum(all Number) {}
func Check(err error) {}
type Lost struct { Why error; At int }
func (l Lost) Error() string { return "lost" }
)");
  const GoSource source = go_source(files);
  const Type& node = source.functions[2].parameters[0].type;
  ASSERT_EQ(node.kind, Type::Kind::any_of);
  ASSERT_EQ(node.of.size(), 3u);
  EXPECT_EQ(node.of[0].name, "*Add");
  EXPECT_EQ(node.of[0].of[0].kind, Type::Kind::any_of);
  EXPECT_EQ(node.of[1].name, "Num");
  EXPECT_EQ(node.of[2].texts[0], "nil");
  EXPECT_EQ(source.implementations.at("Node"), (std::vector<std::string>{"*Add", "Num"}));
  EXPECT_TRUE(source.helpers.contains("stubNode"));
  // A constraint has no values.
  EXPECT_FALSE(source.functions[3].uncallable.empty());
  EXPECT_EQ(source.functions[4].parameters[0].type.texts.back(),
            "Lost{Why: errors.New(\"broken\"), At: 2}");
  EXPECT_TRUE(go_source(files, {}, true).helpers.empty());
}

TEST(GoSource, ChannelsAreFilledOrTakeWhatIsSent) {
  const auto files = files_of(R"(package shop
type Action byte
func Copy(from chan Action, to chan Action) { for a := range from { to <- a } }
func Take(from <-chan int) int { return <-from }
func Give(to chan<- string) { to <- "a" }
)");
  const GoSource source = go_source(files);
  EXPECT_EQ(source.functions[0].parameters[0].type.kind, Type::Kind::list);
  EXPECT_EQ(source.functions[0].parameters[1].type.texts,
            (std::vector<std::string>{"make(chan Action, 100)"}));
  EXPECT_EQ(source.functions[1].parameters[0].type.name, "<-chan int");
  EXPECT_EQ(source.functions[2].parameters[0].type.kind, Type::Kind::expression);
  EXPECT_EQ(source.integers.at("Action"), "byte");
  EXPECT_TRUE(source.helpers.contains("drainedAction"));
}

TEST(GoSource, KnowsWhichMethodsChangeTheirObject) {
  const auto files = files_of(R"(package shop
type Cart struct { items []int; by map[string]int; sum int }
func (c *Cart) Add(n int) { c.items = append(c.items, n) }
func (c *Cart) Fill() { c.Add(1) }
func (c Cart) Note(name string) { c.by[name]++ }
func (c *Cart) Len() int { return len(c.items) + c.twice() }
func (c *Cart) twice() int { local := 2; local = 3; return local * c.sum }
func (c *Cart) Sort() { sort.Ints(c.items) }
)");
  const GoSource source = go_source(files);
  std::vector<bool> reads;
  for (const Function& one : source.functions) reads.push_back(one.only_reads);
  EXPECT_EQ(reads, (std::vector<bool>{false, false, false, true, true, false}));
}

TEST(GoSource, SaysWhyWhatCanNotBeCalledIsNot) {
  const auto files = files_of(R"(package main
func main() {}
func Send(to complex128) {}
)");
  const GoSource source = go_source(files);
  ASSERT_EQ(source.functions.size(), 2u);
  EXPECT_FALSE(source.functions[0].uncallable.empty());
  EXPECT_NE(source.functions[1].uncallable.find("to"), std::string::npos);
}

TEST(GoSource, ProbesStandBeforeStatementsAndAroundConditions) {
  const auto files = files_of(R"(package shop
func f(a int, b bool) int {
	if a > 1 && b {
		panic("a")
	}
	for a < 0 {
		a++
	}
	return a
}
)");
  const ProbedSource probed = probed_source(files[0].tree, files[0].text, go_probe_syntax());
  EXPECT_NE(probed.text.find("leydenIf(bool(a > 1),"), std::string::npos) << probed.text;
  EXPECT_NE(probed.text.find("leydenIf(bool(b),"), std::string::npos);
  EXPECT_NE(probed.text.find("for leydenIf(bool(a < 0),"), std::string::npos);
  EXPECT_NE(probed.text.find("leydenThrows(4);panic("), std::string::npos);
  EXPECT_EQ(std::ranges::count(probed.text, '\n'), std::ranges::count(files[0].text, '\n'));
  EXPECT_TRUE(probed.goals().lines.contains(9));
}

TEST(GoSource, MutantsAreOfGo) {
  const auto files = files_of(R"(package shop
func f(a []int) int {
	n := 0
	for i := 0; i < len(a); i++ {
		n += a[i]
	}
	return n
}
)");
  const GoSource source = go_source(files);
  std::vector<std::string> texts;
  for (const Mutant& one : mutants_of(files[0].tree, files[0].text, source.functions, 100))
    texts.push_back(one.text);
  for (const char* wanted : {"<=", "-=", "{}", "(i - 1)", "*new(int)"})
    EXPECT_NE(std::ranges::find(texts, wanted), texts.end()) << wanted;
  EXPECT_EQ(std::ranges::find(texts, "i--"), texts.end());
}

}  // namespace
}  // namespace leyden::qa
