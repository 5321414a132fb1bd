#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/prompt/session_ledger.h"

namespace leyden::prompt {
namespace {

// Every column of every row, byte by byte: a changed one is found, and never read as something else.
class DamagedLedger : public testing::Test {
 protected:
  void SetUp() override {
    auto ledger = SessionLedger::open(file_, clock_).value();
    Session session = ledger
                          ->create({.name = "talk",
                                    .tokenizer = Hasher().field("t").finish(),
                                    .tokenizer_name = "t",
                                    .vocabulary_size = 100'000,
                                    .model = "m",
                                    .chat_format = "chatml"})
                          .value();
    TokenIds ids = {1, 2, 3};
    for (int i = 0; i < 3; ++i) {
      const TokenIds response = {70'000, 5};
      Turn turn{.prompt = ids,
                .response = response,
                .end_inferred = true,
                .logprobs = {-1.5F},
                .question = "q",
                .answer = "a",
                .prompt_tokens = 3,
                .prompt_tokens_reused = 2,
                .reward = 0.5};
      session = ledger->append(session, turn).value();
      ids.insert(ids.end(), response.begin(), response.end());
      ids.push_back(6);
    }
    ids_ = ids;
    ids_.pop_back();
  }

  // Whether all of the session is read and right. False: it was refused as damaged.
  bool reads() {
    auto ledger = SessionLedger::open(file_, clock_).value();
    auto session = ledger->find("default", "talk");
    if (!session) {
      EXPECT_EQ(session.error().code, Errc::corrupt);
      return false;
    }
    if (!*session) return false;  // Its name was damaged: it is not found, and list() shows it.
    auto ids = ledger->ids_of(**session);
    if (!ids) {
      EXPECT_EQ(ids.error().code, Errc::corrupt) << ids.error().message;
      return false;
    }
    EXPECT_EQ(*ids, ids_);
    return true;
  }

  void execute(const std::string& sql) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(raw);
    sqlite3_close(raw);
  }

