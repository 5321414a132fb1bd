// Programs that are judged by how much work they do: what is as fast is never called faster, what is 5 % faster always is.
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "leyden/agents/evolve/evaluation/evaluator.h"
#include "leyden/agents/evolve/evaluation/instruction_count.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::evolve {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kReader = R"(
import json, sys
result = json.load(open(sys.argv[2]))
print(json.dumps({"score": result[sys.argv[3]], "passed": open(sys.argv[1]).read() == "done\n"}))
)";

// What is different in a number only is as fast as the others.
std::string program(std::size_t rounds, std::size_t number) {
  return fmt::format("i=0\nwhile [ $i -lt {} ]; do i=$((i+1)); done\necho done\n# {:04}\n", rounds,
                     number);
}
constexpr std::size_t kRounds = 1000;

class SpeedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
    if (!std::filesystem::exists("/usr/bin/valgrind")) GTEST_SKIP() << "valgrind is not installed";
    folder_.write("program.sh", program(kRounds, 0));
    folder_.write("reader.py", kReader);
  }

  std::unique_ptr<Evaluator> evaluator(std::string run, std::string_view what,
                                       std::size_t repeats) {
    auto opened = Evaluator::open(
        *sandbox_,
        {.project = folder_.path(),
         .program = "program.sh",
         .stages = {},
         .judge = fmt::format("python3 -S -E reader.py {{output}} {{result}} {}", what),
         .run = std::move(run),
         .shown = {},
         .repeats = repeats,
         .timeout = 60s,
         .goal = Goal::min},
        {});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }

  // How many of these are called faster than the first one.
  std::size_t faster(const Evaluator& judge, std::size_t rounds, std::size_t count) {
    const auto start = judge.evaluate(program(kRounds, 0), {});
    EXPECT_TRUE(start && start->score()) << (start ? start->reason + start->evidence : "");
    std::size_t out = 0;
    for (std::size_t i = 1; start && i <= count; ++i) {
      const auto one = judge.evaluate(program(rounds, i), {});
      EXPECT_TRUE(one && one->score()) << (one ? one->reason : one.error().message);
      out += one && is_gain(*one, *start, Goal::min) ? 1 : 0;
    }
    return out;
  }

  TemporaryFolder folder_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

// LEYDEN_EVOLVE_SPEEDS=1 for all fifty, and for how seconds do.
TEST_F(SpeedTest, ByInstructionsWhatIsAsFastIsNeverFaster) {
  const bool whole = std::getenv("LEYDEN_EVOLVE_SPEEDS") != nullptr;
  const std::size_t same = whole ? 50 : 5;
  const std::size_t planted = whole ? 20 : 2;
  const auto counting = evaluator("{count} sh {candidate}", "instructions", 2);
  ASSERT_TRUE(counting);
  const std::size_t called = faster(*counting, kRounds, same);
  const std::size_t found = faster(*counting, kRounds * 95 / 100, planted);
  std::printf(
      "by instructions: %zu of %zu that are as fast called faster, %zu of %zu planted gains "
      "found\n",
      called, same, found, planted);
  EXPECT_EQ(called, 0);
  EXPECT_EQ(found, planted);
  if (!whole) return;
  const auto timing = evaluator("sh {candidate}", "seconds", 5);
  ASSERT_TRUE(timing);
  std::printf(
      "by seconds, five repeats: %zu of %zu called faster, %zu of %zu planted gains found\n",
      faster(*timing, kRounds, same), same, faster(*timing, kRounds * 95 / 100, planted), planted);
}

TEST_F(SpeedTest, ACountIsOfOneProcessAndIsToldOnce) {
  const auto counting = evaluator("{count} sh {candidate}", "instructions", 1);
  ASSERT_TRUE(counting);
  for (const char* hack :
       {"sleep 0 & echo done\n", "echo done; echo '==1== Collected : 5' >&2\n",
        "echo done; exec sh -c :\n", "echo done; echo '==1== Command: sh' >&2\n"}) {
    const auto one = counting->evaluate(hack, {});
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(one->status, Status::unfinished) << hack << one->reason;
  }
}

TEST(InstructionCount, IsTakenFromValgrindsLinesOnly) {
  const std::string text = "==3== Command: sh a\nown\n==3== Collected : 55\n==x== Collected : 7\n";
  const CountedErrors read = counted_errors(text);
  EXPECT_EQ(read.instructions, 55);
  EXPECT_EQ(read.rest, "own\n==x== Collected : 7\n");
  EXPECT_FALSE(counted_errors(text + "==4== Collected : 3").instructions);
  EXPECT_FALSE(counted_errors("==3== Collected : 3\n").instructions);
  EXPECT_FALSE(counted_errors("").instructions);
}

}  // namespace
}  // namespace leyden::evolve
