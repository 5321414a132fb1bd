#include "leyden/cli/evolve_plan.h"

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::cli {
namespace {

TEST(EvolvePlan, IsKeptWhole) {
  EvolvePlan plan{.project = "/p",
                  .program = "a b.py",
                  .start = "x = 0.1\n",
                  .judge = "judge \"{candidate}\"",
                  .stages = {"cheap"},
                  .shown = {"data"},
                  .repeats = 5,
                  .timeout_s = 0.25,
                  .goal = "min",
                  .target = 1.0 / 3,
                  .priors = {0.1, 2.5},
                  .operators = {"revision", "mutation"}};
  auto read = EvolvePlan::of_json(plan.json());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->json(), plan.json());
  EXPECT_EQ(read->target, 1.0 / 3);
  EXPECT_EQ(read->evaluator().goal, evolve::Goal::min);
  EXPECT_EQ(read->evaluator().timeout.count(), 250);
  EXPECT_EQ(EvolvePlan::of_json("{}").error().code, Errc::corrupt);
  EXPECT_EQ(EvolvePlan::of_json("").error().code, Errc::corrupt);
}

TEST(EvolvePlan, RunsAreFoundByNameAndTheLast) {
  const TemporaryFolder folder;
  const auto runs = runs_folder(folder.path());
  EXPECT_EQ(find_run_folder(runs, "last").error().code, Errc::not_found);
  auto first = make_run_folder(runs);
  auto second = make_run_folder(runs);
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  folder.write(std::filesystem::relative(*first / "evolve.db", folder.path()).string(), "");
  EXPECT_EQ(find_run_folder(runs, "last").value(), *first);
  EXPECT_EQ(find_run_folder(runs, first->filename().string()).value(), *first);
  EXPECT_EQ(find_run_folder(runs, "none").error().code, Errc::not_found);
}

}  // namespace
}  // namespace leyden::cli
