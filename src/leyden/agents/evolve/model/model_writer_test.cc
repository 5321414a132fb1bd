#include "leyden/agents/evolve/model/model_writer.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/evolve/model/operator_choice.h"
#include "leyden/agents/evolve/selection/scenarios.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/llm/testing/scripted_model.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::evolve {
namespace {

constexpr std::string_view kParent = "def f(a):\n    return a + 1\n";

TEST(ProgramIn, TakesBlocksOrTheWholeProgram) {
  EXPECT_EQ(program_in("I add two.\n<<<<<<< SEARCH\n    return a + 1\n=======\n    return a + "
                       "2\n>>>>>>> REPLACE\n",
                       kParent),
            "def f(a):\n    return a + 2\n");
  EXPECT_EQ(program_in("Why.\n```python\nx = 1\n```\n", kParent), "x = 1\n");
  EXPECT_FALSE(program_in("I would rather not.", kParent));
}

// An empty search, one that fits nowhere or in two places, and a block without an end change nothing.
TEST(ProgramIn, RefusesBlocksThatDontFit) {
  for (const char* block :
       {"<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n",
        "<<<<<<< SEARCH\nabsent\n=======\nx\n>>>>>>> REPLACE\n",
        "<<<<<<< SEARCH\na=======\nx\n>>>>>>> REPLACE\n", "<<<<<<< SEARCH\n    return a + 1\n",
        "<<<<<<< SEARCH\n    return a + 1\n=======\nx\n"})
    EXPECT_FALSE(program_in(block, kParent)) << block;
}

class ModelWriterTest : public ::testing::Test {
 protected:
  static Trajectory parent(std::string_view evidence) {
    Trajectory out{.code = std::string(kParent)};
    out.evaluation =
        Evaluation{.status = Status::failed, .reason = "exit 1", .evidence = std::string(evidence)};
    return out;
  }
  static ModelWriterOptions options() {
    return {.language = syntax::Language::python,
            .file = "f.py",
            .task = "# Task\n\nMake f right.\n",
            .price_in = 1e6,  // One a token.
            .price_out = 1e6,
            .sampling = {}};
  }

