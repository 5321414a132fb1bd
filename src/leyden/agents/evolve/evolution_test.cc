// Whole runs without a model, in the real sandbox.
#include "leyden/agents/evolve/evolution.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::evolve {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kBowl = R"(
import json, re
text = open("program.py").read()
exec(compile(text, "program.py", "exec"))
score = 0 - (A - 3) ** 2 - (B + 2) ** 2
print(json.dumps({"score": score, "passed": True}))
)";
constexpr std::string_view kBowlStart = "A = 1.0\nB = 5.0\n";

class EvolutionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // A killed run leaves its copies there.
    std::filesystem::permissions(scratch_.path(), std::filesystem::perms(0711));
    ::setenv("TMPDIR", scratch_.path().c_str(), 1);  // NOLINT(concurrency-mt-unsafe): alone
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
    write(kBowlStart, kBowl);
  }
  void TearDown() override { ::unsetenv("TMPDIR"); }  // NOLINT(concurrency-mt-unsafe): alone

  void write(std::string_view start, std::string_view judge) {
    start_ = start;
    project_.write("program.py", start);
    project_.write("judge.py", judge);
  }

  Result<EvolutionReport> run(const std::string& journal_name, const EvolutionOptions& options,
                              const EvaluatorOptions& changes = {},
                              const std::function<void(const EvolutionProgress&)>& hear = {},
                              std::stop_token stop = {}, ChildWriter* writer = nullptr) {
    EvaluatorOptions evaluation = changes;
    evaluation.project = project_.path();
    evaluation.program = "program.py";
    evaluation.judge = judge_;
    evaluation.timeout = 20s;
    auto evaluator = Evaluator::open(*sandbox_, evaluation, {});
    if (!evaluator) return std::unexpected(evaluator.error());
    auto journal = Journal::open(runs_.path() / journal_name);
    if (!journal) return std::unexpected(journal.error());
    return evolve(**evaluator, *journal, start_, syntax::Language::python, writer, options, hear,
                  stop);
  }

  TemporaryFolder scratch_;
  TemporaryFolder project_;
  TemporaryFolder runs_{fast_folder()};
  std::string start_;
  std::string judge_ = "python3 judge.py";
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

TEST_F(EvolutionTest, TunesNumbersUntilTheTarget) {
  auto report = run("a.db", {.target = -0.05, .candidates_max = 400, .workers = 2});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->end, RunEnd::target_met);
  EXPECT_TRUE(report->met(-0.05, Goal::max));
  EXPECT_TRUE(report->gained(Goal::max));
  EXPECT_GE(*report->best()->evaluation->score(), -0.05);
  EXPECT_FALSE(report->met(1, Goal::max));  // 0 is the best that there is.
}

constexpr std::string_view kRepairJudge = R"(
import json, traceback
wrong = []
try:
    import program
    for n in range(12):
        if program.middle(list(range(n))) != (n - 1) // 2:
            wrong.append(n)
    note = "wrong for %s; program.py:4" % wrong
except Exception:
    wrong, note = list(range(12)), traceback.format_exc()
print(json.dumps({"score": 12 - len(wrong), "passed": not wrong, "artifacts": note}))
)";

TEST_F(EvolutionTest, MendsAProgramThatFails) {
  write("def middle(items):\n    low = 0\n    high = len(items)\n    return (low + high) // 2\n",
        kRepairJudge);
  auto report = run("a.db", {.target = 12, .candidates_max = 200, .workers = 2});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->end, RunEnd::target_met);
  ASSERT_TRUE(report->best());
  EXPECT_TRUE(report->gained(Goal::max)) << "what passes is better than what does not";
  EXPECT_FALSE(report->start().evaluation->score());
}

TEST_F(EvolutionTest, NoGainIsNone) {
  write("A = 3.0\nB = -2.0\n", kBowl);
  auto report = run("a.db", {.target = 1, .candidates_max = 20, .workers = 2});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->end, RunEnd::candidates);
  EXPECT_FALSE(report->gained(Goal::max));
  EXPECT_FALSE(report->met(1, Goal::max));
  EXPECT_EQ(report->best(), &report->start());
}

// The bandit holds dear what it knows nothing of: an operator that can make no child here must not keep the others from it.
TEST_F(EvolutionTest, AnOperatorThatMakesNothingEndsNoRun) {
  write("NAME = 'a text of some length'\n",
        "import json\nexec(open('program.py').read())\n"
        "print(json.dumps({'score': len(NAME), 'passed': len(NAME) > 20}))\n");
  auto report = run("a.db", {.candidates_max = 60, .workers = 2});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->end, RunEnd::candidates);
}

