// What survives of a model's answers, with real Python, real pytest and the real sandbox.
#include "leyden/agents/qa/test_agent.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/python/python_toolchain.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/llm/testing/scripted_model.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::qa {
namespace {

constexpr std::string_view kSource = R"(def price(count: int) -> int:
    """Three each, and one in ten is free."""
    if count < 0:
        raise ValueError("count")
    return 3 * (count - count // 10)
)";

std::string block(std::string_view code) { return "```python\n" + std::string(code) + "\n```\n"; }

class TestAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
    folder_.write("shop/shop.py", kSource);
    auto toolchain = open_python(*sandbox_, folder_.path() / "shop" / "shop.py",
                                 {.interpreter = "/usr/bin/python3"}, {});
    if (!toolchain && toolchain.error().code == Errc::unsupported)
      GTEST_SKIP() << toolchain.error().message;
    ASSERT_TRUE(toolchain) << toolchain.error().message;
    toolchain_ = *std::move(toolchain);
    auto tree = syntax::parse(syntax::Language::python, kSource);
    mutants_ = mutants_of(*tree, kSource, toolchain_->functions(), 30);
  }

  TestReport run(const std::vector<std::string>& answers, const TestAgentOptions& options = {}) {
    for (const std::string& answer : answers) model_.say(answer);
    TestWriter writer(rag_, model_, {.sampling = {}});
    EXPECT_TRUE(writer.open("shop.py", kSource, {}));
    auto report =
        make_tests(*toolchain_, mutants_, answers.empty() ? nullptr : &writer, options, {}, {});
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(TestReport());
  }

  // Of another file.
  TestReport run_on(const std::string& name, std::string_view source,
                    const std::vector<std::string>& answers) {
    folder_.write("shop/" + name, source);
    auto toolchain = open_python(*sandbox_, folder_.path() / "shop" / name,
                                 {.interpreter = "/usr/bin/python3"}, {});
    EXPECT_TRUE(toolchain) << toolchain.error().message;
    for (const std::string& answer : answers) model_.say(answer);
    TestWriter writer(rag_, model_, {.sampling = {}});
    EXPECT_TRUE(writer.open(name, source, {}));
    auto mutants = (*toolchain)->mutants(30);
    EXPECT_TRUE(mutants);
    auto report = make_tests(**toolchain, *mutants, &writer, {}, {}, {});
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(TestReport());
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
  std::unique_ptr<Toolchain> toolchain_;
  std::vector<Mutant> mutants_;
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

TEST_F(TestAgent, OnlyGoodTestsSurviveAndTheReportSaysWhyOthersDoNot) {
  const TestReport report =
      run({block("def test_good():\n    assert price(10) == 27\n\n"
                 "def test_wrong():\n    assert price(10) == 30\n\n"
                 "def test_network():\n    import socket\n    "
                 "socket.create_connection((\"192.0.2.1\", 80), timeout=1)\n\n"
                 "def test_flaky():\n    import os\n    import pathlib\n    seen = "
                 "pathlib.Path(\"/tmp/seen\")\n    assert not seen.exists()\n    seen.touch()\n    "
                 "assert price(1) == 3\n\n"
                 "def test_again():\n    assert price(10) == 27\n"),
           block("def test_hangs():\n    while True:\n        pass\n\n"
                 "def test_forks():\n    import os\n    for _ in range(300):\n        if os.fork() "
                 "== 0:\n            import time\n            time.sleep(60)\n\n"
                 "def test_fills():\n    with open(\"/tmp/big\", \"wb\") as file:\n        for _ "
                 "in range(4000):\n            file.write(b\"x\" * 1000000)\n\n"
                 "def test_error():\n    with pytest.raises(ValueError):\n        price(-1)\n"),
           block("def test_broken(:\n    assert (\n")});
  EXPECT_TRUE(kept(report, "test_good"));
  EXPECT_TRUE(kept(report, "test_error"));
  EXPECT_NE(reason(report, "test_wrong").find("assert"), std::string::npos)
      << reason(report, "test_wrong");
  EXPECT_NE(reason(report, "test_network").find("does not pass"), std::string::npos);
  EXPECT_NE(reason(report, "test_flaky").find("passed 1 times"), std::string::npos)
      << reason(report, "test_flaky");
  EXPECT_EQ(reason(report, "test_again"), "passes, but reaches and notices nothing new");
  EXPECT_NE(reason(report, "test_hangs").find("timed out"), std::string::npos)
      << reason(report, "test_hangs");
  EXPECT_FALSE(reason(report, "test_forks").empty());
  EXPECT_FALSE(reason(report, "test_fills").empty());
  EXPECT_NE(reason(report, "answer of the model").find("does not parse"), std::string::npos);
  EXPECT_EQ(model_.prompts.size(), 3);
  // What is kept is in the file, nothing else is.
  EXPECT_NE(report.test_text.find("def test_good()"), std::string::npos);
  EXPECT_EQ(report.test_text.find("test_wrong"), std::string::npos);
  EXPECT_EQ(report.engine, "scripted+offline");
  EXPECT_EQ(report.mutants_killed + report.survivors.size(), report.mutants);
}

// What the model's first tests and those without a model leave is asked for once more, in the source's words.
TEST_F(TestAgent, WhatIsLeftIsAskedForOnceMore) {
  constexpr std::string_view kSealed =
      "import zlib\n\n\ndef seal(text: str) -> int:\n    if zlib.crc32(text.encode()) == "
      "3421780262:\n        return 7\n    return 0\n";
  const TestReport report =
      run_on("seal.py", kSealed,
             {block("def test_plain():\n    assert seal('a') == 0\n"),
              block("def test_sealed():\n    assert seal('123456789') == 7\n")});
  ASSERT_EQ(model_.prompts.size(), 2);
  EXPECT_NE(qwen_.decode(model_.prompts[1]).value_or("").find("`return 7` does not run"),
            std::string::npos);
  EXPECT_TRUE(kept(report, "test_sealed"));
  EXPECT_EQ(report.after.lines_reached, report.after.lines);
}

TEST_F(TestAgent, EachTestIsMeasuredByWhatItNoticesItself) {
  const TestReport report =
      run({block("def test_nothing():\n    assert price(5) == 15\n\n"
                 "def test_free():\n    assert price(20) == 54\n")});
  EXPECT_TRUE(kept(report, "test_nothing"));
  ASSERT_TRUE(kept(report, "test_free"));
  const auto free = std::ranges::find(report.tests, "test_free", &KeptTest::name);
  EXPECT_GT(free->killed, 0);
}

// Answers know nothing of each other: the same helper stands there once, another one of its name beside it.
TEST_F(TestAgent, HelpersOfTwoAnswersDoNotCollide) {
  constexpr std::string_view kTwo =
      "def price(count: int) -> int:\n    return 3 * count\n\n\n"
      "def label(name: str) -> str:\n    return name + \"-x\"\n";
  const std::string same = "def same():\n    return 1\n\n";
  const TestReport report =
      run_on("two.py", kTwo,
             {block(same + "def made():\n    return 10\n\ndef test_price():\n    assert "
                           "price(made()) == 30 * same()\n"),
              block(same + "def made():\n    return \"a\"\n\ndef test_label():\n    assert "
                           "label(made()) == \"a-x\" * same()\n")});
  EXPECT_TRUE(kept(report, "test_price"));
  EXPECT_TRUE(kept(report, "test_label")) << reason(report, "test_label");
  const auto count_of = [&](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = report.test_text.find(text, at)) != std::string::npos; ++at)
      ++count;
    return count;
  };
  EXPECT_EQ(count_of("def same()"), 1);
  EXPECT_EQ(count_of("def made()"), 1);
  EXPECT_EQ(count_of("def made_2()"), 1);
}

