#include "leyden/agents/qa/javascript/javascript_source.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

using Kind = Type::Kind;
using Way = JavascriptExport::Way;

JavascriptSource read(std::string_view text,
                      syntax::Language language = syntax::Language::javascript) {
  auto tree = syntax::parse(language, text);
  EXPECT_TRUE(tree);
  return javascript_source(*tree, text);
}

Type type(Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}
const Type kNumber = type(Kind::any_of, {type(Kind::integer), type(Kind::real)});

std::vector<std::string> names(const JavascriptSource& source) {
  std::vector<std::string> out;
  out.reserve(source.functions.size());
  for (const Function& one : source.functions) out.push_back(one.qualified_name());
  return out;
}

Type annotated(std::string_view said) {
  return read(
             "interface Item { name: string; price?: number }\nexport class Point { constructor(x: "
             "number) {} length() {} }\nexport function f(zz: " +
                 std::string(said) + ") { return 1; }",
             syntax::Language::typescript)
      .functions.back()
      .parameters.at(0)
      .type;
}

TEST(JavascriptSource, TypesOfTypescript) {
  EXPECT_EQ(annotated("number"), kNumber);
  EXPECT_EQ(annotated("string | null"), type(Kind::optional, {type(Kind::text)}));
  EXPECT_EQ(annotated("readonly boolean[]"), type(Kind::list, {type(Kind::boolean)}));
  EXPECT_EQ(annotated("Array<[string, boolean]>"),
            type(Kind::list, {type(Kind::tuple, {type(Kind::text), type(Kind::boolean)})}));
  const Type whole = type(Kind::map, {type(Kind::text), type(Kind::integer)});
  EXPECT_EQ(annotated("Record<string, number>"),
            type(Kind::any_of, {whole, whole, type(Kind::map, {type(Kind::text), kNumber})}));
  EXPECT_EQ(annotated("Map<string, boolean>").name, "Map");
  EXPECT_EQ(annotated("\"asc\" | 'desc'").texts, (std::vector<std::string>{"\"asc\"", "\"desc\""}));
  EXPECT_EQ(annotated("(a: number, b: number) => number").kind, Kind::expression);
  const Type item = annotated("Item").of.at(2);  // With numbers that are not whole.
  EXPECT_EQ(item.texts, (std::vector<std::string>{"name", "price"}));
  EXPECT_EQ(item.of, (std::vector<Type>{type(Kind::text), type(Kind::optional, {kNumber})}));
  EXPECT_EQ(annotated("Point").kind, Kind::object);
  EXPECT_EQ(annotated("{ [key: string]: boolean }"),
            type(Kind::map, {type(Kind::text), type(Kind::boolean)}));
  EXPECT_EQ(annotated("Unheard<number>"), Type{});
}

TEST(JavascriptSource, WhatTypescriptHidesIsAssertedByNoTest) {
  const std::string_view text =
      "export class Box { private a = 1; protected readonly b = 2; c = 3; public d = 4; get() { "
      "return 1; } }";
  auto tree = syntax::parse(syntax::Language::typescript, text);
  ASSERT_TRUE(tree);
  EXPECT_EQ(javascript_source(*tree, text).hidden, (std::vector<std::string>{"a", "b"}));
}

// Older packages stand in a function that is called at once, and export where `module` is there.
TEST(JavascriptSource, WhatAUniversalModuleExports) {
  const JavascriptSource source = read(R"(
(function (root) {
  'use strict';
  var api = { distance: function (a, b) { return a.length - b.length; } };
  function hidden(x) { return x; }
  if (typeof define !== 'undefined' && define.amd) {
    define(function () { return api; });
  } else if (typeof module !== 'undefined' && module.exports) {
    module.exports = api;
  } else {
    root.api = api;
  }
}(this));
)");
  ASSERT_EQ(source.functions.size(), 1);
  EXPECT_EQ(source.functions[0].name, "distance");
  EXPECT_EQ(source.functions[0].parameters.size(), 2);
}

TEST(JavascriptSource, TypesOfJsdoc) {
  const JavascriptSource source = read(R"(
/** @typedef {Object} Row
 * @property {string} key */
/**
 * @param {Array.<number>} rows
 * @param {?string} name
 * @param {boolean} [loud]
 * @param {Row} row
 * @param {Object} options
 * @param {string} options.unit
 * @returns {string}
 */
exports.f = (rows, name, loud, row, options) => name;
)");
  const Function& f = source.functions.at(0);
  EXPECT_EQ(f.parameters[0].type.of.at(2), type(Kind::list, {kNumber}));
  EXPECT_EQ(f.parameters[1].type, type(Kind::optional, {type(Kind::text)}));
  EXPECT_TRUE(f.parameters[2].has_default);
  EXPECT_EQ(f.parameters[3].type.texts, (std::vector<std::string>{"key"}));
  EXPECT_EQ(f.parameters[4].type.texts, (std::vector<std::string>{"unit"}));
  EXPECT_EQ(f.result.kind, Kind::text);
}