  const tokenizer::Tokenizer& qwen_ = tokenizer::test_tokenizer("tokenizers/qwen2.5.json");
  const TemporaryFolder folder_{fast_folder()};
  SystemClock clock_;
  std::unique_ptr<retrieval::Index> index_ =
      retrieval::open_sqlite_index({.file = folder_.path() / "index.sqlite"}).value();
  std::unique_ptr<cache::MemoryTier> memory_ = cache::MemoryTier::make({}, clock_).value();
  cache::TokenCache cache_{*memory_, nullptr, clock_};
  rag::TokenCachedRag rag_{*index_, cache_, qwen_, clock_,
                           rag::RagOptions{.secret = {},
                                           .system_prompt = evolve_system_prompt(),
                                           .sent = nullptr,
                                           .degraded_reason = {}}};
  llm::testing::ScriptedModel model_{qwen_};
};

TEST_F(ModelWriterTest, PromptsOfSiblingsShareTheirBeginning) {
  model_.say("More.\n```python\ndef f(a):\n    return a + 2\n```\n");
  ModelWriter writer(rag_, model_, options());
  ASSERT_TRUE(writer.open({}));
  const Trajectory one = parent("boom at line 2");
  for (const Operator which : {Operator::revision, Operator::mutation, Operator::refinement}) {
    auto child = writer.write(which, one, nullptr, {"a lesson"}, {});
    ASSERT_TRUE(child) << child.error().message;
    EXPECT_EQ(child->code, "def f(a):\n    return a + 2\n");
    EXPECT_EQ(child->reasoning, "More.");
    EXPECT_GT(child->spent.tokens, 500);
    EXPECT_DOUBLE_EQ(child->spent.cost, static_cast<double>(child->spent.tokens));
  }
  ASSERT_EQ(model_.prompts.size(), 3);
  for (std::size_t i = 1; i < 3; ++i) {
    const TokenIds& prompt = model_.prompts[i];
    const auto shared =
        static_cast<double>(std::mismatch(prompt.begin(), prompt.end(), model_.prompts[0].begin(),
                                          model_.prompts[0].end())
                                .first -
                            prompt.begin());
    EXPECT_GT(shared / static_cast<double>(prompt.size()), 0.7);
    const std::string text = qwen_.decode(prompt).value();
    EXPECT_LT(text.find("Make f right."), text.find("return a + 1"));
    EXPECT_LT(text.find("return a + 1"), text.find("boom at line 2")) << "history stands last";
  }
  EXPECT_EQ(writer.counts().calls, 3);
  // The parent is tokenized for the first of three, what stands before it once for all.
  const std::uint64_t cached = writer.counts().context_tokens_cached;
  EXPECT_GT(cached, 0);
  EXPECT_EQ(cached % 2, 0);
  EXPECT_LT(writer.counts().context_tokens + cached, model_.prompts[0].size() * 2);
}

// An answer that does not parse or that touches what is closed is no child, but what it took is counted.
TEST_F(ModelWriterTest, BadAnswersCostAndGiveNothing) {
  ModelWriter writer(rag_, model_, options());
  ASSERT_TRUE(writer.open({}));
  for (const char* answer : {"No.", "```python\ndef f(a:\n    return\n```\n"}) {
    model_.answers.clear();
    model_.say(answer);
    auto child = writer.write(Operator::mutation, parent(""), nullptr, {}, {});
    ASSERT_TRUE(child);
    EXPECT_FALSE(child->code) << answer;
    EXPECT_GT(child->spent.tokens, 100);
  }
  Trajectory marked = parent("");
  marked.code = "LIMIT = 1\n# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n";
  model_.answers.clear();
  model_.say("```python\nLIMIT = 9\n# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n```\n");
  EXPECT_FALSE(writer.write(Operator::mutation, marked, nullptr, {}, {})->code);
}

TEST_F(ModelWriterTest, OperatorsAreSelectedByScenario) {
  auto first = select_operators(
      rag_, qwen_, {.scenario = "fix the bug in the parser", .count = 3, .runs = {}}, {});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->scenario, "repair");
  ASSERT_EQ(first->selected.size(), 3);
  EXPECT_EQ(first->selected.front().which, Operator::revision);
  EXPECT_FALSE(first->cache_hit);
  EXPECT_FALSE(first->fallback);
  EXPECT_GT(first->pattern_tokens, 100);
  EXPECT_EQ(first->total_tokens, first->pattern_tokens + first->context_tokens);
  auto second = select_operators(rag_, qwen_, {.scenario = "repair", .count = 3, .runs = {}}, {});
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->cache_hit);
  auto other = select_operators(rag_, qwen_, {.scenario = "xyzzy", .runs = {}}, {});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->fallback);
  EXPECT_EQ(other->selected.size(), kOperators);
  EXPECT_FALSE(select_operators(rag_, qwen_, {.scenario = "", .runs = {}}, {}));
  EXPECT_FALSE(select_operators(rag_, qwen_, {.scenario = "x", .count = 0, .runs = {}}, {}));
}

TEST(Scenarios, WhatRunsMeasuredMovesThePriors) {
  const Scenario& general = *scenario_for("general").scenario;
  OperatorGains gains;
  const std::vector<double> repair = priors_for(*scenario_for("repair").scenario, gains);
  EXPECT_EQ(repair[kOperators], 4 * repair[0])
      << "what a task wants is seldom met by chance: a model is asked first";
  for (const double prior : priors_for(general, gains)) EXPECT_EQ(prior, 1);
  for (std::size_t i = 0; i < kOperators; ++i) gains.pulls[i] = 900;
  gains.gained[2] = 90;
  const std::vector<double> moved = priors_for(general, gains);
  EXPECT_NEAR(moved[2], 0.1 + 0.9 * 5, 1e-9);
  EXPECT_NEAR(moved[0], 0.1, 1e-9);
  EXPECT_EQ(moved[kOperators], 1) << "the model's forms were not tried";
}

}  // namespace
}  // namespace leyden::evolve