// The same seed gives the same archive, however many work on it.
TEST_F(EvolutionTest, WorkersDontShow) {
  std::optional<Digest> first;
  for (const std::size_t workers : {1, 2, 8}) {
    auto report = run("w" + std::to_string(workers), {.candidates_max = 40, .workers = workers});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->state.trajectories().size(), 41);
    if (!first) first = report->state.digest();
    EXPECT_EQ(report->state.digest(), *first) << workers << " workers";
  }
  auto other = run("other", {.candidates_max = 40, .workers = 2, .seed = 2});
  ASSERT_TRUE(other);
  EXPECT_NE(other->state.digest(), *first);
}

TEST_F(EvolutionTest, AStoppedRunIsAReportAndGoesOn) {
  std::stop_source source;
  auto stopped = run(
      "a.db", {.candidates_max = 30, .workers = 2}, {},
      [&](const EvolutionProgress& progress) {
        if (progress.finished >= 12) source.request_stop();
      },
      source.get_token());
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ(stopped->end, RunEnd::interrupted);
  auto resumed = run("a.db", {.candidates_max = 30, .workers = 2});
  auto unbroken = run("b.db", {.candidates_max = 30, .workers = 2});
  ASSERT_TRUE(resumed && unbroken);
  EXPECT_EQ(resumed->state.digest(), unbroken->state.digest());
}

TEST_F(EvolutionTest, BudgetsHold) {
  auto evaluations = run("a.db", {.candidates_max = 100, .evaluations_max = 13, .workers = 2});
  ASSERT_TRUE(evaluations);
  EXPECT_EQ(evaluations->end, RunEnd::evaluations);
  EXPECT_EQ(evaluations->state.evaluations(), 13);
  const auto started = std::chrono::steady_clock::now();
  auto time = run("b.db", {.candidates_max = 100'000, .time_max = 1500ms, .workers = 2});
  ASSERT_TRUE(time) << time.error().message;
  EXPECT_EQ(time->end, RunEnd::time);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 6s);
}

TEST_F(EvolutionTest, AChangedEvaluatorMakesOldScoresVoid) {
  auto first = run("a.db", {.candidates_max = 30, .workers = 2});
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->gained(Goal::max));
  std::string judge(kBowl);
  judge.replace(judge.find("A - 3"), 5, "A - 9");
  write(kBowlStart, judge);
  auto second = run("a.db", {.candidates_max = 30, .workers = 2});
  ASSERT_TRUE(second) << second.error().message;
  const auto& all = second->state.trajectories();
  EXPECT_EQ(*all[0].evaluation->score(), -113);
  EXPECT_FALSE(all[1].made_by) << "programs that were good are measured anew";
  for (const Trajectory& one : all) EXPECT_LE(one.evaluation->score().value_or(-1), 0);
}

// Halves the distance to what is right, and sometimes talks only. What it answers follows from what it is asked.
class ScriptedWriter final : public ChildWriter {
 public:
  Result<WrittenChild> write(Operator which, const Trajectory& parent, const Trajectory*,
                             const std::vector<std::string>&, std::stop_token) override {
    ++calls;
    WrittenChild out{.code = {},
                     .reasoning = "half of the way",
                     .spent = {.tokens = 100, .calls = 1, .cost = 0.25}};
    if (parent.number % 5 == 4) return out;
    const double a = 3 + (std::strtod(parent.code.c_str() + 4, nullptr) - 3) / 2;
    out.code = "A = " + std::to_string(a) + "\nB = -2.0  # " + std::string(to_string(which)) + "\n";
    return out;
  }
  std::size_t calls = 0;
};

TEST_F(EvolutionTest, WithAModelWorkersDontShowAndTokensAreBounded) {
  std::optional<Digest> first;
  for (const std::size_t workers : {1, 8}) {
    ScriptedWriter writer;
    auto report = run("m" + std::to_string(workers),
                      {.candidates_max = 40, .spending = {.tokens = 1500}, .workers = workers}, {},
                      {}, {}, &writer);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_GE(writer.calls, 5);
    EXPECT_LE(writer.calls * 100, 1500);
    EXPECT_EQ(report->state.spent().tokens, writer.calls * 100);
    EXPECT_GT(*report->best()->evaluation->score(), -4);
    if (!first) first = report->state.digest();
    EXPECT_EQ(report->state.digest(), *first) << workers << " workers";
  }
}

TEST_F(EvolutionTest, SpendingIsPassedByOneAnswerAtMost) {
  const std::pair<SpendingLimits, std::size_t> cases[] = {
      {{.tokens = 950}, 10}, {{.calls = 7}, 7}, {{.cost = 2.1}, 9}};
  int number = 0;
  for (const auto& [limits, answers] : cases) {
    const std::string name = "s" + std::to_string(number++);
    ScriptedWriter writer;
    auto report =
        run(name, {.candidates_max = 40, .spending = limits, .workers = 2}, {}, {}, {}, &writer);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(writer.calls, answers);
    EXPECT_EQ(report->state.spent().calls, answers);
    EXPECT_EQ(report->state.spent().cost, 0.25 * static_cast<double>(answers));
    // What was spent before counts when the run is gone on with.
    auto more =
        run(name, {.candidates_max = 60, .spending = limits, .workers = 2}, {}, {}, {}, &writer);
    ASSERT_TRUE(more) << more.error().message;
    EXPECT_EQ(more->state.trajectories().size(), 61);
    EXPECT_EQ(writer.calls, answers);
  }
}

