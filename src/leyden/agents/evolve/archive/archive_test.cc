#include "leyden/agents/evolve/archive/archive.h"

#include <gtest/gtest.h>

#include "leyden/agents/evolve/archive/journal.h"
#include "leyden/agents/evolve/selection/parents.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::evolve {
namespace {

Trajectory candidate(std::size_t number, std::string code, double score, std::size_t island = 0) {
  Trajectory out{
      .number = number, .island = island, .code = std::move(code), .made_by = Operator::mutation};
  out.digest = digest_of_code(out.code);
  out.evaluation = Evaluation{.status = Status::measured, .samples = {score}};
  return out;
}

const std::string kStart = "def f(a, b):\n    return a + b\n";

TEST(Archive, ACellKeepsItsBest) {
  Archive archive({.islands = 1}, kStart);
  archive.add(candidate(0, kStart, 1));
  archive.add(candidate(1, kStart, 3));
  archive.add(candidate(2, kStart, 2));
  ASSERT_EQ(archive.size(), 1);
  EXPECT_EQ(archive.elites(0).front().number, 1);
  archive.add(candidate(3, kStart + kStart + kStart, 0));
  ASSERT_EQ(archive.size(), 2) << "another size is another cell";
  EXPECT_EQ(archive.elites(0).back().number, 3);
}

TEST(Archive, ASlowProgramDoesNotDriveOutAFastOne) {
  Archive archive({.islands = 1}, kStart);
  Trajectory slow = candidate(1, kStart, 3);
  slow.evaluation->limit_share = 0.9;
  archive.add(candidate(0, kStart, 2));
  archive.add(slow);
  ASSERT_EQ(archive.size(), 2);
  EXPECT_EQ(archive.elites(0).front().number, 1);
  EXPECT_TRUE(archive.elites(0).front().is_slow);
  // And has few children: they take the time of many.
  Random random(1);
  std::size_t of_slow = 0;
  for (int i = 0; i < 500; ++i)
    of_slow += choose_parents(Operator::refinement, archive, 0, random)->first == 1 ? 1 : 0;
  EXPECT_GT(of_slow, 10);
  EXPECT_LT(of_slow, 150);
}

TEST(Archive, HasAHardCap) {
  Archive archive({.islands = 3, .capacity = 7}, kStart);
  for (std::size_t i = 0; i < 200; ++i) {
    archive.add(candidate(i, std::string(10 + i * 3 % 150, 'x') + " y " + std::to_string(i),
                          static_cast<double>(i % 50), i % 3));
    ASSERT_LE(archive.size(), 7);
  }
  EXPECT_EQ(archive.elites(49 % 3).empty(), false);
}

TEST(Archive, FailuresAreKeptByHowNearTheyCame) {
  Archive archive({.islands = 1, .failures_kept = 3, .goal = Goal::min}, kStart);
  for (std::size_t i = 0; i < 10; ++i) {
    Trajectory failed = candidate(i, kStart, 0);
    failed.evaluation = Evaluation{.status = Status::not_passed, .told = static_cast<double>(i)};
    if (i == 9) failed.evaluation->told.reset();
    archive.add(failed);
  }
  const auto failures = archive.failures(0);
  ASSERT_EQ(failures.size(), 3);
  EXPECT_EQ(failures.front().number, 0);
  EXPECT_TRUE(archive.elites(0).empty());
}

TEST(Archive, TheBestMigrate) {
  Archive archive({.islands = 2, .migration_every = 1}, kStart);
  archive.add(candidate(0, kStart, 5, 0));
  archive.end_generation(0);
  ASSERT_EQ(archive.elites(1).size(), 1);
  EXPECT_EQ(archive.elites(1).front().number, 0);
}

TEST(Journal, KeepsAllAndForgetsNothingButOtherEvaluators) {
  const TemporaryFolder folder;
  const Digest first = digest_of_code("one");
  const Digest second = digest_of_code("two");
  Trajectory one = candidate(0, kStart, 0.1);
  one.evaluation->evidence = std::string(100'000, 'e') + "\xff";
  one.evaluation->metrics = {{"a", 1.0 / 3}};
  Trajectory two = candidate(1, std::string(300'000, 'c'), -1e-300);
  two.parents = {0};
  two.by_model = true;
  two.spent = {.tokens = 77, .calls = 2, .cost = 0.1};
  two.reasoning = "why not";
  {
    auto journal = Journal::open(folder.path() / "evolve.db");
    ASSERT_TRUE(journal) << journal.error().message;
    ASSERT_TRUE(journal->set("seed", "7"));
    ASSERT_TRUE(journal->add(first, {one, two}));
    ASSERT_TRUE(journal->finish(first, 0, *one.evaluation));
  }
  auto journal = Journal::open_existing(folder.path() / "evolve.db");
  ASSERT_TRUE(journal);
  auto loaded = journal->load(first);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->size(), 2);
  EXPECT_EQ((*loaded)[0].evaluation->samples, one.evaluation->samples);
  EXPECT_EQ((*loaded)[0].evaluation->metrics, one.evaluation->metrics);
  EXPECT_EQ((*loaded)[0].evaluation->evidence.size(), 100'003) << "the stray byte is U+FFFD";
  EXPECT_FALSE((*loaded)[1].evaluation);
  EXPECT_EQ((*loaded)[1].code, two.code);
  EXPECT_EQ((*loaded)[1].parents, two.parents);
  EXPECT_EQ((*loaded)[1].made_by, two.made_by);
  EXPECT_EQ((*loaded)[1].spent.tokens, 77);
  EXPECT_EQ((*loaded)[1].spent.cost, 0.1);
  EXPECT_TRUE((*loaded)[1].by_model);
  EXPECT_EQ(journal->settings()->at("seed"), "7");
  EXPECT_TRUE(journal->load(second)->empty());
  EXPECT_EQ(journal->codes_of_others(second).value(), std::vector<std::string>{kStart});
  EXPECT_FALSE(Journal::open_existing(folder.path() / "absent.db"));
}

}  // namespace
}  // namespace leyden::evolve
