#include "leyden/llm/recorded_model.h"

#include <fstream>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/testing/scripted_model.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::llm {
namespace {

class RecordedAnswers : public ::testing::Test {
 protected:
  std::unique_ptr<AnswerRecord> open(AnswerRecord::Mode mode) {
    auto record = AnswerRecord::open(file_, mode);
    EXPECT_TRUE(record) << record.error().message;
    return record ? *std::move(record) : nullptr;
  }
  Result<std::string> ask(ModelServer& server, std::string_view prompt) {
    auto answer = generate_blocking(
        server, {.prompt = qwen_.encode(prompt), .documents = {TokenRange{}}}, {}, {});
    if (!answer) return std::unexpected(answer.error());
    return answer->text;
  }
  std::string text() { return read_file(file_).value(); }

  const tokenizer::Tokenizer& qwen_ = tokenizer::test_tokenizer("tokenizers/qwen2.5.json");
  const TemporaryFolder folder_{fast_folder()};
  const std::filesystem::path file_ = folder_.path() / "answers.jsonl";
  testing::ScriptedModel model_{qwen_};
};

TEST_F(RecordedAnswers, AreGivenAgainWithoutTheModelAndInTheirOrder) {
  model_.say("one");
  model_.say("two");
  model_.say("three");
  {
    auto record = open(AnswerRecord::Mode::fresh);
    RecordedModel recorded(*record, &model_);
    EXPECT_EQ(ask(recorded, "a"), "one");
    EXPECT_EQ(ask(recorded, "a"), "two");
    EXPECT_EQ(ask(recorded, "b"), "three");
  }
  auto record = open(AnswerRecord::Mode::replay);
  RecordedModel replayed(*record, nullptr);
  EXPECT_EQ(replayed.info().name, "scripted");
  EXPECT_EQ(ask(replayed, "b"), "three");
  EXPECT_EQ(ask(replayed, "a"), "one");
  EXPECT_EQ(ask(replayed, "a"), "two");
  const auto more = ask(replayed, "a");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Errc::not_found);
  EXPECT_EQ(model_.prompts.size(), 3);
}

TEST_F(RecordedAnswers, AreGoneOnWithBehindACrash) {
  model_.say("one");
  model_.say("two");
  {
    auto record = open(AnswerRecord::Mode::resume);
    RecordedModel recorded(*record, &model_);
    EXPECT_EQ(ask(recorded, "a"), "one");
  }
  const std::string whole = text();
  {  // In the middle of the second answer's line.
    std::ofstream file(file_, std::ios::app);
    file << R"({"asked":"00)";
  }
  {
    auto record = open(AnswerRecord::Mode::resume);
    EXPECT_EQ(text(), whole);
    RecordedModel recorded(*record, &model_);
    EXPECT_EQ(ask(recorded, "a"), "one");
    EXPECT_EQ(ask(recorded, "b"), "two");
  }
  EXPECT_EQ(model_.prompts.size(), 2);
  auto record = open(AnswerRecord::Mode::replay);
  RecordedModel replayed(*record, nullptr);
  EXPECT_EQ(ask(replayed, "b"), "two");
}

TEST_F(RecordedAnswers, HoldAPromptOnlyWhereThatIsWanted) {
  model_.say("one");
  auto record = open(AnswerRecord::Mode::fresh);
  RecordedModel without(*record, &model_);
  EXPECT_TRUE(ask(without, "a secret question"));
  EXPECT_EQ(text().find("secret"), std::string::npos);
  RecordedModel with(*record, &model_,
                     [&](TokenIdsView ids) { return qwen_.decode(ids).value_or(""); });
  EXPECT_TRUE(ask(with, "a secret question, again"));
  EXPECT_NE(text().find("a secret question, again"), std::string::npos);
}

TEST_F(RecordedAnswers, FailuresAreNotWrittenDown) {
  model_.answers.push_back({.ids = {}, .fails = true});
  model_.say("one");
  auto record = open(AnswerRecord::Mode::fresh);
  RecordedModel recorded(*record, &model_);
  EXPECT_FALSE(ask(recorded, "a"));
  EXPECT_EQ(ask(recorded, "a"), "one");
}

TEST_F(RecordedAnswers, OtherFilesAreRefused) {
  folder_.write("answers.jsonl", "{\"a\": 1}\n");
  EXPECT_FALSE(AnswerRecord::open(file_, AnswerRecord::Mode::fresh));
  EXPECT_FALSE(AnswerRecord::open(file_, AnswerRecord::Mode::resume));
  EXPECT_FALSE(AnswerRecord::open(folder_.path() / "none", AnswerRecord::Mode::replay));
}

}  // namespace
}  // namespace leyden::llm
