// C++ with a real compiler, real GoogleTest and the real sandbox.
#include "leyden/agents/qa/cpp/cpp_toolchain.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/cpp/sanitizer_finding.h"
#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/qa/testing/killers_of.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

class CppAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
  }

  Result<TestReport> run(const std::string& name, std::string_view text) {
    folder_.write("shop/" + name, text);
    auto toolchain = open_cpp(*sandbox_, folder_.path() / "shop" / name, {}, {});
    if (!toolchain) return std::unexpected(toolchain.error());
    auto mutants = (*toolchain)->mutants(20);
    if (!mutants) return std::unexpected(mutants.error());
    return make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 3}, {}, {});
  }

  const TemporaryFolder folder_{fast_folder()};
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

TEST_F(CppAgent, TestsASourceByItsHeader) {
  folder_.write("shop/price.h", "#include <vector>\nint price(const std::vector<int>& counts);\n");
  const auto report = run("price.cc", R"(#include "price.h"
#include <stdexcept>
static int one(int count) { return count > 9 ? 2 * count : 3 * count; }
int price(const std::vector<int>& counts) {
  int sum = 0;
  for (const int count : counts) {
    if (count < 0 || count > 1000) throw std::invalid_argument("count");
    sum += one(count);
  }
  return sum;
}
)");
  if (!report && report.error().code == Errc::unsupported) GTEST_SKIP() << report.error().message;
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GE(report->tests.size(), 2u);
  EXPECT_EQ(report->after.lines_reached, report->after.lines);
  EXPECT_EQ(report->after.branches_reached, report->after.branches);
  EXPECT_TRUE(report->suspected.empty());
  EXPECT_NE(report->test_text.find("std::invalid_argument"), std::string::npos);
  EXPECT_EQ(report->test_text.find("one("), std::string::npos);
  EXPECT_GT(report->mutants_killed * 4, report->mutants * 3);
}

TEST_F(CppAgent, TellsUndefinedBehaviourAndHoldsItInNoTest) {
  const auto report = run("last.h", R"(#pragma once
#include <vector>
inline int last(const std::vector<int>& numbers) { return numbers[numbers.size() - 1]; }
)");
  if (!report && report.error().code == Errc::unsupported) GTEST_SKIP() << report.error().message;
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->suspected.size(), 1u);
  EXPECT_NE(report->suspected[0].what.find("undefined behaviour"), std::string::npos);
  EXPECT_EQ(report->test_text.find("last(std::vector<int>{})"), std::string::npos);
  EXPECT_FALSE(report->tests.empty());
}

// What may not be asked in the state that it is in is not asked, and costs nothing else.
TEST_F(CppAgent, AsksAnObjectForWhatItMayBeAsked) {
  const auto report = run("pile.h", R"(#pragma once
#include <algorithm>
#include <cstdlib>
#include <vector>
class Pile {
 public:
  void put(int card) { cards_.insert(cards_.begin(), card); }
  bool has(int card) const { return std::find(cards_.begin(), cards_.end(), card) != cards_.end(); }
  int top() const { return cards_[cards_.size() - 1]; }
 private:
  std::vector<int> cards_;
};
inline int lot(int most) { return std::rand() % most; }
)");
  if (!report && report.error().code == Errc::unsupported) GTEST_SKIP() << report.error().message;
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->after.lines_reached, report->after.lines);
  EXPECT_NE(report->test_text.find("EXPECT_TRUE(object.has("), std::string::npos);
  EXPECT_NE(report->test_text.find("EXPECT_EQ(object.top(), "), std::string::npos);
  EXPECT_NE(report->test_text.find("EXPECT_NO_THROW(static_cast<void>(lot("), std::string::npos);
}

