// Judges and candidates in the real sandbox: what candidates try, and that no fitness comes of it.
#include "leyden/agents/evolve/evaluation/evaluator.h"

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::evolve {
namespace {

using namespace std::chrono_literals;

// Imports the candidate: simple, and as open as that.
constexpr std::string_view kImporting = R"(
import json, sys
sys.path.insert(0, ".")
import program
wrong = [n for n in range(20) if program.f(n) != n * n]
print(json.dumps({"score": 20 - len(wrong), "passed": not wrong, "artifacts": {"wrong": wrong}}))
)";

// Sees only what the candidate wrote.
constexpr std::string_view kReading = R"(
import json, sys
told = open(sys.argv[1]).read().split()
wrong = sum(1 for n in range(20) if n >= len(told) or told[n] != str(n * n))
print(json.dumps({"score": 20 - wrong, "passed": wrong == 0 and len(told) == 20}))
)";
constexpr std::string_view kDriver = R"(
import sys
sys.path.insert(0, "/candidate")
import program
print(*[program.f(n) for n in range(20)])
)";
constexpr std::string_view kGood = "def f(n):\n    return n * n\n";

class EvaluatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
    folder_.write("program.py", kGood);
    folder_.write("judge.py", kImporting);
    folder_.write("reader.py", kReading);
    folder_.write("driver.py", kDriver);
    folder_.write("answers.txt", "secret");
  }

  EvaluatorOptions importing() const {
    return {.project = folder_.path(),
            .program = "program.py",
            .stages = {},
            .judge = "python3 judge.py",
            .run = {},
            .shown = {},
            .timeout = 5s};
  }
  EvaluatorOptions apart() const {
    EvaluatorOptions out = importing();
    out.judge = "python3 reader.py {output}";
    out.run = "python3 driver.py";
    out.shown = {"driver.py"};
    return out;
  }
  Evaluation evaluate(EvaluatorOptions options, std::string_view code) {
    auto evaluator = Evaluator::open(*sandbox_, std::move(options), {});
    EXPECT_TRUE(evaluator) << evaluator.error().message;
    if (!evaluator) return {};
    auto done = (*evaluator)->evaluate(code, {});
    EXPECT_TRUE(done) << done.error().message;
    return done.value_or(Evaluation());
  }
  Digest digest(EvaluatorOptions options) {
    auto evaluator = Evaluator::open(*sandbox_, std::move(options), {});
    EXPECT_TRUE(evaluator);
    return (*evaluator)->digest();
  }

  TemporaryFolder folder_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

TEST_F(EvaluatorTest, MeasuresBothWays) {
  for (const EvaluatorOptions& options : {importing(), apart()}) {
    const Evaluation good = evaluate(options, kGood);
    EXPECT_EQ(good.score(), 20) << good.reason << good.evidence;
    const Evaluation wrong = evaluate(options, "def f(n):\n    return n + n\n");
    EXPECT_EQ(wrong.status, Status::not_passed) << wrong.reason;
    EXPECT_EQ(wrong.told, 2);
    EXPECT_FALSE(wrong.score());
  }
}

TEST_F(EvaluatorTest, SlownessIsOfTheTimeLimit) {
  EvaluatorOptions options = importing();
  options.timeout = 30s;
  EXPECT_FALSE(is_slow(evaluate(options, kGood)));
  options.timeout = 3s;
  EXPECT_TRUE(is_slow(evaluate(
      options, "import time\nwhile time.process_time() < 1: pass\n" + std::string(kGood))));
  options.timeout = 500ms;
  const Evaluation endless = evaluate(options, "while True: pass\n");
  EXPECT_EQ(endless.limit_share, 1);
}