TEST(JavascriptSource, TypesWithoutAnnotations) {
  const auto of = [](std::string_view body, std::string_view parameter) {
    return read("export function f(" + std::string(parameter) + ") { " + std::string(body) + " }")
        .functions.at(0)
        .parameters.at(0)
        .type;
  };
  EXPECT_EQ(of("return zz.toLowerCase();", "zz").kind, Kind::text);
  EXPECT_EQ(of("return Object.keys(zz);", "zz").kind, Kind::map);
  EXPECT_EQ(of("return zz % 2;", "zz").kind, Kind::integer);
  EXPECT_EQ(of("return zz / 2;", "zz"), kNumber);
  EXPECT_EQ(of("return zz(1);", "zz").kind, Kind::expression);
  EXPECT_EQ(of("return 1;", "zz = true").kind, Kind::boolean);
  EXPECT_EQ(of("return 1;", "zz").kind, Kind::unknown);
  EXPECT_EQ(of("return zz.reduce((sum, one) => sum + one.price * one.quantity, 0);", "zz"),
            type(Kind::list, {{.kind = Kind::record,
                               .of = {type(Kind::integer), type(Kind::integer)},
                               .name = {},
                               .texts = {"price", "quantity"}}}));
  EXPECT_EQ(of("return width * height;", "{ width, height = 2 }").texts,
            (std::vector<std::string>{"width", "height"}));
  EXPECT_TRUE(read("export const f = (...numbers) => 1;").functions.at(0).parameters[0].takes_rest);
}

TEST(JavascriptSource, TypesGoOnIntoOtherFunctionsAndFields) {
  const auto of = [](std::string_view code) {
    return read("export function f(zz) {" + std::string(code))
        .functions.at(0)
        .parameters.at(0)
        .type;
  };
  EXPECT_EQ(of("for (const one of zz) g(one); }\nconst g = (a) => a.trim();"),
            type(Kind::list, {type(Kind::text)}));
  EXPECT_EQ(of("const a = zz[0]; return /b/.test(a); }"), type(Kind::list, {type(Kind::text)}));
  EXPECT_EQ(of("const { a, b } = zz; return a.trim() + b % 2; }").of,
            (std::vector<Type>{type(Kind::text), type(Kind::integer)}));
  EXPECT_EQ(of("return SIZES[zz]; }\nconst SIZES = { a: 1, b: 2 };").of.at(0).texts,
            (std::vector<std::string>{"\"a\"", "\"b\""}));
  EXPECT_EQ(of("switch (zz) { case 'a': case 'b': } }").of.at(0).texts,
            (std::vector<std::string>{"\"a\"", "\"b\""}));
  const JavascriptSource classes = read(
      "export class A { constructor(grid) { this.grid = grid; } at(a, b) { return "
      "this.grid[a][b]; } same(other) { return other.grid === this.grid; } }");
  EXPECT_EQ(classes.functions.at(0).construction.at(0).type,
            type(Kind::list, {type(Kind::list, {type(Kind::integer)})}));
  EXPECT_EQ(classes.functions.at(1).parameters.at(0).type.name, "A");
}

TEST(JavascriptSource, OptionsAreReadFromTheirUse) {
  const Function f = read(R"(
module.exports = (args, opts) => {
  if (!opts) opts = {};
  if (typeof opts.all === "boolean") return 1;
  Object.keys(opts.alias || {}).forEach((key) => g([].concat(opts.alias[key])));
  [].concat(opts.names).filter(Boolean);
  return typeof opts.made === "function" && opts.early ? 1 : opts["--"];
};
)")
                         .functions.at(0);
  const Parameter& opts = f.parameters.at(1);
  EXPECT_TRUE(opts.has_default);
  ASSERT_EQ(opts.type.kind, Kind::record);
  const auto field = [&](std::string_view name) {
    const auto at = std::ranges::find(opts.type.texts, name);
    return at == opts.type.texts.end()
               ? Type{}
               : opts.type.of[static_cast<std::size_t>(at - opts.type.texts.begin())].of.at(0);
  };
  EXPECT_EQ(field("all").kind, Kind::boolean);
  EXPECT_EQ(field("alias").kind, Kind::map);
  EXPECT_EQ(field("names").of.at(1), type(Kind::list, {type(Kind::text)}));
  EXPECT_EQ(field("made").kind, Kind::expression);
  EXPECT_EQ(field("early").of.at(0).kind, Kind::boolean);
  EXPECT_TRUE(std::ranges::find(opts.type.texts, "--") != opts.type.texts.end());
}

