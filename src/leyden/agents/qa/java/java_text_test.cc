#include "leyden/agents/qa/java/java_text.h"

#include <gtest/gtest.h>

#include "leyden/agents/qa/java/java_answer.h"
#include "leyden/agents/qa/java/java_probe.h"

namespace leyden::qa {
namespace {

JavaSource source_of(std::string text) {
  auto tree = syntax::parse(syntax::Language::java, text);
  std::vector<JavaFile> files;
  files.push_back({.name = "Shop.java", .text = std::move(text), .tree = std::move(*tree)});
  return java_source(files);
}

std::string file_of(const JavaSource& source, std::vector<Value> arguments, Observation expected) {
  const TestCase one{
      .name = "f1",
      .input = {.construction = {}, .steps = {{.function = 0, .arguments = std::move(arguments)}}},
      .expected = std::move(expected)};
  return java_test_file(std::span(&one, 1), {}, source, "Shop.java", "ShopTest");
}

TEST(JavaText, ResultsAreCompared) {
  const JavaSource source = source_of(
      "package shop;\nclass Shop { static long f(java.util.List<String> a) { return 1; } }\n");
  const std::string text =
      file_of(source, {Value::list({Value::of(std::string("\"\n\u00eb"))})},
              {.outcome = Observation::Outcome::value, .text = R"([["equal", "3L", ""]])"});
  EXPECT_TRUE(text.starts_with("package shop;\n\nimport static org.junit")) << text;
  EXPECT_NE(text.find(R"(assertEquals(3L, Shop.f(new ArrayList<>(List.of("\"\n\u00eb"))));)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("import java.util.ArrayList;\nimport java.util.List;\n"), std::string::npos);
  EXPECT_EQ(text.find("assertThrows"), std::string::npos);
}

TEST(JavaText, WhatACallChangesHasAName) {
  const JavaSource source = source_of("class Shop { static void f(int[] a, char c) {} }\n");
  Value letter = Value::of(std::string("'"));
  letter.kind = Value::Kind::bytes;
  const std::string text = file_of(source, {Value::list({Value::of(std::int64_t{1})}), letter},
                                   {.outcome = Observation::Outcome::value,
                                    .text = "[]",
                                    .changed = {{"0", R"([["array", "new int[] {2}", ""]])"}}});
  EXPECT_NE(text.find("int[] a = new int[] {1};\n    Shop.f(a, '\\'');\n"
                      "    assertArrayEquals(new int[] {2}, a);\n"),
            std::string::npos)
      << text;
}

TEST(JavaText, WhatSettersFillIsMadeByAHelper) {
  const JavaSource source = source_of(
      "class Shop {\n  static int f(Item item) { return 1; }\n"
      "  static class Item { void setPrice(double price) {} }\n}\n");
  Value item{.kind = Value::Kind::map, .text = {}, .items = {}};
  item.items = {Value::of(std::string("price")), Value::of(2.5)};
  const std::string text = file_of(
      source, {item}, {.outcome = Observation::Outcome::value, .text = R"([["equal", "1", ""]])"});
  EXPECT_NE(text.find("assertEquals(1, Shop.f(itemWith(2.5)));"), std::string::npos) << text;
  EXPECT_NE(text.find("  private static Shop.Item itemWith(double price) {\n"), std::string::npos)
      << text;
  const std::string probe = java_probe(source).text;
  EXPECT_NE(probe.find("itemWith(in.real())"), std::string::npos) << probe;
  EXPECT_NE(probe.find("private static Shop.Item itemWith("), std::string::npos);
}

TEST(JavaText, ErrorsAreExpected) {
  const JavaSource source = source_of("class Shop { static int f(byte n) { return n; } }\n");
  const std::string text = file_of(source, {Value::of(std::int64_t{300})},
                                   {.outcome = Observation::Outcome::error,
                                    .error = "IllegalArgumentException",
                                    .raised_line = 2});
  EXPECT_NE(text.find("assertThrows(IllegalArgumentException.class, () -> Shop.f((byte) 44));"),
            std::string::npos)
      << text;
}

TEST(JavaText, TheTableSaysWhereEachFunctionStands) {
  const JavaSource source = source_of(
      "class Shop { Shop(int a) {} int f(String... b) { return 1; } private void g() {} }\n");
  const JavaProbe probe = java_probe(source);
  ASSERT_EQ(probe.lines.size(), 3u);
  EXPECT_EQ(probe.lines[1].size(), 2u);
  EXPECT_TRUE(probe.lines[2].empty());
  std::size_t begin = 0;
  for (std::size_t line = 1; line < probe.lines[1][1]; ++line)
    begin = probe.text.find('\n', begin) + 1;
  const std::string line = probe.text.substr(begin, probe.text.find('\n', begin) - begin);
  EXPECT_NE(line.find("((Shop) object).f(a0)"), std::string::npos) << line;
}

TEST(JavaText, ReadsTestsOfAnAnswer) {
  const auto tests = java_tests_in(
      "```java\npackage shop;\nimport org.junit.jupiter.api.Test;\nimport java.util.List;\n"
      "class T {\n  private int most = 3;\n  @Test\n  void a() { g(); }\n"
      "  @Test\n  void b() {}\n  void g() {}\n}\n```\n");
  ASSERT_TRUE(tests);
  ASSERT_EQ(tests->size(), 2u);
  EXPECT_EQ(tests->at(1).name, "b");
  EXPECT_EQ(tests->at(0).imports.size(), 2u);
  EXPECT_EQ(tests->at(0).support,
            (std::vector<std::string>{"private int most = 3;", "void g() {}"}));
  const auto alone = java_tests_in("@Test\nvoid a() { assertTrue(true); }\n");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->at(0).name, "a");
  EXPECT_FALSE(java_tests_in("none"));
}

}  // namespace
}  // namespace leyden::qa
