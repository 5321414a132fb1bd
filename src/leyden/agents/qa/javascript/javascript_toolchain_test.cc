// JavaScript with real Node, real node:test and the real sandbox.
#include "leyden/agents/qa/javascript/javascript_toolchain.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/test_agent.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/llm/testing/scripted_model.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::qa {
namespace {

constexpr std::string_view kSource = R"(/** Three each, and one in ten is free.
 * @param {number} count
 * @example
 * price(10) // => 28
 */
export function price(count) {
  if (count < 0) throw new RangeError("count");
  return 3 * (count - Math.floor(count / 10));
}
)";

std::string block(std::string_view code) {
  return "```javascript\n" + std::string(code) + "\n```\n";
}

class JavascriptAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
    folder_.write("shop/package.json", "{\"type\": \"module\"}");
    folder_.write("shop/test/.keep", "");
  }

  Result<std::unique_ptr<Toolchain>> open(const std::string& name, std::string_view text) {
    folder_.write("shop/" + name, text);
    return open_javascript(*sandbox_, folder_.path() / "shop" / name, {}, {});
  }

  Result<TestReport> run(const std::string& name, std::string_view text,
                         const std::vector<std::string>& answers = {},
                         const TestAgentOptions& options = {.rounds_max = 3}) {
    auto toolchain = open(name, text);
    if (!toolchain) return std::unexpected(toolchain.error());
    auto mutants = (*toolchain)->mutants(30);
    if (!mutants) return std::unexpected(mutants.error());
    for (const std::string& answer : answers) model_.say(answer);
    TestWriter writer(rag_, model_, {.sampling = {}});
    EXPECT_TRUE(writer.open(name, text, {}));
    return make_tests(**toolchain, *mutants, answers.empty() ? nullptr : &writer, options, {}, {});
  }

  static bool kept(const TestReport& report, std::string_view name) {
    return std::ranges::any_of(report.tests,
                               [&](const KeptTest& test) { return test.name == name; });
  }
  static std::string reason(const TestReport& report, std::string_view name) {
    const auto found = std::ranges::find(report.rejected, name, &RejectedTest::name);
    return found == report.rejected.end() ? "" : found->reason;
  }

  const tokenizer::Tokenizer& qwen_ = tokenizer::test_tokenizer("tokenizers/qwen2.5.json");
  const TemporaryFolder folder_{fast_folder()};
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  SystemClock clock_;
  std::unique_ptr<retrieval::Index> index_ =
      retrieval::open_sqlite_index({.file = folder_.path() / "index.sqlite"}).value();
  std::unique_ptr<cache::MemoryTier> memory_ = cache::MemoryTier::make({}, clock_).value();
  cache::TokenCache cache_{*memory_, nullptr, clock_};
  rag::TokenCachedRag rag_{*index_, cache_, qwen_, clock_,
                           rag::RagOptions{.secret = {},
                                           .system_prompt = test_system_prompt(),
                                           .sent = nullptr,
                                           .degraded_reason = {}}};
  llm::testing::ScriptedModel model_{qwen_};
};

#define ASSERT_MADE(report)                                               \
  if (!(report) && (report).error().code == Errc::unsupported &&          \
      (report).error().message.find("install Node") != std::string::npos) \
    GTEST_SKIP() << (report).error().message;                             \
  ASSERT_TRUE(report) << (report).error().message

TEST_F(JavascriptAgent, OnlyGoodTestsOfAModelSurvive) {
  const auto report =
      run("shop.js", kSource,
          {block("import test from \"node:test\";\nimport assert from "
                 "\"node:assert/strict\";\nimport { price } from "
                 "\"./elsewhere/shop.js\";\nimport fs from \"node:fs\";\n"
                 "test(\"ten\", () => { assert.equal(price(10), 27); });\n"
                 "test(\"wrong\", () => { assert.equal(price(10), 30); });\n"
                 "test(\"flaky\", () => { assert.ok(!fs.existsSync(\"/tmp/seen\")); "
                 "fs.writeFileSync(\"/tmp/seen\", \"\"); assert.equal(price(1), 3); });\n"
                 "test(\"again\", () => { assert.equal(price(10), 27); });\n"),
           block("test(\"hangs\", () => { for (;;); });\n"
                 "test(\"negative\", () => { assert.throws(() => price(-1), RangeError); });\n"),
           block("test(\"broken\", ( => {\n")});
  ASSERT_MADE(report);
  EXPECT_TRUE(kept(*report, "ten"));
  EXPECT_TRUE(kept(*report, "negative"));
  EXPECT_NE(reason(*report, "wrong").find("27 !== 30"), std::string::npos)
      << reason(*report, "wrong");
  EXPECT_NE(reason(*report, "flaky").find("passed 1 times"), std::string::npos)
      << reason(*report, "flaky");
  EXPECT_EQ(reason(*report, "again"), "passes, but reaches and notices nothing new");
  EXPECT_NE(reason(*report, "hangs").find("timed out"), std::string::npos);
  EXPECT_NE(reason(*report, "answer of the model").find("does not parse"), std::string::npos);
  EXPECT_NE(report->test_text.find("test(\"ten\""), std::string::npos);
  EXPECT_EQ(report->test_text.find("wrong"), std::string::npos);
  EXPECT_NE(report->test_text.find("from \"../shop.js\""), std::string::npos) << report->test_text;
  EXPECT_EQ(report->engine, "scripted+offline");
  // What its example says is not what it gives.
  ASSERT_EQ(report->suspected.size(), 1);
  EXPECT_NE(report->suspected[0].what.find("price(10) gives 28; it gives 27"), std::string::npos)
      << report->suspected[0].what;
}

