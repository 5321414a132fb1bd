#include "leyden/agents/qa/skeleton.h"

#include <gtest/gtest.h>

#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Language;

Skeleton made(const std::string& path, Language language, std::string_view text) {
  auto out = test_skeleton(path, language, text);
  EXPECT_TRUE(out) << path;
  if (!out) return {};
  const auto tree = syntax::parse(language, out->text);
  EXPECT_TRUE(tree && !tree->has_errors()) << out->text;
  return *std::move(out);
}

std::vector<std::string> names(const Skeleton& skeleton) {
  std::vector<std::string> out;
  for (const SkeletonTest& one : skeleton.tests) out.push_back(one.name);
  return out;
}

TEST(Skeleton, OfTenLanguagesParsesByItsOwnGrammar) {
  EXPECT_EQ(
      names(made(
          "a/shop.py", Language::python,
          "def total(a, b=\"x\\\"\"):\n    def inner(): pass\n    return a\nclass Cart:\n    def "
          "add(self, x): pass\n    def _hide(self): pass\n")),
      (std::vector<std::string>{"test_total", "test_cart_add"}));
  EXPECT_EQ(names(made("shop.js", Language::javascript,
                       "export function total(a) { return a; }\nconst half = (x) => x / 2;\n")),
            (std::vector<std::string>{"total", "half"}));
  EXPECT_EQ(
      made("shop.ts", Language::typescript,
           "export class Cart { private hide(): void {} add(x: number): number { return x; } }\n")
          .tests.size(),
      1);
  EXPECT_EQ(names(made("add.c", Language::c, "int add(int a, int b) { return a + b; }\n")),
            (std::vector<std::string>{"test_add"}));
  EXPECT_EQ(
      names(made(
          "box.cc", Language::cpp,
          "namespace n {\nbool operator==(Box a, Box b) { return true; }\nint Box::size() const "
          "{ return 1; }\nint f(int) { return 1; }\nint f(char) { return 1; }\n}\n")),
      (std::vector<std::string>{"OperatorEqEq", "BoxSize", "F", "F_2"}));
  const Skeleton go = made(
      "shop.go", Language::go,
      "// Package shop sells.\npackage shop // here\n\nfunc Add(a, b int) int { return a + b }\n"
      "func (c *Cache[K]) Get(k K) int { return 1 }\n");
  EXPECT_EQ(names(go), (std::vector<std::string>{"TestAdd", "TestCacheGet"}));
  EXPECT_TRUE(go.text.starts_with("package shop\n"));
  EXPECT_EQ(go.path, "shop_test.go");
  const Skeleton java =
      made("a/Shop.java", Language::java,
           "package a.b;\n\npublic class Shop {\n  public int add(int a) { return a; }\n"
           "  private int hide() { return 1; }\n}\n");
  EXPECT_EQ(names(java), (std::vector<std::string>{"shopAdd"}));
  EXPECT_EQ(java.path, "a/ShopTest.java");
  EXPECT_TRUE(java.text.starts_with("package a.b;\n"));
  EXPECT_EQ(names(made(
                "lib.rs", Language::rust,
                "pub fn add(a: &str) -> usize { a.len() }\nimpl Shop { pub fn sell(&self) {} }\n")),
            (std::vector<std::string>{"test_add", "test_sell"}));
  EXPECT_EQ(
      names(made("shop.rb", Language::ruby, "class Shop\n  def empty?\n    true\n  end\nend\n")),
      (std::vector<std::string>{"test_shop_empty_asks"}));
  EXPECT_EQ(
      names(made(
          "Shop.php", Language::php,
          "<?php\nclass Shop { public function add(string $a = 'it\\'s'): int { return 1; } }\n")),
      (std::vector<std::string>{"testShopAdd"}));
}

TEST(Skeleton, WithoutAFunctionOrALanguageThereIsNone) {
  EXPECT_EQ(test_skeleton("a.py", Language::python, "x = 1\n").error().code,
            Errc::invalid_argument);
  EXPECT_EQ(test_skeleton("a.md", Language::markdown, "# x\n").error().code, Errc::unsupported);
  EXPECT_FALSE(test_skeleton("a.go", Language::go, "\xff\xfe(((").has_value());
}

}  // namespace
}  // namespace leyden::qa
