#include "leyden/sql/database.h"

#include <fstream>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::sql {
namespace {

FileKind kind() {
  return {.application_id = 0x4C594454,
          .schema_version = 1,
          .schema = "CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
          .upgrades = {},
          .when_damaged = "make it anew",
          .when_absent = " is not there: make it"};
}

TEST(Database, KeepsWhatATransactionCommittedAndNothingElse) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "below" / "notes.db";
  auto database = Database::open(file, kind());
  ASSERT_TRUE(database) << database.error().message;
  {
    auto kept = Transaction::begin(*database);
    ASSERT_TRUE(kept);
    ASSERT_TRUE(Statement(*database, "INSERT INTO notes(text) VALUES(?)").bind("kept").run());
    ASSERT_TRUE(kept->commit());
    auto lost = Transaction::begin(*database);
    ASSERT_TRUE(lost);
    ASSERT_TRUE(Statement(*database, "INSERT INTO notes(text) VALUES(?)").bind("lost").run());
  }
  auto again = Database::open(file, kind(), OpenMode::existing);
  ASSERT_TRUE(again) << again.error().message;
  Statement all(*again, "SELECT text FROM notes");
  ASSERT_TRUE(all.step().value());
  EXPECT_EQ(all.text(0), "kept");
  EXPECT_FALSE(all.step().value());
}

TEST(Database, ManyMayMakeANewFileAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    std::latch all(4);
    std::vector<std::jthread> openers;
    for (int i = 0; i < 4; ++i) {
      openers.emplace_back([&] {
        all.arrive_and_wait();
        auto opened = Database::open(folder.path() / "notes.db", kind());
        EXPECT_TRUE(opened) << opened.error().message;
      });
    }
  }
}

TEST(Database, BringsAnOlderFileToItsVersion) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "notes.db";
  ASSERT_TRUE(Database::open(file, kind()));
  FileKind newer = kind();
  newer.schema_version = 3;
  newer.upgrades = {"ALTER TABLE notes ADD COLUMN a INTEGER;",
                    "ALTER TABLE notes ADD COLUMN b INTEGER;"};
  auto database = Database::open(file, newer);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_TRUE(Statement(*database, "SELECT a, b FROM notes").step());
  auto older = Database::open(file, kind());
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, Errc::unsupported);
}

TEST(Database, RefusesWhatIsNotThereDamagedOrForeign) {
  const TemporaryFolder folder;
  auto absent = Database::open(folder.path() / "absent.db", kind(), OpenMode::existing);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::not_found);
  EXPECT_TRUE(absent.error().message.ends_with(" is not there: make it"));

  const auto noise = folder.path() / "noise.db";
  std::ofstream(noise) << std::string(10'000, 'x');
  auto damaged = Database::open(noise, kind());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::corrupt);
  EXPECT_TRUE(damaged.error().message.ends_with(": make it anew")) << damaged.error().message;

  const auto foreign = folder.path() / "foreign.db";
  FileKind other = kind();
  other.application_id = 1;
  ASSERT_TRUE(Database::open(foreign, other));
  auto refused = Database::open(foreign, kind());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace leyden::sql
