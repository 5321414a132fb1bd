// Rust with a real compiler and the real sandbox.
#include "leyden/agents/qa/rust/rust_toolchain.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/qa/testing/killers_of.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

class RustAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
  }

  Result<std::unique_ptr<Toolchain>> open(const std::string& name, std::string_view text) {
    folder_.write(name, text);
    return open_rust(*sandbox_, folder_.path() / name, {}, {});
  }

  const TemporaryFolder folder_{fast_folder()};
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

TEST_F(RustAgent, TestsFunctionsMethodsErrorsAndPanicsOfACrate) {
  folder_.write("Cargo.toml", "[package]\nname = \"shop\"\nedition = \"2021\"\n");
  folder_.write("tests/own.rs", "#[test]\nfn one() { assert_eq!(shop::price(&[1]), 3); }\n");
  auto toolchain = open("src/lib.rs", R"(
pub struct Cart { counts: Vec<u32> }

impl Cart {
    pub fn new() -> Self { Cart { counts: Vec::new() } }

    pub fn add(&mut self, count: u32) -> Result<usize, String> {
        if count == 0 {
            return Err("nothing to add".to_string());
        }
        self.counts.push(count);
        Ok(self.counts.len())
    }
}

pub fn price(counts: &[u32]) -> u32 {
    counts.iter().map(|count| {
        if *count > 1000 {
            panic!("too many");
        }
        3 * count
    }).sum()
}
)");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto report = make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 3}, {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->before.lines_reached, 0u);
  EXPECT_EQ(report->after.lines_reached, report->after.lines);
  EXPECT_EQ(report->after.branches_reached, report->after.branches);
  EXPECT_GT(report->mutants_killed * 4, report->mutants * 3);
  EXPECT_NE(report->test_text.find("Err(\"nothing to add\".to_string())"), std::string::npos);
  EXPECT_NE(report->test_text.find("#[should_panic(expected = \"too many\")]"), std::string::npos);
  EXPECT_EQ((*toolchain)->test_path(), "tests/shop_test.rs");
}

TEST_F(RustAgent, GoesOnBehindEndlessLoopsAndAStackThatIsUsedUp) {
  auto toolchain = open("steps.rs", R"(
pub fn steps(n: i64) -> i64 {
    if n == 2 {
        loop {}
    }
    if n == 3 {
        return steps(n) + 1;
    }
    n + 1
}
)");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  std::vector<Input> inputs;
  for (const std::int64_t n : {2, 3, 5})
    inputs.push_back({.construction = {}, .steps = {{.function = 0, .arguments = {Value::of(n)}}}});
  const auto explored = (*toolchain)->explore(inputs, {}, {});
  ASSERT_TRUE(explored) << explored.error().message;
  EXPECT_EQ(explored->timed_out, 1u);
  const auto observed = (*toolchain)->observe(inputs, {});
  ASSERT_TRUE(observed);
  EXPECT_EQ(observed->at(1).outcome, Observation::Outcome::broken);
  EXPECT_EQ(observed->at(2).text, R"([["","equal","6"]])");
}

TEST_F(RustAgent, SaysOfDrawnTextsOfWhichLettersTheyAre) {
  auto toolchain = open("robot.rs", R"(
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

pub struct Robot { name: String }

fn drawn() -> String {
    let mut dice = RandomState::new().build_hasher().finish();
    let mut name = String::new();
    for (first, count) in [('A', 26), ('A', 26), ('0', 10), ('0', 10), ('0', 10)] {
        name.push((first as u8 + (dice % count) as u8) as char);
        dice /= count;
    }
    name
}

impl Robot {
    pub fn new() -> Robot { Robot { name: drawn() } }
    pub fn name(&self) -> &str { &self.name }
    pub fn same_dice(&self) -> u64 { RandomState::new().build_hasher().finish() }
}
)");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto report = make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 3}, {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(report->test_text.find("name()), \"AA000\");"), std::string::npos) << report->test_text;
  EXPECT_EQ(report->test_text.find("same_dice"), std::string::npos);
  EXPECT_GT(report->mutants_killed, 0u);
}

TEST_F(RustAgent, JudgesTheTestsOfAModel) {
  auto toolchain = open("half.rs", "pub fn half(n: i32) -> i32 {\n    n / 2\n}\n");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto judged = [&](const std::string& answer) {
    const auto tests = (*toolchain)->read_tests(answer);
    EXPECT_TRUE(tests);
    const auto out = (*toolchain)->judge(tests->front(), {});
    EXPECT_TRUE(out);
    return *out;
  };
  const std::string answer =
      "use half::half;\n#[test]\nfn nothing() { assert_eq!(half(0), 0); }\n"
      "#[test]\nfn halves() { assert_eq!(half(10), 5); }\n";
  const Judgement good = judged(answer);
  EXPECT_TRUE(good.good) << good.reason;
  EXPECT_FALSE(good.arcs.empty());
  const auto tests = (*toolchain)->read_tests(answer);
  const auto killers = killers_of(**toolchain, *mutants, *tests);
  ASSERT_TRUE(killers);
  EXPECT_TRUE(std::ranges::find(*killers, std::optional<std::size_t>(1)) != killers->end());
  const Judgement wrong = judged("#[test]\nfn halves() { assert_eq!(half(10), 6); }\n");
  EXPECT_FALSE(wrong.good);
  EXPECT_NE(wrong.reason.find("right: 6"), std::string::npos) << wrong.reason;
  const Judgement broken = judged("#[test]\nfn halves() { nothing(); }\n");
  EXPECT_FALSE(broken.good);
  EXPECT_NE(broken.reason.find("nothing"), std::string::npos) << broken.reason;
}

TEST_F(RustAgent, SaysWhatIsMissing) {
  const auto broken = open("f.rs", "pub fn f(a: i32) -> i32 { nothing }\n");
  ASSERT_FALSE(broken);
  if (broken.error().code == Errc::unsupported) GTEST_SKIP() << broken.error().message;
  EXPECT_EQ(broken.error().code, Errc::unavailable);
  EXPECT_NE(broken.error().message.find("nothing"), std::string::npos);
  const auto hidden = open("f.rs", "fn f(a: i32) -> i32 { a }\n");
  ASSERT_FALSE(hidden);
  EXPECT_EQ(hidden.error().code, Errc::invalid_argument);
  EXPECT_NE(hidden.error().message.find("not public"), std::string::npos);
}

}  // namespace
}  // namespace leyden::qa
