#include "leyden/agents/qa/cpp/c_source.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/cpp/cpp_text.h"

namespace leyden::qa {
namespace {

CppFile file(const std::string& path, const std::string& text) {
  auto tree = syntax::parse(syntax::Language::cpp, text);
  EXPECT_TRUE(tree);
  return {.path = path, .text = text, .tree = *std::move(tree)};
}

CppSource read(const std::string& header, const std::string& source) {
  std::vector<CppFile> files;
  if (!header.empty()) files.push_back(file("shop.h", header));
  files.push_back(file("shop.c", source));
  return c_source(files);
}

std::size_t place(const CppSource& source, std::string_view name) {
  const auto found = std::ranges::find(source.functions, name, &Function::name);
  EXPECT_NE(found, source.functions.end()) << name;
  return static_cast<std::size_t>(found - source.functions.begin());
}

TEST(CSource, PointersMeanWhatCMeansByThem) {
  const CppSource out = read("", R"(
int sum(const int *values, size_t count) { return 0; }
void sort(double numbers[], int n) {}
int words(const char *text, int len) { return 0; }
int length(const char *text) { return 0; }
void upper(char *text) {}
int parse(const char *text, int *out) { return 0; }
int odd(const int *what) { return 0; }
void fill(int *array) {}
int any(void *data) { return 0; }
int deep(int **rows, int n) { return 0; }
)");
  const auto passing = [&](std::string_view name, std::size_t i = 0) {
    return out.callables[place(out, name)].passing.at(i);
  };
  const auto type = [&](std::string_view name, std::size_t i = 0) {
    return out.functions[place(out, name)].parameters.at(i).type.name;
  };
  EXPECT_EQ(passing("sum"), CppPassing::const_array);
  EXPECT_EQ(type("sum"), "std::vector<int>");
  EXPECT_EQ(out.functions[place(out, "sum")].parameters.size(), 1U);
  EXPECT_EQ(out.callables[place(out, "sum")].lengths[0], "size_t");
  EXPECT_EQ(passing("sort"), CppPassing::array);
  EXPECT_EQ(type("words"), "std::string");
  EXPECT_EQ(type("length"), "const char*");
  EXPECT_EQ(type("upper"), "char*");
  EXPECT_EQ(passing("parse", 1), CppPassing::address);
  EXPECT_EQ(type("parse", 1), "int");
  for (const char* name : {"odd", "fill", "any", "deep"})
    EXPECT_FALSE(out.functions[place(out, name)].uncallable.empty()) << name;
}

TEST(CSource, APointerThatAFunctionMakesIsAnObject) {
  const CppSource out = read(R"(
typedef struct shelf shelf;
typedef struct { int width; double price; } item;
enum side { LEFT, RIGHT };
shelf *shelf_new(unsigned size);
void shelf_free(shelf *s);
int shelf_put(shelf *s, const item *one, enum side where);
int shelf_count(const shelf *s);
)",
                             R"(#include "shop.h"
struct shelf { int n; };
static int hidden(int n) { return n; }
shelf *shelf_new(unsigned size) { return 0; }
void shelf_free(shelf *s) {}
int shelf_put(shelf *s, const item *one, enum side where) { return hidden(1); }
int shelf_count(const shelf *s) { return s->n; }
)");
  const Function& put = out.functions[place(out, "shelf_put")];
  EXPECT_EQ(put.kind, Function::Kind::method);
  EXPECT_EQ(put.class_name, "shelf*");
  ASSERT_EQ(put.parameters.size(), 2U);
  EXPECT_EQ(put.parameters[0].type.kind, Type::Kind::record);
  EXPECT_EQ(out.callables[place(out, "shelf_put")].passing[0], CppPassing::const_address);
  EXPECT_EQ(put.parameters[1].type.texts, (std::vector<std::string>{"LEFT", "RIGHT"}));
  EXPECT_EQ(out.functions[place(out, "shelf_free")].uncallable, "it ends its object");
  EXPECT_EQ(out.functions[place(out, "hidden")].uncallable, "it is called by others only");
  const auto own = std::ranges::find(out.types, "shelf*", &CppOwnType::name);
  ASSERT_NE(own, out.types.end());
  EXPECT_EQ(own->maker, "shelf_new");
  EXPECT_EQ(own->ender, "shelf_free");
  EXPECT_EQ(own->observers, (std::vector<std::string>{"shelf_count(@)"}));
  EXPECT_EQ(cpp_prelude(out, {"shop.h"}), "extern \"C\" {\n#include \"shop.h\"\n}\n");
}

TEST(CSource, AStructureThatAFunctionFillsIsAnObject) {
  const CppSource out = read(R"(
struct parser { int state; char *buffer; void (*free_func)(void *); };
int parser_init(struct parser *p, unsigned char options);
void parser_free(struct parser *p);
int parser_get_state(struct parser *p);
size_t parser_feed(struct parser *p, const void *s, size_t len);
int parser_same(struct parser *p, struct parser *q);
)",
                             R"(#include "shop.h"
int parser_init(struct parser *p, unsigned char options) { return 0; }
void parser_free(struct parser *p) {}
int parser_get_state(struct parser *p) { return p->state; }
size_t parser_feed(struct parser *p, const void *s, size_t len) { return len; }
int parser_same(struct parser *p, struct parser *q) { return p == q; }
)");
  const auto own = std::ranges::find(out.types, "parser*", &CppOwnType::name);
  ASSERT_NE(own, out.types.end());
  EXPECT_EQ(own->in_place, "parser");
  EXPECT_EQ(own->maker, "parser_init");
  EXPECT_EQ(own->construction.size(), 1u);
  EXPECT_EQ(own->ender, "parser_free");
  EXPECT_EQ(own->observers, std::vector<std::string>{"parser_get_state(&@)"});
  EXPECT_EQ(own->fields, std::vector<std::string>{"state"});
  const Function& feed = out.functions[place(out, "parser_feed")];
  EXPECT_EQ(feed.uncallable, "");
  EXPECT_EQ(feed.parameters.at(0).type.kind, Type::Kind::text);
  EXPECT_NE(out.functions[place(out, "parser_same")].uncallable, "");
}

TEST(CSource, WithoutAHeaderThereArePrototypes) {
  const CppSource out = read("", R"(
static int twice(int n) { return 2 * n; }
unsigned four(int n)
{
  return twice(twice(n));
}
int main(void) { return 0; }
)");
  EXPECT_EQ(out.prototypes, (std::vector<std::string>{"unsigned four(int n);"}));
  EXPECT_TRUE(out.has_main);
}

}  // namespace
}  // namespace leyden::qa
