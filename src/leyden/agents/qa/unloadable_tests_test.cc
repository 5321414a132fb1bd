#include "leyden/agents/qa/unloadable_tests.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

struct Trials {
  std::set<std::size_t> bad;
  std::size_t count = 0;

  Result<std::map<std::size_t, std::string>> among(std::size_t all) {
    std::vector<std::size_t> tests(all);
    std::iota(tests.begin(), tests.end(), 0U);
    return unloadable_tests(tests, [&](std::span<const std::size_t> some) -> Result<std::string> {
      ++count;
      const bool loads =
          std::ranges::none_of(some, [&](std::size_t test) { return bad.contains(test); });
      return std::string(loads ? "" : "SyntaxError");
    });
  }
};

TEST(UnloadableTests, OneOfAHundredIsFound) {
  Trials trials{.bad = {63}};
  const auto found = trials.among(108);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::map<std::size_t, std::string>{{63, "SyntaxError"}}));
  EXPECT_LE(trials.count, 16);
}

TEST(UnloadableTests, SeveralAreFoundAndTheTrialsAreBounded) {
  Trials trials{.bad = {0, 1, 50}};
  EXPECT_EQ(trials.among(60)->size(), 3);
  Trials hopeless;
  for (std::size_t i = 0; i < 200; ++i) hopeless.bad.insert(i);
  EXPECT_EQ(hopeless.among(200)->size(), 200);
  EXPECT_LE(hopeless.count, 40);
  EXPECT_TRUE(Trials{}.among(1)->empty());
}

TEST(UnloadableTests, AnErrorOfTheTrialIsGivenOn) {
  const std::vector<std::size_t> tests{1, 2};
  const auto found =
      unloadable_tests(tests, [](std::span<const std::size_t>) -> Result<std::string> {
        return fail(Errc::cancelled, "interrupted");
      });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace leyden::qa
