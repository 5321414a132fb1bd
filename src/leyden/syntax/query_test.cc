#include "leyden/syntax/query.h"

#include <string>

#include <gtest/gtest.h>

namespace leyden::syntax {
namespace {

std::vector<std::string> texts_of(const Query& query, const Tree& tree, std::string_view text) {
  std::vector<std::string> out;
  for (const Match& match : query.run(tree, text).matches) {
    for (const Capture& each : match.captures)
      out.push_back(std::string(each.name) + "=" + std::string(each.node.text(text)));
  }
  return out;
}

TEST(Query, FindsWhatItAsksFor) {
  constexpr std::string_view kText = "void f() { gets(a); puts(b); puts(puts); }\n";
  auto tree = parse(Language::c, kText);
  ASSERT_TRUE(tree);
  auto run = [&](std::string_view source) {
    auto query = Query::compile(Language::c, source);
    EXPECT_TRUE(query) << query.error().message;
    return texts_of(*query, *tree, kText);
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(run("(call_expression function: (identifier) @f)"),
            (Texts{"f=gets", "f=puts", "f=puts"}));
  EXPECT_EQ(run("((call_expression function: (identifier) @f) (#eq? @f \"gets\"))"),
            (Texts{"f=gets"}));
  EXPECT_EQ(run("((call_expression function: (identifier) @f) (#not-any-of? @f \"gets\" \"x\"))"),
            (Texts{"f=puts", "f=puts"}));
  EXPECT_EQ(run("((call_expression function: (identifier) @f arguments: (argument_list "
                "(identifier) @a)) (#eq? @f @a))"),
            (Texts{"f=puts", "a=puts"}));
}

TEST(Query, ComparesTextsWithExpressionsAndLooksAround) {
  constexpr std::string_view kText = "while (a) { b1(); } c2();\n";
  auto tree = parse(Language::javascript, kText);
  ASSERT_TRUE(tree);
  const auto run = [&](const std::string& predicate) {
    auto query = Query::compile(Language::javascript, "((call_expression) @f (" + predicate + "))");
    EXPECT_TRUE(query) << query.error().message;
    return texts_of(*query, *tree, kText);
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(run("#match? @f \"^[a-c]1\""), Texts{"f=b1()"});
  EXPECT_EQ(run("#not-match? @f \"1\""), Texts{"f=c2()"});
  EXPECT_EQ(run("#has-ancestor? @f \"for_statement\" \"while_statement\""), Texts{"f=b1()"});
  EXPECT_EQ(run("#not-has-ancestor? @f \"while_statement\""), Texts{"f=c2()"});
  EXPECT_EQ(run("#has-parent? @f \"expression_statement\"").size(), 2U);
}

TEST(Query, HasLinesAndBounds) {
  auto tree = parse(Language::python, "a = 1\nb = 2\n");
  auto query = Query::compile(Language::python, "(assignment) @a");
  ASSERT_TRUE(tree && query);
  Matches all = query->run(*tree, "a = 1\nb = 2\n");
  ASSERT_EQ(all.matches.size(), 2U);
  EXPECT_TRUE(all.complete);
  EXPECT_EQ(all.matches[1].captures[0].node.first_line(), 2U);
  Matches one = query->run(*tree, "a = 1\nb = 2\n", 1);
  EXPECT_EQ(one.matches.size(), 1U);
  EXPECT_FALSE(one.complete);
}

TEST(Query, SaysWhatIsWrongAndWhere) {
  auto wrong = [](std::string_view source) { return Query::compile(Language::c, source).error(); };
  EXPECT_EQ(wrong("(").code, Errc::invalid_argument);
  EXPECT_EQ(wrong("\n(no_such_node)").message,
            "the query for c is wrong at line 2, byte 2: no such node");
  EXPECT_EQ(wrong("((identifier) @a (#like? @a \"x\"))").code, Errc::unsupported);
  EXPECT_EQ(wrong("((identifier) @a (#match? @a \"(\"))").code, Errc::invalid_argument);
  EXPECT_EQ(wrong("((identifier) @a (#eq? @a))").code, Errc::invalid_argument);
  EXPECT_EQ(Query::compile(Language::text, "(a)").error().code, Errc::unsupported);
}

}  // namespace
}  // namespace leyden::syntax