TEST_F(CppAgent, SaysWhatDoesNotCompile) {
  const auto report = run("broken.h", "inline int f(int a) { return a + nothing; }\n");
  ASSERT_FALSE(report);
  if (report.error().code == Errc::unsupported) GTEST_SKIP() << report.error().message;
  EXPECT_EQ(report.error().code, Errc::unavailable);
  EXPECT_NE(report.error().message.find("nothing"), std::string::npos);
}

constexpr std::string_view kBounded = R"(#pragma once
inline int bounded(int value) {
  if (value > 100) return 100;
  return value;
}
)";

TEST_F(CppAgent, JudgesWhatAModelWrites) {
  folder_.write("shop/bounded.h", kBounded);
  auto toolchain = open_cpp(*sandbox_, folder_.path() / "shop/bounded.h", {}, {});
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto tests = (*toolchain)
                         ->read_tests(
                             "```cpp\n#include <string>\nstatic const int kMost = 100;\n"
                             "TEST(Bounded, IsBounded) { EXPECT_EQ(bounded(150), kMost); }\n"
                             "TEST(Bounded, IsWrong) { EXPECT_EQ(bounded(1), 2); }\n"
                             "TEST(Bounded, IsBroken) { EXPECT_EQ(unbounded(1), 2); }\n```\n");
  ASSERT_TRUE(tests);
  ASSERT_EQ(tests->size(), 3u);
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto good = (*toolchain)->judge(tests->at(0), {});
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_TRUE(good->good) << good->reason;
  const auto killers = killers_of(**toolchain, *mutants, std::span(*tests).first(1));
  ASSERT_TRUE(killers);
  const auto noticed = std::ranges::count(*killers, std::optional<std::size_t>(0));
  EXPECT_GT(noticed, 0);
  EXPECT_LT(noticed, std::ssize(*mutants));
  EXPECT_FALSE(killers_of(**toolchain, *mutants, std::span(*tests).first(2)))
      << "one does not pass";
  EXPECT_FALSE(killers_of(**toolchain, *mutants, *tests)) << "one does not compile";
  EXPECT_TRUE(good->arcs.contains({3, 3}));
  EXPECT_FALSE(good->arcs.contains({4, 4}));
  const auto wrong = (*toolchain)->judge(tests->at(1), {});
  ASSERT_TRUE(wrong);
  EXPECT_FALSE(wrong->good);
  EXPECT_NE(wrong->reason.find("bounded(1)"), std::string::npos);
  const auto broken = (*toolchain)->judge(tests->at(2), {});
  ASSERT_TRUE(broken);
  EXPECT_NE(broken->reason.find("unbounded"), std::string::npos);
}

TEST_F(CppAgent, LooksAtTheProjectsOwnTests) {
  folder_.write("shop/bounded.h", kBounded);
  folder_.write("shop/CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.20)
project(shop CXX)
enable_testing()
add_executable(own own.cc)
add_test(NAME own COMMAND own)
)");
  folder_.write("shop/own.cc",
                "#include \"bounded.h\"\nint main() { return bounded(5) == 5 ? 0 : 1; }\n");
  auto toolchain = open_cpp(*sandbox_, folder_.path() / "shop/bounded.h", {}, {});
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto runs = (*toolchain)->run_project({}, {});
  ASSERT_TRUE(runs) << runs.error().message;
  ASSERT_TRUE(runs->tests.contains("own")) << runs->trouble;
  EXPECT_EQ(runs->tests.at("own").passed, 1u);
  EXPECT_TRUE(runs->reached.contains({4, 4}));
}

TEST(SanitizerFinding, TellsWhatAndWhere) {
  const auto found = sanitizer_finding(
      "/project/a.cc:12:3: runtime error: signed integer overflow: 1 + 2147483647\n", "a.cc");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->line, 12u);
  EXPECT_TRUE(found->by_size);
  EXPECT_FALSE(sanitizer_finding("ERROR: AddressSanitizer: allocator is out of memory", "a.cc"));
  EXPECT_FALSE(sanitizer_finding("terminate called", "a.cc"));
}

}  // namespace
}  // namespace leyden::qa
