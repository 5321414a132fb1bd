#include "leyden/cli/stats_board.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "leyden/base/files.h"

namespace leyden::cli {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class StatsBoardTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "leyden-board-XXXXXX").string();
    parent_ = ::mkdtemp(pattern.data());
    folder_ = parent_ / "stats";
  }
  void TearDown() override { fs::remove_all(parent_); }

  static BoardEntry entry(std::uint64_t misses) {
    BoardEntry out;
    for (auto* counts :
         {&out.counts.all, out.counts.agents.of("ask"), out.counts.tenants.of("acme")}) {
      counts->misses = misses;
      for (std::uint64_t i = 0; i < misses; ++i) counts->miss_latency.record(3ms);
    }
    out.store_state = "on";
    out.store_crossover_bytes = 4096;
    return out;
  }
  // In a process of its own, so that it has ended.
  void count_elsewhere(std::uint64_t misses) {
    const pid_t child = ::fork();
    if (child == 0) {
      {
        StatsBoard board(folder_, "ask", [&] { return entry(misses); });
      }
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }

  fs::path parent_;
  fs::path folder_;
};

TEST_F(StatsBoardTest, ProcessesAddUpAndAreSummedUpWhenThereAreMany) {
  EXPECT_EQ(StatsBoard::read(folder_)->processes, 0U);
  std::uint64_t total = 0;
  for (std::uint64_t i = 1; i <= 150; ++i) {
    count_elsewhere(i);
    total += i;
  }
  EXPECT_LT(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 70);
  auto board = StatsBoard::read(folder_);
  ASSERT_TRUE(board);
  EXPECT_EQ(board->processes, 150U);
  EXPECT_EQ(board->counts.all.misses, total);
  EXPECT_EQ(board->counts.all.miss_latency.summary().count, total);
  EXPECT_EQ(board->counts.agents.all().front().counts.misses, total);
  EXPECT_EQ(board->counts.tenants.all().front().name, "acme");
  EXPECT_TRUE(board->running.empty());
  EXPECT_EQ(board->costs->store_crossover_bytes, 4096U);
  EXPECT_FALSE(board->costs->encode_us_per_kib);
  EXPECT_GT(board->since_s, 0);
  ASSERT_TRUE(StatsBoard::reset(folder_));
  EXPECT_EQ(StatsBoard::read(folder_)->processes, 0U);
}

TEST_F(StatsBoardTest, ARunningProcessIsShownWhileItRuns) {
  {
    StatsBoard silent(folder_, "index", [] { return BoardEntry{}; });
  }
  EXPECT_FALSE(fs::exists(folder_));  // Nothing to tell.
  {
    StatsBoard board(folder_, "ask", [] { return entry(7); });
  }
  auto board = StatsBoard::read(folder_);
  ASSERT_TRUE(board);
  ASSERT_EQ(board->running.size(), 1U);  // This test.
  EXPECT_EQ(board->running[0].command, "ask");
  EXPECT_EQ(board->running[0].pid, ::getpid());
  EXPECT_EQ(board->counts.all.misses, 7U);
  ASSERT_TRUE(StatsBoard::reset(folder_));
  EXPECT_EQ(StatsBoard::read(folder_)->processes, 1U);
}

TEST_F(StatsBoardTest, DamagedFilesArePassedOver) {
  count_elsewhere(3);
  for (const char* content : {"", "{", "[1,2]", "{\"command\": 3}", "\xff\xfe", "null"}) {
    static int number = 0;
    std::ofstream(folder_ / fmt::format("{}-1.json", ++number)) << content;
    std::ofstream(folder_ / "ended.json") << content;
    auto board = StatsBoard::read(folder_);
    ASSERT_TRUE(board) << content;
    EXPECT_EQ(board->counts.all.misses, 3U) << content;
  }
}

TEST_F(StatsBoardTest, AFolderThatCanNotBeWrittenIsNoFailure) {
  std::ofstream(folder_) << "a file";
  {
    StatsBoard board(folder_, "ask", [] { return entry(7); });
  }
}

}  // namespace
}  // namespace leyden::cli
