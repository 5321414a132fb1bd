#include "leyden/agents/qa/go/go_text.h"

#include <gtest/gtest.h>

#include "leyden/agents/qa/go/go_answer.h"

namespace leyden::qa {
namespace {

GoSource source_of(std::string text) {
  auto tree = syntax::parse(syntax::Language::go, text);
  std::vector<GoFile> files;
  files.push_back({.name = "shop.go", .text = std::move(text), .tree = std::move(*tree)});
  return go_source(files);
}

std::string file_of(const GoSource& source, std::vector<Value> arguments, Observation expected) {
  const TestCase one{
      .name = "TestF1",
      .input = {.construction = {}, .steps = {{.function = 0, .arguments = std::move(arguments)}}},
      .expected = std::move(expected)};
  return go_test_file(std::span(&one, 1), {}, source, "shop.go");
}

TEST(GoText, ResultsAndErrorsAreCompared) {
  const GoSource source =
      source_of("package shop\nfunc F(a []string) (int, error) { return 0, nil }\n");
  const std::string text = file_of(source, {Value::list({Value::of(std::string("50% \"\n"))})},
                                   {.outcome = Observation::Outcome::value,
                                    .text = R"([["equal", "3"], ["error", "\"broken\""]])"});
  EXPECT_TRUE(text.starts_with("package shop\n")) << text;
  EXPECT_NE(text.find(R"(got, err := F([]string{"50% \"\n"}))"), std::string::npos) << text;
  EXPECT_NE(text.find("if want := 3; got != want {"), std::string::npos);
  EXPECT_NE(text.find("err == nil || err.Error() != \"broken\""), std::string::npos);
  EXPECT_NE(text.find("50%% "), std::string::npos);
  EXPECT_EQ(text.find("\"reflect\""), std::string::npos);
}

TEST(GoText, CompositesArePutInParenthesesWhereABlockBegins) {
  const GoSource source =
      source_of("package shop\ntype P struct { X int }\nfunc F(p P) *P { return &p }\n");
  const std::string text =
      file_of(source,
              {{.kind = Value::Kind::map,
                .text = "P",
                .items = {Value::of(std::string("X")), Value::of(std::int64_t{1})}}},
              {.outcome = Observation::Outcome::value, .text = R"([["deep", "&P{X: 1}"]])"});
  EXPECT_NE(text.find("got := F(P{X: 1})"), std::string::npos) << text;
  EXPECT_NE(text.find("if want := (&P{X: 1}); !reflect.DeepEqual(got, want) {"), std::string::npos);
  EXPECT_NE(text.find("\t\"reflect\"\n"), std::string::npos);
}

TEST(GoText, PanicsAreRecovered) {
  const GoSource source = source_of("package shop\nfunc F(n uint8) int { panic(\"n\") }\n");
  const std::string text =
      file_of(source, {Value::of(std::int64_t{-3})},
              {.outcome = Observation::Outcome::error, .error = "n", .raised_line = 2});
  EXPECT_NE(text.find("recover(); fmt.Sprint(got) != \"n\""), std::string::npos) << text;
  EXPECT_NE(text.find("\tF(3)\n"), std::string::npos);
}

TEST(GoText, ManyStepsOfOneMethodAreALoop) {
  const GoSource source = source_of(
      "package shop\ntype Game struct { Rolls []int }\nfunc (g *Game) Roll(pins int) {}\n");
  TestCase one{.name = "TestF1", .input = {.construction = {}, .steps = {}}, .expected = {}};
  for (const std::int64_t pin : {1, 2, 3, 4, 5})
    one.input.steps.push_back({.function = 0, .arguments = {Value::of(pin)}});
  one.expected = {.outcome = Observation::Outcome::value, .text = "[]"};
  const std::string text = go_test_file(std::span(&one, 1), {}, source, "shop.go");
  EXPECT_NE(text.find("\tfor _, pins := range []int{1, 2, 3, 4} {\n\t\tobject.Roll(pins)\n\t}\n"),
            std::string::npos)
      << text;
}

TEST(GoText, ReadsTestsOfAnAnswer) {
  const auto tests = go_tests_in(
      "```go\npackage shop\nimport (\n\t\"os\"\n\t\"testing\"\n)\nconst most = 3\n"
      "func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}\n```\n");
  ASSERT_TRUE(tests);
  ASSERT_EQ(tests->size(), 2u);
  EXPECT_EQ(tests->at(1).name, "TestB");
  EXPECT_EQ(tests->at(0).imports, (std::vector<std::string>{"\"os\"", "\"testing\""}));
  EXPECT_EQ(tests->at(0).support, std::vector<std::string>{"const most = 3"});
  EXPECT_FALSE(go_tests_in("none"));
}

}  // namespace
}  // namespace leyden::qa