  const TemporaryFolder folder_{fast_folder()};
  const std::filesystem::path file_ = folder_.path() / "sessions.sqlite";
  ManualClock clock_;
  TokenIds ids_;
};

TEST_F(DamagedLedger, EveryByteOfEveryBlobIsChecked) {
  ASSERT_TRUE(reads());
  const std::string keep = read_file(file_).value();
  const auto blob_size = [&](const std::string& table, const std::string& column,
                             const std::string& where) {
    auto database = SessionLedger::open(file_, clock_).value();
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open(file_.c_str(), &raw), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "SELECT length(" + column + ") FROM " + table + " WHERE " + where;
    EXPECT_EQ(sqlite3_prepare_v2(raw, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const int size = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(raw);
    return size;
  };
  const auto try_each = [&](const std::string& table, const std::string& where,
                            const std::vector<std::string>& columns) {
    for (const std::string& column : columns) {
      const int size = blob_size(table, column, where);
      ASSERT_GT(size, 0) << column;
      for (int i = 0; i < size; ++i) {
        // One bit of byte i turned: hex digits are the only arithmetic on blobs that SQL has.
        const std::string hex = fmt::format("substr(hex({0}), {1}, 2)", column, 2 * i + 1);
        const std::string other =
            fmt::format("CASE WHEN {0} = '00' THEN x'01' ELSE x'00' END", hex);
        execute(
            fmt::format("UPDATE {0} SET {1} = CAST(substr({1}, 1, {2}) || ({3}) || substr({1}, "
                        "{4}) AS BLOB) WHERE {5}",
                        table, column, i, other, i + 2, where));
        EXPECT_FALSE(reads()) << table << '.' << column << " byte " << i;
        ASSERT_TRUE(write_file_atomically(file_, keep));
      }
      execute(fmt::format("UPDATE {0} SET {1} = substr({1}, 1, {2}) WHERE {3}", table, column,
                          size - 1, where));
      EXPECT_FALSE(reads()) << table << '.' << column << " cut";
      ASSERT_TRUE(write_file_atomically(file_, keep));
    }
  };
  try_each("turns", "number = 2",
           {"prompt", "response", "logprobs", "question", "answer", "turn_check", "reward_check"});
  try_each("sessions", "id = 1", {"tokenizer", "head", "row_check"});
}

TEST_F(DamagedLedger, EveryNumberAndNameIsChecked) {
  const std::string keep = read_file(file_).value();
  for (const char* change :
       {"UPDATE turns SET shared = 4 WHERE number = 2",
        "UPDATE turns SET shared = -1 WHERE number = 2",
        "UPDATE turns SET end_inferred = 0 WHERE number = 2",
        "UPDATE turns SET ended = 1 WHERE number = 2",
        "UPDATE turns SET prompt_tokens = 4 WHERE number = 3",
        "UPDATE turns SET reused = NULL WHERE number = 3",
        "UPDATE turns SET at_ms = at_ms + 1 WHERE number = 1",
        "UPDATE turns SET reward = 0.25 WHERE number = 1",
        "UPDATE turns SET reward = NULL WHERE number = 1",
        "DELETE FROM turns WHERE number = 1",
        "DELETE FROM turns WHERE number = 3",
        "UPDATE turns SET number = 9 WHERE number = 1; UPDATE turns SET number = 1 WHERE number = "
        "2; UPDATE turns SET number = 2 WHERE number = 9",
        "UPDATE sessions SET turns = 2",
        "UPDATE sessions SET ids = 1",
        "UPDATE sessions SET vocabulary = 65536",
        "UPDATE sessions SET reasoning = 1",
        "UPDATE sessions SET reasoning = 7",
        "UPDATE sessions SET model = 'n'",
        "UPDATE sessions SET chat_format = ''",
        "UPDATE sessions SET tokenizer_name = 'u'",
        "UPDATE sessions SET created_ms = 0",
        "UPDATE sessions SET updated_ms = 0",
        "UPDATE sessions SET tenant = 'other'",
        "UPDATE sessions SET name = 'tall'"}) {
    execute(change);
    EXPECT_FALSE(reads()) << change;
    ASSERT_TRUE(write_file_atomically(file_, keep));
  }
  EXPECT_TRUE(reads());
}

TEST_F(DamagedLedger, IsListedAndCanBeErasedAndTheOthersStay) {
  {
    auto ledger = SessionLedger::open(file_, clock_).value();
    ASSERT_TRUE(ledger->create({.name = "other",
                                .tokenizer = {},
                                .tokenizer_name = {},
                                .vocabulary_size = 9,
                                .model = {},
                                .chat_format = {}}));
  }
  execute("UPDATE sessions SET model = 'n' WHERE name = 'talk'");
  auto ledger = SessionLedger::open(file_, clock_).value();
  const std::vector<Session> sessions = ledger->list({}).value();
  for (const Session& session : sessions) EXPECT_EQ(session.damaged, session.facts.name == "talk");
  EXPECT_EQ(ledger->find("default", "talk").error().code, Errc::corrupt);
  EXPECT_TRUE(ledger->erase("default", "talk"));
  EXPECT_EQ(ledger->list({}).value().size(), 1U);
}

TEST_F(DamagedLedger, WhatWasErasedIsInNoByteOfTheFiles) {
  auto ledger = SessionLedger::open(file_, clock_).value();
  Session session = ledger
                        ->create({.name = "secret",
                                  .tokenizer = {},
                                  .tokenizer_name = {},
                                  .vocabulary_size = 9,
                                  .model = {},
                                  .chat_format = {}})
                        .value();
  const TokenIds ids = {1};
  ASSERT_TRUE(ledger->append(session, {.prompt = ids,
                                       .response = ids,
                                       .logprobs = {},
                                       .question = "where the gold is",
                                       .answer = {}}));
  const auto occurs = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (read_file(entry.path()).value().contains("where the gold is")) return true;
    }
    return false;
  };
  EXPECT_TRUE(occurs());
  ASSERT_TRUE(ledger->erase("default", "secret"));
  EXPECT_FALSE(occurs());
}

}  // namespace
}  // namespace leyden::prompt
