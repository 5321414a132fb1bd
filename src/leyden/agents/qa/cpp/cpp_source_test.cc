#include "leyden/agents/qa/cpp/cpp_source.h"
#include "leyden/agents/qa/cpp/cpp_syntax.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/cpp/cpp_text.h"

namespace leyden::qa {
namespace {

CppFile file(const std::string& path, const std::string& text) {
  auto tree = syntax::parse(syntax::Language::cpp, without_export_macros(text));
  EXPECT_TRUE(tree);
  return {.path = path, .text = text, .tree = *std::move(tree)};
}

CppSource read(const std::string& path, const std::string& text) {
  std::vector<CppFile> files;
  files.push_back(file(path, text));
  return cpp_source(files);
}

const Function& named(const CppSource& source, std::string_view name) {
  const auto found = std::ranges::find(source.functions, name, &Function::name);
  EXPECT_NE(found, source.functions.end()) << name;
  return *found;
}

TEST(CppSyntax, AMacroBeforeAClassIsNoName) {
  EXPECT_EQ(without_export_macros("class LIB_API Box final : public A {};"),
            "class         Box final : public A {};");
  EXPECT_EQ(without_export_macros("struct API_ Box {"), "struct      Box {");
  for (const char* text :
       {"class Box {", "struct BOX x;", "class API N::Box f();", "class", "class API"})
    EXPECT_EQ(without_export_macros(text), text);
}

TEST(CppTypes, AreSpelledAsTestsSpellThem) {
  CppTypes types;
  types.add_alias("shop::Prices", "std::vector<unsigned>", "shop");
  const auto spelled = [&](std::string_view text) {
    return types.type_of(text, "shop::Cart").name;
  };
  EXPECT_EQ(spelled("const std::vector<unsigned int>&"), "std::vector<unsigned int>");
  EXPECT_EQ(spelled("Prices const &"), "std::vector<unsigned int>");
  EXPECT_EQ(spelled("map<string, long long>"), "std::map<std::string, long long>");
  EXPECT_EQ(spelled("const char*"), "const char*");
  EXPECT_EQ(spelled("std::array<int, 3>"), "std::array<int, 3>");
  EXPECT_EQ(types.type_of("std::array<int, 3>", "").of.size(), 3u);
  EXPECT_EQ(types.type_of("Unknown", "").kind, Type::Kind::unknown);
  EXPECT_EQ(types.type_of("int (*)(int)", "").kind, Type::Kind::unknown);
}

// As in C: to characters and numbers they are arrays, texts and addresses. Of objects one may be none.
TEST(CppSource, KnowsWhatPointersMean) {
  const CppSource out = read("text.h", R"(
struct Node { int value; };
inline int sum(const int* values, int count) { return count > 0 ? values[0] : 0; }
inline void write(char* buffer, const int size) { buffer[size - 1] = 0; }
inline void half(int* value) { *value /= 2; }
inline int value_of(const Node* node) { return node ? node->value : 0; }
inline int with_default(const int* values = nullptr, int count = 0) { return count; }
)");
  const auto passing = [&](std::size_t i) { return out.callables[i].passing; };
  ASSERT_EQ(out.functions.size(), 5u);
  EXPECT_EQ(passing(0), std::vector{CppPassing::const_array});
  EXPECT_EQ(out.callables[0].lengths, std::vector<std::string>{"int"});
  EXPECT_EQ(passing(1), std::vector{CppPassing::array});
  EXPECT_EQ(passing(2), std::vector{CppPassing::address});
  EXPECT_EQ(named(out, "value_of").parameters[0].type.kind, Type::Kind::optional);
  EXPECT_EQ(named(out, "with_default").parameters.size(), 2u);
}

TEST(CppSource, TellsWhatATestCanCall) {
  const CppSource out = read("shop.h", R"(
namespace shop {
enum class Kind { small, large };
struct Item { int count; double price = 1; };
class Cart {
 public:
  explicit Cart(int owner);
  void add(const Item& item, Kind kind = Kind::small) { ++count_; }
  int count() const { return count_; }
  static Cart empty() { return Cart(0); }
  Cart(const Cart&) = default;
 private:
  void check() { count_ = 0; }
  int count_ = 0;
};
inline Cart::Cart(int owner) : count_(owner) {}
template <typename T> T twice(T value) { return value + value; }
inline int apply(int (*f)(int)) { return f(1); }
namespace { int hidden() { return 1; } }
}
)");
  const Function& add = named(out, "add");
  EXPECT_EQ(add.class_name, "shop::Cart");
  ASSERT_EQ(add.parameters.size(), 2u);
  EXPECT_EQ(add.parameters[0].type.kind, Type::Kind::record);
  EXPECT_EQ(add.parameters[1].type.texts,
            (std::vector<std::string>{"shop::Kind::small", "shop::Kind::large"}));
  EXPECT_TRUE(add.parameters[1].has_default);
  ASSERT_EQ(add.construction.size(), 1u);
  EXPECT_EQ(named(out, "empty").kind, Function::Kind::static_method);
  EXPECT_EQ(named(out, "twice").parameters[0].type.name, "int");
  EXPECT_EQ(named(out, "Cart").uncallable, "");
  EXPECT_NE(named(out, "check").uncallable, "");
  EXPECT_NE(named(out, "hidden").uncallable, "");
  EXPECT_NE(named(out, "apply").uncallable, "");
}

TEST(CppSource, OfASourceWhatItsHeadersDeclare) {
  std::vector<CppFile> files;
  files.push_back(file("shop.h", "namespace shop { int total(int a); }\n"));
  files.push_back(file(
      "shop.cc",
      "#include \"shop.h\"\nenum class Hidden { yes };\nstatic int twice(int a) { return 2 * a; }\n"
      "namespace shop { int total(int a) { return twice(a); } }\n"));
  const CppSource out = cpp_source(files);
  EXPECT_FALSE(out.includes_source);
  EXPECT_EQ(named(out, "total").uncallable, "");
  EXPECT_EQ(named(out, "total").first_line, 4u);
  EXPECT_TRUE(out.types.empty());
  EXPECT_NE(named(out, "twice").uncallable, "");
  EXPECT_EQ(out.declaring, std::vector<std::size_t>{0});
}

TEST(CppSource, ASourceWithoutHeadersIsIncluded) {
  const CppSource out =
      read("tool.cc", "static int twice(int a) { return 2 * a; }\nint main() {}\n");
  EXPECT_TRUE(out.includes_source);
  EXPECT_EQ(named(out, "twice").uncallable, "");
  EXPECT_NE(named(out, "main").uncallable, "");
}

TEST(CppSource, ClassTemplatesAreOfInt) {
  const CppSource out = read("stack.h", R"(
template <class T> class Stack {
 public:
  void push(T value);
  bool empty() const { return items_.empty(); }
 private:
  std::vector<T> items_;
};
template <class T> void Stack<T>::push(T value) { items_.push_back(value); }
)");
  const Function& push = named(out, "push");
  EXPECT_EQ(push.class_name, "Stack<int>");
  EXPECT_EQ(push.first_line, 9u);
  EXPECT_EQ(push.parameters.at(0).type.name, "int");
  EXPECT_EQ(out.types.at(0).observers, std::vector<std::string>{"@.empty()"});
}

TEST(CppText, WritesLiteralsThatMeanOneThing) {
  const CppSource source;
  CppTypes types;
  const auto literal = [&](const Value& value, std::string_view type) {
    return cpp_literal(value, types.type_of(type, ""), source);
  };
  EXPECT_EQ(literal(Value::of(std::string("a\x01"
                                          "1\"")),
                    "std::string"),
            "\"a\\0011\\\"\"");
  EXPECT_EQ(literal(Value::of(std::string("a\0b", 3)), "std::string"),
            "std::string(\"a\\000b\", 3)");
  EXPECT_EQ(literal(Value::list(
                        {Value::list({Value::of(std::string("a")), Value::of(std::string("b"))})}),
                    "std::vector<std::vector<std::string>>"),
            "std::vector<std::vector<std::string>>{std::vector<std::string>{\"a\", \"b\"}}");
  EXPECT_EQ(literal(Value::of(2.0), "double"), "2.0");
  EXPECT_EQ(literal(Value::none(), "std::optional<int>"), "std::nullopt");
  EXPECT_EQ(cpp_camel_case("binary_search operator+="), "BinarySearchOperatorPlusEqual");
}

}  // namespace
}  // namespace leyden::qa
