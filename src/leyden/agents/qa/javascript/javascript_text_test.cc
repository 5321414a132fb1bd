#include "leyden/agents/qa/javascript/javascript_text.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "leyden/agents/qa/javascript/javascript_probes.h"
#include "leyden/agents/qa/javascript/javascript_strip.h"

namespace leyden::qa {
namespace {

TEST(JavascriptText, Literals) {
  EXPECT_EQ(javascript_literal(Value::none()), "null");
  EXPECT_EQ(javascript_literal(Value::boolean(true)), "true");
  EXPECT_EQ(javascript_literal(Value::of(2.0)), "2");
  EXPECT_EQ(javascript_literal(Value::of(-0.0)), "-0");
  EXPECT_EQ(javascript_literal(Value::of(std::numeric_limits<double>::infinity())), "Infinity");
  EXPECT_EQ(javascript_literal(Value::of(std::string("a\"\\\n\x01é"))), "\"a\\\"\\\\\\n\\x01é\"");
  EXPECT_EQ(javascript_literal({.kind = Value::Kind::set, .text = {}, .items = {}}), "new Set()");
  Value map{
      .kind = Value::Kind::map,
      .text = {},
      .items = {Value::of(std::string("a")), Value::list({}), Value::of(std::string("b-c")),
                Value::of(std::int64_t{1}), Value::of(std::string("__proto__")), Value::none()}};
  EXPECT_EQ(javascript_literal(map), "{ a: [], \"b-c\": 1, [\"__proto__\"]: null }");
  map.text = "Map";
  EXPECT_EQ(javascript_literal(map), "new Map([[\"a\", []], [\"b-c\", 1], [\"__proto__\", null]])");
  EXPECT_EQ(javascript_literal({.kind = Value::Kind::expression, .text = "(x) => x", .items = {}}),
            "(x) => x");
}

TEST(JavascriptText, TestsSayAllThatWasObserved) {
  Function sort;
  sort.name = "sort";
  sort.parameters = {{.name = "items", .type = {}}};
  const std::vector<Function> all = {sort};
  TestCase changed{
      .name = "sort 1",
      .input = {.construction = {}, .steps = {{.function = 0, .arguments = {Value::list({})}}}},
      .expected = {}};
  changed.expected.outcome = Observation::Outcome::value;
  changed.expected.form = "value";
  changed.expected.text = "undefined";
  changed.expected.changed = {{"items", "[1]"}};
  changed.expected.printed = "[[\"done\"]]";
  TestCase fails = changed;
  fails.name = "sort throws 1";
  fails.expected = {};
  fails.expected.outcome = Observation::Outcome::error;
  fails.expected.error = "Error";
  fails.expected.error_module = "builtin";
  fails.expected.awaited = true;
  const std::vector<TestCase> cases = {changed, fails};
  const std::map<std::string, std::string> makers;
  const std::map<std::string, JavascriptExport> exports = {
      {"sort", {.way = JavascriptExport::Way::named, .name = "order"}}};
  const std::string text = javascript_test_file(
      cases, {}, all,
      {.specifier = "../src/sort.js", .test_is_esm = true, .exports = &exports, .makers = &makers});
  EXPECT_EQ(
      text,
      R"(// Tests of ../src/sort.js, made by `leyden test`. They say what it does today: read them before you trust them.
import test from "node:test";
import assert from "node:assert/strict";

import { order as sort } from "../src/sort.js";

test("sort 1", (t) => {
  const printed = t.mock.method(console, "log", () => {});
  const items = [];
  sort(items);
  assert.deepStrictEqual(items, [1]);
  assert.deepStrictEqual(printed.mock.calls.map((call) => call.arguments), [["done"]]);
});

test("sort throws 1", async () => {
  await assert.rejects(() => sort([]), { name: "Error" });
});
)");
  const std::vector<PlacedTest> placed = javascript_placed_tests(text);
  ASSERT_EQ(placed.size(), 2);
  EXPECT_EQ(placed[1].name, "sort throws 1");
  EXPECT_EQ(text.substr(placed[1].begin, 5), "test(");
  // A CommonJS file's tests are CommonJS.
  const std::string required = javascript_test_file(
      cases, {}, all,
      {.specifier = "./sort.cjs", .test_is_esm = false, .exports = &exports, .makers = &makers});
  EXPECT_NE(required.find("const { order: sort } = require(\"./sort.cjs\");"), std::string::npos)
      << required;
}

ProbedJavascript probed(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::javascript, text);
  EXPECT_TRUE(tree);
  return probed_javascript(*tree, text);
}

TEST(JavascriptProbes, WhatRunsIsToldAndLinesStay) {
  EXPECT_EQ(probed("if (a) b();\nelse c();").text,
            "$leyden_p[0]=1;if (a) {$leyden_p[1]=1;$leyden_p[2]=1;b();}\nelse "
            "{$leyden_p[3]=1;$leyden_p[4]=1;c();}");
  EXPECT_EQ(probed("if (a) { b(); }").text,
            "$leyden_p[0]=1;if (a) {$leyden_p[1]=1; $leyden_p[2]=1;b(); } else{$leyden_p[3]=1}");
  EXPECT_EQ(probed("f = (x) => x && 1").text,
            "$leyden_p[0]=1;f = (x) => ($leyden_p[1]=1,x && ($leyden_p[2]=1,1))");
  EXPECT_EQ(probed("\"use strict\";\nfunction f(a = 1) { throw new E(a); }").text,
            "\"use strict\";\nfunction f(a = ($leyden_p[0]=1,1)) { $leyden_p[1]=1;throw "
            "$leyden_t(2,(new E(a))); }");
  EXPECT_EQ(probed("a ? b : c").text, "$leyden_p[0]=1;a ? ($leyden_p[1]=1,b) : ($leyden_p[2]=1,c)");
}

TEST(JavascriptProbes, GoalsAreLinesAndBranches) {
  const ProbedJavascript one = probed("x = 1;\nif (x)\n  y();");
  EXPECT_EQ(one.goals().lines, (std::set<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(one.goals().branches.size(), 2);
  const std::vector<std::size_t> all = {0, 1, 2, 3};
  EXPECT_EQ(one.seen_in(one.arcs_of(all)), all);
  EXPECT_TRUE(one.seen_in({}).empty());
}

// Whatever is put in, it parses, and without it the text is what it was.
TEST(JavascriptProbes, TheTextStaysJavascript) {
  for (const std::string_view text :
       {"for (const x of y) if (x) continue; else break;\ndo z(); while (a && b || c)",
        "label: for (;;) { switch (a) { case 1: b(); case 2: { c(); } default: } }",
        "class A { static x = () => ({}); static { f(); } get y() { return this.#z ?? 1; } #z; }",
        "export const a = async (b) => { await (b || c); };\nexport default function () {}",
        "if (a) ; else if (b) c()\nelse d()", "while (x);", "const f = async x => x?.y ?? z",
        "var a = b\n;[1].map(x => x)", "#!/usr/bin/env node\n'use strict'\nf()"}) {
    const std::string out = probed(text).text;
    auto tree = syntax::parse(syntax::Language::javascript, out);
    ASSERT_TRUE(tree);
    EXPECT_FALSE(tree->has_errors()) << out;
    EXPECT_EQ(std::ranges::count(out, '\n'), std::ranges::count(text, '\n'));
  }
}

TEST(JavascriptStrip, TypesBecomeSpaces) {
  const std::string_view text = R"(import type { Foo } from "./foo";
import { Bar, make } from "./bar";
interface Item { name: string }
export type Order = "asc" | "desc";
export function f<T extends Item>(items: readonly T[], order?: Order): T | undefined {
  const one = items[0]! as T;
  return make<T>(one satisfies T);
}
export abstract class Box<T> implements Bar {
  private readonly inner: T[] = [];
  declare hidden: string;
  abstract area(): number;
  get(this: Box<T>, i: number): T { return this.inner[i]; }
}
)";
  auto stripped = javascript_of_typescript(text);
  ASSERT_TRUE(stripped) << stripped.error().message;
  ASSERT_EQ(stripped->text.size(), text.size());
  EXPECT_EQ(std::ranges::count(stripped->text, '\n'), std::ranges::count(text, '\n'));
  EXPECT_EQ(stripped->text.find("Foo"), std::string::npos);
  EXPECT_EQ(stripped->text.find("Bar"), std::string::npos);
  EXPECT_EQ(stripped->text.find("make"), text.find("make"));
  EXPECT_EQ(stripped->text.find("string"), std::string::npos);
}

std::string whole_of(std::string_view text) {
  auto out = javascript_of_typescript(text);
  return out ? out->whole() : out.error().message;
}

TEST(JavascriptStrip, ParameterPropertiesAreAssigned) {
  EXPECT_EQ(whole_of("class A { constructor(private readonly x: T, y = 1) {} }"),
            "class A { constructor(                 x   , y = 1) { this.x = x;} }");
  EXPECT_EQ(whole_of("class B extends A {\n  constructor(public x = 2) {\n    super()\n  }\n}"),
            "class B extends A {\n  constructor(       x = 2) {\n    super(); this.x = x;\n  }\n}");
  EXPECT_EQ(whole_of("class A { f = () => this.x; constructor(protected x: T) { g(); } }"),
            "class A { f = () => this.x; constructor(          x   ) { this.x = x; g(); } }");
  EXPECT_NE(whole_of("class A { y = this.x;\n constructor(public x: number) {} }").find("line 1"),
            std::string::npos);
}

TEST(JavascriptStrip, EnumerationsAreObjects) {
  const std::string out = whole_of("export enum A { b, c = 1 << 3, d, e = 'f' }\n<T>g;");
  EXPECT_EQ(out.substr(0, out.find(" }") + 2),
            ";export var A = {}; { const b = 0; A[A.b = b] = \"b\"; const c = 1 << 3; A[A.c = c] = "
            "\"c\"; const d = c + 1; A[A.d = d] = \"d\"; const e = 'f'; A.e = e; }");
  EXPECT_EQ(std::ranges::count(out, '\n'), 1);
  EXPECT_TRUE(out.ends_with("   g;"));
  EXPECT_NE(whole_of("enum A { b }\nenum A { c }").find("line 2"), std::string::npos);
}

TEST(JavascriptStrip, WhatIsMoreThanTypesIsRefused) {
  const auto why = [](std::string_view text) {
    auto out = javascript_of_typescript(text);
    return out ? "" : out.error().message;
  };
  EXPECT_NE(why("namespace A { export const b = 1; }").find("namespace"), std::string::npos);
  EXPECT_NE(why("@d class A {}").find("decorator"), std::string::npos);
  EXPECT_NE(why("const a: = 1").find("does not parse"), std::string::npos);
  EXPECT_EQ(why("declare const a: number;\nexport const b = 1;"), "");
}

}  // namespace
}  // namespace leyden::qa
