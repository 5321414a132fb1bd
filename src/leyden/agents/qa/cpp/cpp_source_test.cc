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

TEST(CppSyntax, AMacroBeforeAFunctionIsNoType) {
  EXPECT_EQ(without_export_macros("PUBLIC(item *) make(void);\n"), "       item *  make(void);\n");
  EXPECT_EQ(without_export_macros("\nLIB_API const char *name(int a);"),
            "\n        const char *name(int a);");
  for (const char* text : {"FILE *open(void);", "BOOL f(int);", "  CHECK(a) b(c);",
                           "CHECK(a, b) c(d);", "ASSERT(x);", "#define API(type) type\n"})
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
  EXPECT_EQ(types.type_of("int (*)(int)", "").kind, Type::Kind::expression);
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
  EXPECT_EQ(named(out, "apply").uncallable, "");
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

TEST(CppSource, AnObjectShowsItselfByMoreThanItsSize) {
  const CppSource out = read("box.h", R"(
#include <ostream>
namespace shop {
class Base {
 public:
  virtual ~Base() {}
  int id() const { return 1; }
  void rename(int id) {}
 protected:
  Base() {}
};
class Printer {
 public:
  explicit Printer(bool compact = false) {}
  const char* text() const { return ""; }
};
class Box : public Base {
 public:
  Box* next() const { return nullptr; }
  int count(const char* name, int other = 0) const { return 0; }
  int at(int index) const { return index; }
  int pop() { return 1; }
  void print(Printer* into) const {}
  const int* begin() const { return nullptr; }
  const int* end() const { return nullptr; }
};
}
)");
  const auto box = std::ranges::find(out.types, "shop::Box", &CppOwnType::name);
  ASSERT_NE(box, out.types.end());
  EXPECT_EQ(box->observers, (std::vector<std::string>{"@.id()", "@.next()"}));
  ASSERT_EQ(box->keyed.size(), 2u);
  EXPECT_EQ(box->keyed[0].text, "@.count({})");
  EXPECT_EQ(box->keyed[0].key, "const char*");
  EXPECT_TRUE(box->keyed[1].is_place);
  EXPECT_EQ(box->takers, std::vector<std::string>{"@.pop()"});
  EXPECT_TRUE(box->is_gone_through);
  ASSERT_TRUE(box->writer);
  EXPECT_EQ(box->writer->type, "shop::Printer");
  EXPECT_EQ(box->writer->statement, "@.print(&{});");
  EXPECT_TRUE(box->writer->is_c_text);
  EXPECT_EQ(named(out, "rename").class_name, "shop::Box") << "no other object has it";
}

TEST(CppSource, WhatAnotherObjectMakesHasAnOwner) {
  const CppSource out = read("page.h", R"(
class Page;
class Element {
 public:
  void set(int value) { value_ = value; }
 private:
  friend class Page;
  Element() {}
  int value_ = 0;
};
class Page {
 public:
  explicit Page(int width) {}
  Element* first() { return nullptr; }
  Element* new_element(const char* name);
};
)");
  EXPECT_EQ(named(out, "set").uncallable, "");
  const auto element = std::ranges::find(out.types, "Element", &CppOwnType::name);
  ASSERT_NE(element, out.types.end());
  EXPECT_EQ(element->owner, "Page");
  EXPECT_EQ(element->maker, "new_element");
  EXPECT_EQ(element->owner_count, 1u);
  EXPECT_EQ(element->construction.size(), 2u);
  EXPECT_FALSE(element->can_be_made());
}

TEST(CppTypes, CallbacksAreLambdas) {
  CppTypes types;
  const auto texts = [&](std::string_view text) { return types.type_of(text, "").texts; };
  EXPECT_EQ(texts("int (*)(int value)"),
            (std::vector<std::string>{"[](int a) -> int { return a + 1; }",
                                      "[](int a) -> int { return a * 2; }"}));
  EXPECT_EQ(types.type_of("int (*)(int value)", "").name, "int (*)(int value)");
  EXPECT_EQ(texts("const std::function<bool(int, int)>&"),
            (std::vector<std::string>{"[](int a, int b) { return a < b; }",
                                      "[](int a, int b) { return a == b; }"}));
  EXPECT_EQ(texts("void (*)(void *, size_t, void *)"),
            (std::vector<std::string>{"[](void * a, size_t b, void *) { std::cout << "
                                      "std::string(static_cast<const char*>(a), b) << ' '; }"}));
  EXPECT_TRUE(texts("void *(*)(size_t)").empty());
}

TEST(CppSource, StreamsAreOfTexts) {
  const CppSource out = read("log.h", R"(
#include <iostream>
inline void copy(std::istream& from, std::ostream& to) { to << from.rdbuf(); }
)");
  const Function& copy = named(out, "copy");
  ASSERT_EQ(copy.uncallable, "");
  EXPECT_EQ(copy.parameters[0].type.name, "std::istringstream");
  EXPECT_EQ(copy.parameters[1].type.name, "std::ostringstream");
}

TEST(CppSource, ClassesWithinTemplatesAreSpelledWithTheirArguments) {
  const CppSource out = read("tree.h", R"(
namespace trees {
template <bool B, class T = void> using enable_if_t = typename std::enable_if<B, T>::type;
template<typename T>
class tree final {
 public:
  class iterator;
  template <typename U, typename = enable_if_t<std::is_constructible<T, U>::value>>
  explicit tree(U &&data) : data_(std::forward<U>(data)) {}
  tree(tree &) = delete;
  iterator begin() const;
 private:
  T data_;
 public:
  class iterator final {
   public:
    const T& operator*() const;
    bool done() const { return true; }
   private:
    explicit iterator(const tree &tree);
  };
};
}
)");
  ASSERT_EQ(out.types.size(), 2u);
  EXPECT_EQ(out.types[0].name, "trees::tree<int>::iterator");
  EXPECT_EQ(out.types[1].name, "trees::tree<int>");
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
