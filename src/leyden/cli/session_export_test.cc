#include "leyden/cli/session_export.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::cli {
namespace {

using nlohmann::json;

// Turn 2 goes on from turn 1 and was cut; turn 3 lacks a part of turn 2.
class SessionExport : public testing::Test {
 protected:
  SessionExport() {
    session_ = ledger_
                   ->create({.name = "talk",
                             .tokenizer_name = "t",
                             .vocabulary_size = 100,
                             .model = "m",
                             .chat_format = "chatml"})
                   .value();
    append({1, 2}, {3, 9}, true, {-0.5F});
    append({1, 2, 3, 9, 4}, {5, 6}, false, {});
    append({1, 2, 3, 9, 4, 6, 9, 7}, {9}, true, {});
    EXPECT_TRUE(ledger_->set_reward(session_, 1, -2.5));
  }
  void append(const TokenIds& prompt, const TokenIds& response, bool end_inferred,
              std::vector<float> logprobs) {
    session_ = ledger_
                   ->append(session_,
                            {.prompt = prompt,
                             .response = response,
                             .end_inferred = end_inferred,
                             .logprobs = std::move(logprobs),
                             .question = "q",
                             .answer = "\xFF",
                             .end = end_inferred ? prompt::TurnEnd::stop : prompt::TurnEnd::length})
                   .value();
  }
  std::vector<json> lines(bool whole) {
    std::vector<json> out;
    EXPECT_TRUE(
        export_session(*ledger_, session_, whole, [&](std::string_view line) -> Result<bool> {
          out.push_back(json::parse(line));
          return true;
        }));
    return out;
  }

  const TemporaryFolder folder_{fast_folder()};
  ManualClock clock_;
  std::unique_ptr<prompt::SessionLedger> ledger_ =
      prompt::SessionLedger::open(folder_.path() / "sessions.sqlite", clock_).value();
  prompt::Session session_;
};

TEST_F(SessionExport, GivesEachTurnWithItsMask) {
  const auto turns = lines(false);
  ASSERT_EQ(turns.size(), 3U);
  EXPECT_EQ(turns[0]["prompt_ids"], json({1, 2}));
  EXPECT_EQ(turns[0]["response_ids"], json({3, 9}));
  EXPECT_EQ(turns[0]["loss_mask"], json({0, 0, 1, 1}));
  EXPECT_EQ(turns[0]["logprobs"], json({-0.5, nullptr}));
  EXPECT_EQ(turns[0]["reward"], -2.5);
  EXPECT_EQ(turns[0]["finish"], "stop");
  EXPECT_EQ(turns[0]["answer"], "\uFFFD");
  EXPECT_EQ(turns[1]["logprobs"], nullptr);
  EXPECT_EQ(turns[1]["reward"], nullptr);
  EXPECT_EQ(turns[1]["finish"], "length");
}

TEST_F(SessionExport, JoinsTurnsAsFarAsTheyGoOnFromTheExactIds) {
  const auto runs = lines(true);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0]["turns"], json({1, 2}));
  EXPECT_EQ(runs[0]["ids"], json({1, 2, 3, 9, 4, 5, 6}));
  EXPECT_EQ(runs[0]["loss_mask"], json({0, 0, 1, 1, 0, 1, 1}));
  EXPECT_EQ(runs[0]["logprobs"],
            json({nullptr, nullptr, -0.5, nullptr, nullptr, nullptr, nullptr}));
  EXPECT_EQ(runs[0]["rewards"], json({-2.5, nullptr}));
  EXPECT_EQ(runs[1]["turns"], json::array({3}));
  EXPECT_EQ(runs[1]["ids"], json({1, 2, 3, 9, 4, 6, 9, 7, 9}));
  EXPECT_EQ(runs[1]["loss_mask"], json({0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST_F(SessionExport, AFileIsThereWholeOrNotAtAll) {
  const auto file = folder_.path() / "out.jsonl";
  folder_.write("out.jsonl", "before");
  {
    auto out = ExportOutput::open(file.string()).value();
    EXPECT_TRUE(out.write("half").value());
  }
  EXPECT_EQ(read_file(file).value(), "before");
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".partial"));
  auto out = ExportOutput::open(file.string()).value();
  EXPECT_TRUE(out.write("all").value());
  EXPECT_TRUE(out.finish());
  EXPECT_EQ(read_file(file).value(), "all");
}

}  // namespace
}  // namespace leyden::cli