TEST_F(EvaluatorTest, StagesComeFirstAndEndIt) {
  EvaluatorOptions options = importing();
  options.stages = {
      "python3 -c \"import ast; ast.parse(open('{candidate}').read()); "
      "print('{\\\"score\\\": 5, \\\"passed\\\": true}')\""};
  options.repeats = 3;
  const Evaluation good = evaluate(options, kGood);
  EXPECT_EQ(good.samples, (std::vector<double>{20, 20, 20})) << good.reason << good.evidence;
  EXPECT_EQ(good.runs, 4);
  const Evaluation broken = evaluate(options, "def f(n:\n");
  EXPECT_EQ(broken.status, Status::failed);
  EXPECT_EQ(broken.runs, 1);
  EXPECT_NE(broken.evidence.find("SyntaxError"), std::string::npos) << broken.evidence;
}

TEST_F(EvaluatorTest, AnotherEvaluatorIsAnother) {
  const Digest first = digest(importing());
  EXPECT_EQ(first, digest(importing()));
  folder_.write("program.py", "def f(n):\n    return 0\n");
  EXPECT_EQ(first, digest(importing()));
  folder_.write("answers.txt", "others");
  EXPECT_NE(first, digest(importing()));
  EvaluatorOptions options = importing();
  const Digest second = digest(options);
  options.judge += " --strict";
  EXPECT_NE(second, digest(options));
}

TEST_F(EvaluatorTest, RefusesWhatCantBe) {
  EvaluatorOptions options = importing();
  options.program = "../program.py";
  EXPECT_EQ(Evaluator::open(*sandbox_, options, {}).error().code, Errc::invalid_argument);
  options.program = "absent.py";
  EXPECT_EQ(Evaluator::open(*sandbox_, options, {}).error().code, Errc::not_found);
  options = importing();
  options.judge = "python3 judge.py {output}";
  EXPECT_EQ(Evaluator::open(*sandbox_, options, {}).error().code, Errc::invalid_argument);
}

struct Hostile {
  std::string name;
  std::string code;
  Status status;
};

// What a candidate does to a judge that imports it, and what is seen of it.
const std::vector<Hostile>& hostile() {
  static const std::vector<Hostile> all = {
      {"hangs", "while True: pass\n", Status::timed_out},
      {"sleeps", "import time\ntime.sleep(60)\n", Status::timed_out},
      {"ignores_sigterm",
       "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)\n",
       Status::timed_out},
      {"leaves_a_daemon",
       "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nos._exit(3)\n",
       Status::failed},
      {"kills_itself", "import os\nos.kill(os.getpid(), 11)\n", Status::crashed},
      {"kills_all", "import os\nos.kill(-1, 9)\ndef f(n): return 0\n", Status::crashed},
      {"takes_memory", "x = bytearray(1 << 31)\nx[::4096] = b'1' * len(x[::4096])\n",
       Status::failed},
      {"fills_output", "import sys\nwhile True: sys.stdout.write('x' * 65536)\n",
       Status::timed_out},
      {"exits_early", "import os\nos._exit(0)\n", Status::unreadable},
      {"exits_early_in_python", "import sys\nsys.exit(0)\n", Status::unreadable},
      {"overwrites_the_judge", "open('judge.py', 'w').write('print(1)')\ndef f(n): return n * n\n",
       Status::failed},
      {"removes_the_judge", "import os\nos.remove('judge.py')\n", Status::failed},
      {"asks_the_network", "import socket\nsocket.create_connection(('192.0.2.1', 80), 3)\n",
       Status::failed},
      {"prints_a_verdict_first",
       "print('{\"score\": 1000, \"passed\": true}')\ndef f(n): return 0\n", Status::unreadable},
      {"prints_a_verdict_last",
       "import atexit\natexit.register(lambda: print('{\"score\": 1000, \"passed\": true}'))\n"
       "def f(n): return 0\n",
       Status::unreadable},
      {"writes_to_the_judges_parent",
       "import os\nopen('/proc/%d/fd/1' % os.getppid(), 'w').write('{\"score\": 1000, "
       "\"passed\": true}\\n')\ndef f(n): return 0\n",
       Status::failed},
      {"bombs_with_forks", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
       Status::timed_out},
      {"bombs_with_threads",
       "import threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, "
       "args=(60,)).start()\n    except RuntimeError: pass\n",
       Status::timed_out},
      {"fills_the_disk",
       "import os\nf = open(os.environ['TMPDIR'] + '/big', 'wb')\nwhile True: f.write(bytes(1 << "
       "20)); "
       "f.flush()\n",
       Status::failed},
      {"waits_for_input", "import sys\nsys.exit(len(sys.stdin.read()) + 3)\n", Status::failed},
      {"climbs_out_by_a_link",
       "import os\nos.symlink('/proc/1/root', os.environ['TMPDIR'] + '/out')\n"
       "open(os.environ['TMPDIR'] + '/out/etc/shadow').read()\n",
       Status::failed},
      {"traces_its_parent",
       "import ctypes, os\nr = ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)\nos._exit(5 if r "
       "else 0)\n",
       Status::failed},
      {"forks_twice_and_goes",
       "import os, time\nif os.fork() == 0:\n    if os.fork() == 0: time.sleep(60)\n    "
       "os._exit(0)\n"
       "os._exit(4)\n",
       Status::failed},
      {"probes_devices", "open('/dev/sda', 'rb').read(1)\n", Status::failed},
      {"sets_the_clock", "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)\n",
       Status::failed},
      {"becomes_root", "import os\nos.setuid(0)\nopen('/etc/passwd', 'a')\n", Status::failed},
      {"makes_a_namespace",
       "import ctypes, os\nr = ctypes.CDLL(None).unshare(0x10000000)\nos._exit(6 if r else 0)\n",
       Status::failed},
      {"makes_deep_folders",
       "import os\nos.chdir(os.environ['TMPDIR'])\nwhile True:\n    os.mkdir('d')\n    "
       "os.chdir('d')\n",
       Status::failed},
      {"leaks_descriptors", "import os\nwhile True: os.dup(0)\n", Status::failed},
      {"looks_for_keys",
       "import os, sys\nsys.exit(9 if not [k for k in os.environ if 'KEY' in k or 'TOKEN' in k] "
       "else 0)\n",
       Status::failed},
      {"tells_nan",
       "class F(float):\n    def __ne__(self, o): return False\n"
       "def f(n): return float('nan')\n",
       Status::not_passed},
  };
  return all;
}