// Each prompt of a file begins like the one before it.
TEST_F(TestAgent, PromptsShareTheirBeginning) {
  model_.say(block("def test_wrong():\n    assert price(10) == 30\n"));
  TestWriter writer(rag_, model_, {.sampling = {}});
  std::string source;  // Of ordinary length.
  for (int i = 0; i < 12; ++i) source += std::string(kSource) + "\n\n";
  ASSERT_TRUE(writer.open("shop.py", source, {}));
  ASSERT_TRUE(make_tests(*toolchain_, mutants_, &writer, {}, {}, {}));
  ASSERT_EQ(model_.prompts.size(), 3);
  for (std::size_t i = 1; i < model_.prompts.size(); ++i) {
    const TokenIds& prompt = model_.prompts[i];
    const auto [here, before] = std::ranges::mismatch(prompt, model_.prompts[i - 1]);
    const auto shared = static_cast<std::size_t>(here - prompt.begin());
    std::cout << shared << " of " << prompt.size() << " tokens as in the prompt before\n";
    EXPECT_GT(shared * 100, prompt.size() * 85);
  }
}

// Of a long file as much as the model can read.
TEST_F(TestAgent, PromptsFitTheModel) {
  model_.read_at_most(4096);
  TestWriter writer(rag_, model_, {.max_answer_tokens = 256, .sampling = {}});
  std::string source;
  for (int i = 0; i < 200; ++i) source += std::string(kSource) + "\n\n";
  ASSERT_TRUE(writer.open("shop.py", source, {}));
  const auto tokens = writer.prompt_tokens(first_task(toolchain_->functions()[0], {}, {}));
  ASSERT_TRUE(tokens);
  EXPECT_LT(*tokens + 256, 4096);
  EXPECT_GT(*tokens, 1000);
}

TEST_F(TestAgent, AModelThatFailsCostsItsTestsOnly) {
  model_.answers.push_back({.ids = {}, .fails = true});
  TestWriter writer(rag_, model_, {.sampling = {}});
  ASSERT_TRUE(writer.open("shop.py", kSource, {}));
  const auto report = make_tests(*toolchain_, mutants_, &writer, {}, {}, {});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->tests.empty());
  EXPECT_EQ(report->engine, "offline");
  EXPECT_EQ(report->why_no_model, "the server went away");
}

TEST_F(TestAgent, BudgetsHold) {
  model_.say(block("def test_wrong():\n    assert price(10) == 30\n"));
  TestWriter writer(rag_, model_, {.max_calls = 1, .sampling = {}});
  ASSERT_TRUE(writer.open("shop.py", kSource, {}));
  const auto report = make_tests(*toolchain_, mutants_, &writer, {.tests_max = 2}, {}, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(model_.prompts.size(), 1);
  EXPECT_EQ(report->tests.size(), 2);
}

TEST_F(TestAgent, TheSameSeedGivesTheSameTests) {
  const TestReport one = run({});
  const TestReport same = run({});
  EXPECT_EQ(one.test_text, same.test_text);
  EXPECT_FALSE(one.test_text.empty());
  EXPECT_EQ(one.mutants_killed, one.mutants) << one.survivors.at(0);
}

TEST_F(TestAgent, AFunctionThatIsNotThere) {
  const auto report = make_tests(*toolchain_, mutants_, nullptr, {.function = "cost"}, {}, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::not_found);
  EXPECT_NE(report.error().message.find("cost"), std::string::npos);
}

}  // namespace
}  // namespace leyden::qa