TEST_F(EvolutionTest, ASecondProblemStartsClean) {
  const EvolutionOptions options{.candidates_max = 24, .workers = 2};
  auto alone = run("alone", options);
  write("A = 8.0\nB = 0.5\nC = 2\n", kBowl);
  auto other = run("other", options);
  write(kBowlStart, kBowl);
  auto after = run("after", options);
  ASSERT_TRUE(alone && other && after);
  EXPECT_NE(other->state.digest(), alone->state.digest());
  EXPECT_EQ(after->state.digest(), alone->state.digest());
}

// Without modules: many runs are to be made.
constexpr std::string_view kQuickJudge = R"(
exec(compile(open("program.py").read(), "program.py", "exec"))
print('{"score": %r, "passed": true}' % (0 - (A - 3) ** 2 - (B + 2) ** 2))
)";

// At any moment, between and within answers, evaluations and generations. LEYDEN_EVOLVE_KILLS=200 for the whole proof.
TEST_F(EvolutionTest, WhatWasKilledGoesOnAsIfNothingHadBeen) {
  const char* wish = std::getenv("LEYDEN_EVOLVE_KILLS");
  const int kills = wish != nullptr ? std::atoi(wish) : 4;
  write(kBowlStart, kQuickJudge);
  judge_ = "python3 -S -E judge.py";
  const EvolutionOptions options{.candidates_max = 30, .spending = {.calls = 12}, .workers = 2};
  const auto started = std::chrono::steady_clock::now();
  ScriptedWriter writer;
  auto unbroken = run("unbroken", options, {}, {}, {}, &writer);
  ASSERT_TRUE(unbroken) << unbroken.error().message;
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  Random random(17);
  int same = 0;
  for (int i = 0; i < kills; ++i) {
    const std::string name = "killed" + std::to_string(i);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      (void)run(name, options, {}, {}, {}, &writer);
      ::_exit(0);
    }
    std::this_thread::sleep_for(whole * random.uniform());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    auto resumed = run(name, options, {}, {}, {}, &writer);
    ASSERT_TRUE(resumed) << resumed.error().message;
    const Spent& spent = resumed->state.spent();
    const Spent& wanted = unbroken->state.spent();
    const bool equal = resumed->state.digest() == unbroken->state.digest() &&
                       resumed->state.evaluations() == unbroken->state.evaluations() &&
                       spent.tokens == wanted.tokens && spent.calls == wanted.calls &&
                       spent.cost == wanted.cost;
    EXPECT_TRUE(equal) << "kill " << i;
    same += equal ? 1 : 0;
  }
  std::printf("%d of %d runs that were killed are as the unbroken one (%lld ms)\n", same, kills,
              static_cast<long long>(whole.count()));
}

// Dies in the middle of a generation, when it has been asked so often.
class MortalWriter final : public ChildWriter {
 public:
  explicit MortalWriter(std::size_t answers) : answers_(answers) {}
  Result<WrittenChild> write(Operator which, const Trajectory& parent, const Trajectory* other,
                             const std::vector<std::string>& lessons,
                             std::stop_token stop) override {
    if (script_.calls == answers_) ::_exit(0);
    return script_.write(which, parent, other, lessons, stop);
  }

 private:
  std::size_t answers_;
  ScriptedWriter script_;
};

TEST_F(EvolutionTest, AnswersArePaidForOnce) {
  const EvolutionOptions options{.candidates_max = 24, .workers = 2};
  ScriptedWriter all;
  auto unbroken = run("unbroken", options, {}, {}, {}, &all);
  ASSERT_TRUE(unbroken) << unbroken.error().message;
  ASSERT_GE(all.calls, 7);
  for (const std::size_t answers : {std::size_t{1}, std::size_t{4}, all.calls - 1}) {
    const std::string name = "died" + std::to_string(answers);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      MortalWriter writer(answers);
      (void)run(name, options, {}, {}, {}, &writer);
      ::_exit(1);
    }
    ::waitpid(child, nullptr, 0);
    ScriptedWriter rest;
    auto resumed = run(name, options, {}, {}, {}, &rest);
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_EQ(rest.calls, all.calls - answers);
    EXPECT_EQ(resumed->state.digest(), unbroken->state.digest());
    EXPECT_EQ(resumed->state.spent().tokens, unbroken->state.spent().tokens);
  }
}

}  // namespace
}  // namespace leyden::evolve
