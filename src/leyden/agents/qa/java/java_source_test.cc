#include "leyden/agents/qa/java/java_source.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/java/java_syntax.h"
#include "leyden/agents/qa/mutants.h"

namespace leyden::qa {
namespace {

std::vector<JavaFile> files_of(std::string text) {
  auto tree = syntax::parse(syntax::Language::java, text);
  std::vector<JavaFile> out;
  out.push_back({.name = "Shop.java", .text = std::move(text), .tree = std::move(*tree)});
  return out;
}

const Function& named(const JavaSource& source, const std::string& name) {
  return *std::ranges::find_if(source.functions,
                               [&](const Function& one) { return one.qualified_name() == name; });
}

TEST(JavaSource, ReadsTypesAndHowObjectsAreMade) {
  const auto files = files_of(R"(package org.shop;
import java.util.*;
class Shop {
  enum Size { SMALL, LARGE }
  record Item(String name, long price) {}
  private final int limit;
  Shop(int limit, Item... items) { this.limit = limit; }
  private Shop() { this(1); }
  int total(Map<String, List<Integer>> by, int[][] grid, Size size) { return limit; }
  static <T extends Comparable<T>> T most(Collection<? extends T> all) { return null; }
  static void say(java.util.function.Predicate<String> wanted, Optional<Double> more) {}
  static int read(java.net.Socket in) { return 0; }
  static int parse(java.io.Reader from, java.nio.charset.Charset set) { return 0; }
}
)");
  const JavaSource source = java_source(files);
  EXPECT_EQ(source.package, "org.shop");
  const Function& total = named(source, "Shop.total");
  EXPECT_EQ(total.kind, Function::Kind::method);
  ASSERT_EQ(total.construction.size(), 2u);
  EXPECT_EQ(total.construction[1].type.name, "Shop.Item[]");
  EXPECT_EQ(total.construction[1].type.of[0].texts, (std::vector<std::string>{"name", "price"}));
  EXPECT_EQ(total.parameters[0].type.name, "java.util.Map<String, java.util.List<Integer>>");
  EXPECT_EQ(total.parameters[1].type.of[0].name, "int[]");
  EXPECT_EQ(total.parameters[2].type.texts,
            (std::vector<std::string>{"Shop.Size.SMALL", "Shop.Size.LARGE"}));
  EXPECT_EQ(named(source, "Shop.most").parameters[0].type.name, "java.util.Collection<Integer>");
  EXPECT_EQ(named(source, "Shop.say").parameters[0].type.kind, Type::Kind::expression);
  EXPECT_EQ(named(source, "Shop.say").parameters[1].type.kind, Type::Kind::optional);
  EXPECT_EQ(named(source, "Shop.read").uncallable, "no values are made for its parameter in");
  EXPECT_EQ(named(source, "Shop.parse").parameters[0].type.kind, Type::Kind::text);
  EXPECT_EQ(named(source, "Shop.parse").parameters[0].type.name, "java.io.Reader");
  EXPECT_EQ(source.makers.at("Shop.Item").call, "new Shop.Item");
}

TEST(JavaSource, OfConstructorsThatTakeAsMuchTheOneOfTexts) {
  const auto files = files_of(
      "class Value {\n  Value(boolean b) {}\n  Value(String s) {}\n  Value(int n) {}\n"
      "  int get() { return 1; }\n}\n");
  const JavaSource source = java_source(files);
  ASSERT_EQ(named(source, "Value.get").construction.size(), 1u);
  EXPECT_EQ(named(source, "Value.get").construction[0].type.name, "String");
}

TEST(JavaSource, HiddenOnesAreReachedThroughOthers) {
  const auto files = files_of(R"(
class Shop {
  private static class Hidden { static int f(int a) { return a; } }
  class Inner { int g() { return 1; } }
  static abstract class Shape { abstract int area(); int twice() { return 2 * area(); } }
  static class Square extends Shape { int area() { return 4; } }
  private int h() { return 2; }
  public static void main(String[] arguments) {}
}
)");
  const JavaSource source = java_source(files);
  EXPECT_EQ(named(source, "Shop.Hidden.f").uncallable, "its class is private");
  EXPECT_NE(named(source, "Shop.Inner.g").uncallable, "");
  EXPECT_EQ(named(source, "Shop.h").uncallable, "it is private");
  EXPECT_NE(named(source, "Shop.main").uncallable, "");
  // By one that extends it.
  const Function& twice = named(source, "Shop.Shape.twice");
  EXPECT_EQ(twice.uncallable, "");
  EXPECT_EQ(source.callables[static_cast<std::size_t>(&twice - source.functions.data())].object,
            "Shop.Square");
}

TEST(JavaSource, SettersFillWhatIsMadeOfNothing) {
  const auto files = files_of(R"(
class Shop {
  static class Thing { private long id; void setId(long value) { id = value; } }
  static class Item extends Thing {
    private String name;
    private Item next;
    public void setName(String value) { name = value; }
    public void setNext(Item next) { this.next = next; }
    public Item setSize(int size) { return this; }
    public void setUp() {}
    public void settle(int made) {}
    private void setSecret(int secret) {}
    static void setAll(int all) {}
    String name() { return name; }
  }
  static int price(Item item) { return 1; }
}
)");
  const JavaSource source = java_source(files);
  const JavaMaker& maker = source.makers.at("Shop.Item");
  EXPECT_EQ(maker.plain, "new Shop.Item");
  EXPECT_EQ(maker.call, "itemWith");
  EXPECT_EQ(maker.helper, R"(
  private static Shop.Item itemWith(String value, int size, long value2) {
    Shop.Item made = new Shop.Item();
    made.setName(value);
    made.setSize(size);
    made.setId(value2);
    return made;
  }
)");
  EXPECT_EQ(named(source, "Shop.price").parameters[0].type.texts,
            (std::vector<std::string>{"value", "size", "value2"}));
  // Calls on it begin with an empty one, and set it themselves.
  EXPECT_TRUE(named(source, "Shop.Item.name").construction.empty());
}

TEST(JavaSource, ProbesStandWhereAStatementMay) {
  const auto files = files_of(R"(class A extends B {
  A(int a) { super(a); }
  int f(Object o, int n) {
    if (o instanceof String s && s.isEmpty()) return 1;
    else if (n > 1) return 2;
    else return 3;
  }
  int g(int n) { return switch (n) { case 1 -> 2; default -> throw new E(); }; }
  void h(int n) { switch (n) { case 1: f(null, 1); } }
}
)");
  const ProbedSource probed = probed_source(files[0].tree, files[0].text, java_probe_syntax());
  const auto has = [&](std::string_view text) {
    return probed.text.find(text) != std::string::npos;
  };
  EXPECT_TRUE(has("{ super(a);leyden.Probes.hit(0);")) << probed.text;
  // What it declares is used behind it.
  EXPECT_TRUE(has("if (o instanceof String s && s.isEmpty()) {leyden.Probes.hit")) << probed.text;
  EXPECT_TRUE(has("else if (leyden.Probes.when(n > 1,")) << probed.text;
  EXPECT_TRUE(has("else {leyden.Probes.hit")) << probed.text;
  EXPECT_TRUE(has("yield 2;}")) << probed.text;
  EXPECT_TRUE(has("leyden.Probes.thrown(8);throw new E();}")) << probed.text;
  EXPECT_TRUE(has("case 1: leyden.Probes.hit")) << probed.text;
}

TEST(JavaSource, MutantsLeaveWhatNobodySees) {
  const auto files = files_of(R"(class A {
  @Deprecated
  static int f(String text, int n) {
    if (n < 0) throw new IllegalArgumentException("n" + n);
    return text.toLowerCase().indexOf("x") + n;
  }
}
)");
  const JavaSource source = java_source(files);
  const auto mutants = mutants_of(files[0].tree, files[0].text, source.functions, 100);
  const auto has = [&](const std::string& what) {
    return std::ranges::any_of(mutants, [&](const Mutant& one) { return one.what == what; });
  };
  EXPECT_TRUE(has("< becomes <="));
  EXPECT_TRUE(has("toLowerCase() is left out"));
  EXPECT_TRUE(has("indexOf becomes lastIndexOf"));
  EXPECT_TRUE(has("nothing is returned"));
  EXPECT_TRUE(std::ranges::none_of(mutants, [&](const Mutant& one) {
    return files[0].text.substr(one.begin, one.end - one.begin) == "\"n\"";
  }));
}

}  // namespace
}  // namespace leyden::qa