TEST_F(JavascriptAgent, TheSameSeedGivesTheSameTests) {
  const auto one = run("shop.js", kSource);
  ASSERT_MADE(one);
  const auto same = run("shop.js", kSource);
  ASSERT_TRUE(same);
  EXPECT_EQ(one->test_text, same->test_text);
  EXPECT_EQ(one->mutants_killed, one->mutants) << one->survivors.at(0);
  EXPECT_EQ(one->after.lines_reached, one->after.lines);
  EXPECT_EQ(one->after.branches_reached, one->after.branches);
}

// Loops where nothing can stop them, an exit, promises that never end: each costs its input.
TEST_F(JavascriptAgent, WhatHangsCostsItsInputOnly) {
  const auto report = run("hang.cjs", R"(
exports.f = (flag) => { if (flag === true) for (;;); return flag ? 1 : 2; };
exports.g = async (isLate) => { await null; if (isLate) for (;;); return 1; };
exports.h = (isLate) => (isLate ? new Promise(() => {}) : Promise.resolve(3));
exports.i = (isOver) => { if (isOver) process.exit(0); return 4; };
)",
                          {}, {.rounds_max = 1, .inputs_per_round = 3});
  ASSERT_MADE(report);
  for (const char* test : {"f 1", "g 1", "h 1", "i 1"}) EXPECT_TRUE(kept(*report, test)) << test;
}

TEST_F(JavascriptAgent, Typescript) {
  const auto report = run("cart.ts", R"(import type { Foo } from "./foo";
export interface Item { price: number; name?: string }
export function total<T extends Item>(items: readonly T[], currency: "EUR" | "USD" = "EUR"): string {
  let sum: number = 0;
  for (const item of items) sum += item.price as number;
  return currency === "EUR" ? `${sum} EUR` : `$${sum}`;
}
)");
  ASSERT_MADE(report);
  EXPECT_NE(report->test_text.find("total([{"), std::string::npos) << report->test_text;
  EXPECT_EQ(report->after.branches_reached, report->after.branches);
  const auto refused = open("kinds.ts", "namespace A {}\nexport function f() { return 1; }");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_NE(refused.error().message.find("line 1: a namespace"), std::string::npos);
}

// Mutants are changes of the text without what TypeScript adds to it; tests never name what it hides.
TEST_F(JavascriptAgent, TypescriptsParameterPropertiesAndEnumerations) {
  const auto report = run("lamp.ts", R"(export enum State { off, on = "ON" }
export class Lamp {
  constructor(private readonly watts: number, public state: State = State.off) {}
  cost(hours: number): number { return this.state === State.on ? (this.watts * hours) / 1000 : 0; }
}
)");
  ASSERT_MADE(report);
  EXPECT_EQ(report->mutants_killed, report->mutants) << report->survivors.at(0);
  EXPECT_EQ(report->after.branches_reached, report->after.branches);
  EXPECT_NE(report->test_text.find("State.on"), std::string::npos) << report->test_text;
  EXPECT_EQ(report->test_text.find(".watts"), std::string::npos);
}

TEST_F(JavascriptAgent, NoTestWritesFilesOrMindsTheTimeZone) {
  const auto report = run("save.mjs", R"(import { writeFileSync } from "node:fs";
export function save(isLoud) { writeFileSync("save.txt", "a"); return isLoud ? 1 : 2; }
export const first = (year) => new Date(year, 0, 1);
export const hour = (time) => new Date(1000 * time).getHours();
)");
  ASSERT_MADE(report);
  EXPECT_FALSE(kept(*report, "save 1"));
  EXPECT_TRUE(kept(*report, "first 1")) << report->test_text;
  EXPECT_EQ(report->test_text.find("hour(0)"), std::string::npos) << report->test_text;
}

TEST_F(JavascriptAgent, WhatCantBeTestedSaysWhy) {
  const auto why = [&](const std::string& name, std::string_view text) {
    auto opened = open(name, text);
    return opened ? "" : opened.error().message;
  };
  EXPECT_NE(why("a.js", "function f() {}").find("exports no function"), std::string::npos);
  EXPECT_NE(why("b.js", "export const f = () => <p/>;").find("JSX"), std::string::npos);
  EXPECT_NE(why("c.tsx", "export const f = () => 1;").find("without a build"), std::string::npos);
  const auto report =
      run("d.mjs", "import { x } from \"./absent.mjs\";\nexport const f = () => x;\n");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::unavailable);
  EXPECT_NE(report.error().message.find("absent.mjs"), std::string::npos) << report.error().message;
}

}  // namespace
}  // namespace leyden::qa
