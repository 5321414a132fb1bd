#include "leyden/agents/qa/javascript/javascript_answer.h"

#include <gtest/gtest.h>

#include "leyden/agents/qa/javascript/javascript_jest.h"

namespace leyden::qa {
namespace {

TEST(JavascriptAnswer, TestsOfAModel) {
  const auto tests = javascript_tests_in(
      "Here:\n```javascript\nimport { f } from './f.js';\nconst ROWS = [1];\n"
      "test('one', () => { assert.equal(f(ROWS), 1); });\n"
      "describe(\"f\", () => {\n  it(\"two\", () => { f(2); });\n});\n```\n");
  ASSERT_TRUE(tests) << tests.error().message;
  ASSERT_EQ(tests->size(), 2);
  EXPECT_EQ((*tests)[0].name, "one");
  EXPECT_EQ((*tests)[1].text, "it(\"two\", () => { f(2); });");
  EXPECT_EQ((*tests)[0].support, std::vector<std::string>{"const ROWS = [1];"});
  EXPECT_EQ((*tests)[0].imports.size(), 1);
  EXPECT_TRUE(javascript_tests_in("test('typed', () => { const a = f(1 as any) })"));
  const auto why = [](std::string_view answer) {
    return javascript_tests_in(answer).error().message;
  };
  EXPECT_EQ(why(""), "the answer is empty");
  EXPECT_NE(why("```js\nconst x = 1;\n```").find("no call of test()"), std::string::npos);
  EXPECT_NE(why("```js\ntest(\"a\", ( => {\n```").find("does not parse"), std::string::npos);
}

TEST(JavascriptAnswer, WhatComesBeforeEachTestStandsInIt) {
  const auto tests = javascript_tests_in(
      "describe('shop', () => {\n  let shop;\n  beforeEach(() => { shop = new Shop(); });\n"
      "  describe('price', () => {\n    test('one', () => {\n      shop.price(1 as number);\n    "
      "});\n  });\n});\n");
  ASSERT_TRUE(tests) << tests.error().message;
  ASSERT_EQ(tests->size(), 1);
  EXPECT_EQ((*tests)[0].support, std::vector<std::string>{"let shop;"});
  EXPECT_EQ((*tests)[0].text,
            "test('one', () => {\n    shop = new Shop();\n      shop.price(1);\n    });");
}

TEST(JavascriptAnswer, JestsExpectationsInNodesWords) {
  const auto said = [](std::string_view code) { return node_assertions_of(code); };
  EXPECT_EQ(said("expect(f(1)).toBe(2);"), "assert.strictEqual(f(1), 2);");
  EXPECT_EQ(said("expect(f(1)).not.toEqual([2]);"), "assert.notDeepStrictEqual(f(1), [2]);");
  EXPECT_EQ(said("expect(x).toBeFalsy()"), "assert.ok(!(x))");
  EXPECT_EQ(said("expect(x).not.toBeNull()"), "assert.notStrictEqual(x, null)");
  EXPECT_EQ(said("expect(x).toBeCloseTo(0.5)"), "assert.ok(Math.abs(x - 0.5) < 10 ** -2 / 2)");
  EXPECT_EQ(said("expect(() => f()).toThrow();"), "assert.throws(() => f());");
  EXPECT_EQ(said("expect(() => f()).toThrow(new RangeError('low'));"),
            "assert.throws(() => f(), { message: 'low' });");
  EXPECT_EQ(said("expect(f).toThrow('low')"),
            "assert.throws(f, (error) => error.message.includes('low'))");
  EXPECT_EQ(said("await expect(f()).resolves.toBe(1)"), "await assert.strictEqual(await f(), 1)");
  EXPECT_EQ(said("return expect(f()).rejects.toThrow(RangeError)"),
            "return assert.rejects(f(), RangeError)");
  EXPECT_EQ(said("expect(x).toLookNice(1)"), "expect(x).toLookNice(1)");
}

}  // namespace
}  // namespace leyden::qa