TEST(JavascriptSource, TypesThatConstantsSay) {
  const JavascriptSource source = read(R"(
const SIZES = { a: 1, 'b': 2 } as const;
type Pair = [string, boolean];
enum Kind { one, two = 5, three }
export enum Color { red, blue }
export function f(a: keyof typeof SIZES, b: (typeof SIZES)[keyof typeof SIZES], c: Pair[1], d: Kind, e: Color, g: { h: string } & { i: boolean }) { return 1; }
)",
                                       syntax::Language::typescript);
  const std::vector<Parameter>& all = source.functions.at(0).parameters;
  EXPECT_EQ(all[0].type.texts, (std::vector<std::string>{"\"a\"", "\"b\""}));
  EXPECT_EQ(all[1].type.texts, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(all[2].type.kind, Kind::boolean);
  EXPECT_EQ(all[3].type.texts, (std::vector<std::string>{"0", "5", "6"}));
  EXPECT_EQ(all[4].type.texts, (std::vector<std::string>{"Color.red", "Color.blue"}));
  EXPECT_EQ(all[5].type.texts, (std::vector<std::string>{"h", "i"}));
  EXPECT_TRUE(source.exports.contains("Color"));
}

TEST(JavascriptSource, LiteralsOfWhatIsCalledAndOfExpressions) {
  const Literals found = read(R"(
const LIMIT = 77;
function inner(a) { return a < LIMIT && /^x-(\d+)$/.test(a); }
export class A { f(a) { return this.g(a); } g(a) { return inner(a) || a === "word"; } }
)")
                             .functions.at(0)
                             .literals;
  EXPECT_EQ(found.integers, (std::vector<std::int64_t>{77}));
  EXPECT_TRUE(std::ranges::find(found.texts, "word") != found.texts.end());
  EXPECT_TRUE(std::ranges::any_of(found.texts,
                                  [](const std::string& text) { return text.starts_with("x-"); }));
}

TEST(JavascriptSource, OnlyWhatIsExported) {
  const JavascriptSource esm = read(R"(
import fs from "node:fs";
function hidden() { return 1; }
export function plain(a) { return a; }
export async function wait() { return 1; }
const arrow = (a) => a + 1;
export { arrow as plusOne };
export const other = function (a) { return a; }, limit = 3;
export default class Box {
  constructor(width) { this.width = width; }
  grow(by) { this.width += by; }
  _inner() { return 1; }
  #secret() { return 1; }
  get size() { return this.width; }
  set size(value) { this.width = value; }
  static unit() { return new Box(1); }
}
)");
  EXPECT_TRUE(esm.is_esm);
  EXPECT_EQ(names(esm), (std::vector<std::string>{"plain", "wait", "arrow", "other", "Box.grow",
                                                  "Box.size", "Box.unit"}));
  EXPECT_EQ(esm.exports.at("arrow"), (JavascriptExport{.way = Way::named, .name = "plusOne"}));
  EXPECT_EQ(esm.exports.at("Box").way, Way::by_default);
  EXPECT_TRUE(esm.functions[1].is_async);
  EXPECT_EQ(esm.functions[4].construction.size(), 1);
  EXPECT_EQ(esm.functions[5].kind, Function::Kind::property);
  EXPECT_EQ(esm.functions[6].kind, Function::Kind::static_method);

  const JavascriptSource cjs = read(R"(
function plain(a) { return a; }
function hidden() {}
module.exports = { plain, other: (a) => a, renamed: plain2, method(a) { return a; } };
function plain2(a) { return a; }
)");
  EXPECT_FALSE(cjs.is_esm);
  EXPECT_EQ(names(cjs), (std::vector<std::string>{"plain", "other", "method", "plain2"}));
  EXPECT_EQ(cjs.exports.at("plain2"), (JavascriptExport{.way = Way::named, .name = "renamed"}));

  const JavascriptSource whole = read("module.exports = function price(n) { return n; };");
  EXPECT_EQ(names(whole), (std::vector<std::string>{"price"}));
  EXPECT_EQ(whole.exports.at("price").way, Way::whole);
}

TEST(JavascriptSource, ObjectsThatAFunctionGives) {
  const JavascriptSource source = read(
      "class Range { constructor(a) { this.a = a; } size() { return 1; } static no() {} }\n"
      "export const range = (low) => new Range(low);\n"
      "class Lost { f() { return 1; } }");
  EXPECT_EQ(names(source), (std::vector<std::string>{"range", "Range.size"}));
  EXPECT_EQ(source.makers.at("Range"), "range");
  EXPECT_EQ(source.functions.at(1).construction.at(0).name, "low");
}

TEST(JavascriptSource, Examples) {
  const JavascriptSource source = read(R"(
/**
 * @example
 * add(1, 2) // => 3
 * add(1, -1);
 * // 0
 */
export function add(a, b) { return a + b; }
)");
  ASSERT_EQ(source.examples.size(), 2);
  EXPECT_EQ(source.examples[0].call, "add(1, 2)");
  EXPECT_EQ(source.examples[0].expected, "3");
  EXPECT_EQ(source.examples[1].call, "add(1, -1)");
  EXPECT_EQ(source.examples[1].expected, "0");
}

TEST(JavascriptSource, WhatDoesNotParseIsLeftOut) {
  EXPECT_TRUE(read("export function f( { return (").functions.empty());
  EXPECT_TRUE(read("").functions.empty());
  EXPECT_TRUE(read("\xff\xfe\x01").functions.empty());
}

}  // namespace
}  // namespace leyden::qa