TEST_F(EvaluatorTest, HostileCandidatesGetNoFitness) {
  EvaluatorOptions options = importing();
  options.timeout = 1500ms;
  options.memory_bytes = 256 * MiB;
  auto evaluator = Evaluator::open(*sandbox_, options, {});
  ASSERT_TRUE(evaluator);
  for (const Hostile& one : hostile()) {
    auto done = (*evaluator)->evaluate(one.code, {});
    ASSERT_TRUE(done) << one.name << ": " << done.error().message;
    EXPECT_FALSE(done->score()) << one.name;
    EXPECT_FALSE(done->reason.empty()) << one.name;
    if (one.status == Status::failed || one.status == Status::crashed) {
      // Which wall it meets first may differ, on a loaded machine its time; that it came to its end by itself can't be.
      EXPECT_TRUE(done->status == Status::failed || done->status == Status::crashed ||
                  done->status == Status::over_limit || done->status == Status::timed_out)
          << one.name << ": " << to_string(done->status) << " " << done->reason;
    } else {
      EXPECT_EQ(done->status, one.status) << one.name << ": " << done->reason << done->evidence;
    }
  }
  auto good = (*evaluator)->evaluate(kGood, {});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->score(), 20) << "the judge is as it was";
}

// What fools a judge that imports its candidate does not fool one that never shares a process with it.
TEST_F(EvaluatorTest, RewardHacksFailWhereTheCandidateRunsAlone) {
  const std::vector<Hostile> hacks = {
      {"forges_and_exits",
       "import os, sys\nprint('{\"score\": 1000, \"passed\": true}', flush=True)\nos._exit(0)\n",
       Status::not_passed},
      {"reads_the_judge", "print(open('/project/reader.py').read())\ndef f(n): return n * n\n",
       Status::unfinished},
      {"reads_the_answers", "open('answers.txt')\ndef f(n): return n * n\n", Status::unfinished},
      {"patches_json",
       "import json\njson.dumps = lambda *a: '{\"score\": 1000, \"passed\": true}'\n"
       "def f(n): return 0\n",
       Status::not_passed},
      {"equals_all",
       "class All:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n"
       "def f(n): return All()\n",
       Status::not_passed},
      {"keeps_a_cache",
       "import os\nkept = os.environ['TMPDIR'] + '/kept'\n"
       "def f(n):\n    if os.path.exists(kept): return n * n\n"
       "    open(kept, 'a').close() if n == 19 else None\n    return 0\n",
       Status::not_passed},
      {"writes_the_results", "open('/run-of-candidate/output', 'w')\n", Status::unfinished},
      {"writes_to_the_parent_and_exits",
       "import os\nopen('/proc/%d/fd/1' % os.getppid(), 'w').write('{\"score\": 1000, "
       "\"passed\": true}\\n')\nos._exit(0)\n",
       Status::unfinished},
      {"exits_early", "import os\nos._exit(0)\n", Status::not_passed},
      {"hangs", "while True: pass\n", Status::unfinished},
      {"prints_without_end", "while True: print('0' * 10000)\n", Status::unfinished},
      {"prints_nan", "def f(n): return float('nan')\n", Status::not_passed},
      {"prints_infinity", "def f(n): return float('inf')\n", Status::not_passed},
      {"prints_minus_zero", "def f(n): return -0.0 if n == 0 else n * n\n", Status::not_passed},
      {"is_nearly_right", "def f(n): return n * n + 1e-9\n", Status::not_passed},
      {"answers_what_is_asked_first", "def f(n): return n * n if n < 19 else 0\n",
       Status::not_passed},
      {"finds_the_project",
       "import os\nfor d in ('/project', '/work', '/root', '/home'):\n"
       "    for at, _, files in os.walk(d):\n        for one in files:\n"
       "            if one == 'reader.py': os._exit(0)\nraise SystemExit(3)\n",
       Status::unfinished},
      {"overwrites_the_driver", "open('driver.py', 'w').write('')\n", Status::unfinished},
      {"patches_print",
       "import builtins\nshow = builtins.print\n"
       "builtins.print = lambda *a: show('{\"score\": 1000, \"passed\": true}')\n"
       "def f(n): return 0\n",
       Status::not_passed},
      {"turns_the_clock_back",
       "import time\ntime.clock_settime(time.CLOCK_MONOTONIC, 0)\ndef f(n): return n * n\n",
       Status::unfinished},
      {"goes_on_in_the_background",
       "import os, time\nif os.fork() == 0:\n    time.sleep(0.5)\n"
       "    print(*[n * n for n in range(20)])\nos._exit(0)\n",
       Status::not_passed},
      {"ends_its_parent", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos._exit(7)\n",
       Status::unfinished},
      {"leaves_a_link_as_its_output",
       "import os\nos.symlink('/project/answers.txt', os.environ['TMPDIR'] + '/output')\n"
       "def f(n): return open(os.environ['TMPDIR'] + '/output').read()\n",
       Status::unfinished},
      {"prints_the_answers_and_hangs",
       "print(*[n * n for n in range(20)], flush=True)\nwhile True: pass\n", Status::unfinished},
      {"prints_the_answers_and_crashes",
       "import os\nprint(*[n * n for n in range(20)], flush=True)\nos.kill(os.getpid(), 6)\n",
       Status::unfinished},
      {"tells_more_than_asked", "def f(n): return '%d 7' % (n * n)\n", Status::not_passed},
  };
  EvaluatorOptions options = apart();
  options.timeout = 1500ms;
  options.repeats = 2;
  auto evaluator = Evaluator::open(*sandbox_, options, {});
  ASSERT_TRUE(evaluator);
  for (const Hostile& one : hacks) {
    auto done = (*evaluator)->evaluate(one.code, {});
    ASSERT_TRUE(done) << one.name << ": " << done.error().message;
    EXPECT_FALSE(done->score()) << one.name;
    EXPECT_EQ(done->status, one.status) << one.name << ": " << done->reason << done->evidence;
  }
}

}  // namespace
}  // namespace leyden::evolve
