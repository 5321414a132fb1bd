// What a request leaves behind is not there for the next one, and what it breaks is mended: with real Python and the real sandbox.
#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/python/python_toolchain.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

constexpr std::string_view kSource = R"(import os
import signal
import time


def leave() -> int:
    open("/tmp/left", "w").close()
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    return 1


def left() -> list:
    return [os.path.exists("/tmp/left"), sum(name.isdigit() for name in os.listdir("/proc"))]


def crash() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 1


def crash_all() -> int:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(5)
    return 1


def sleep() -> int:
    time.sleep(600)
    return 1


def write() -> bool:
    try:
        open("a", "w").close()
    except OSError:
        return False
    return True


def write_temporary() -> bool:
    open("/tmp/a", "w").close()
    return True
)";

class InSandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
  }

  const TemporaryFolder folder_{fast_folder()};
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

class PythonSession : public InSandbox {
 protected:
  void SetUp() override {
    InSandbox::SetUp();
    if (!sandbox_) return;
    folder_.write("odd.py", kSource);
    auto toolchain =
        open_python(*sandbox_, folder_.path() / "odd.py", {.interpreter = "/usr/bin/python3"}, {});
    if (!toolchain && toolchain.error().code == Errc::unsupported)
      GTEST_SKIP() << toolchain.error().message;
    ASSERT_TRUE(toolchain) << toolchain.error().message;
    toolchain_ = *std::move(toolchain);
  }

  Observation call(std::string_view name) {
    const auto& functions = toolchain_->functions();
    const auto found = std::ranges::find(functions, name, &Function::name);
    const Input input{.steps = {{.function = static_cast<std::size_t>(found - functions.begin())}}};
    auto seen = toolchain_->observe(std::span(&input, 1), {});
    EXPECT_TRUE(seen) << seen.error().message;
    return seen ? seen->front() : Observation();
  }

  std::unique_ptr<Toolchain> toolchain_;
};

// The sandbox's first process, the driver, and who asks.
constexpr std::string_view kNothingLeft = "[False, 3]";

TEST_F(PythonSession, NothingIsLeftForTheNextRequest) {
  EXPECT_EQ(call("leave").text, "1");
  EXPECT_EQ(call("left").text, kNothingLeft);
}

TEST_F(PythonSession, GoesOnBehindWhatEndsARequestOrAllOfIt) {
  EXPECT_EQ(call("crash").outcome, Observation::Outcome::broken);
  EXPECT_EQ(call("left").text, kNothingLeft);
  EXPECT_EQ(call("crash_all").outcome, Observation::Outcome::broken);
  EXPECT_EQ(call("left").text, kNothingLeft);
  EXPECT_EQ(call("sleep").outcome, Observation::Outcome::timed_out);
  EXPECT_EQ(call("left").text, kNothingLeft);
}

// Its user's folder can be written to: "False" would be the sandbox's answer.
TEST_F(PythonSession, WhatWouldWriteFilesSaysNothing) {
  EXPECT_EQ(call("write").outcome, Observation::Outcome::broken);
  EXPECT_EQ(call("write_temporary").text, "True");
}

// What opening a file gives, in a folder without a project's mark.
class LooseFile : public InSandbox {
 protected:
  // The one function's answer.
  std::string answer(const std::filesystem::path& file) {
    auto toolchain =
        open_python(*sandbox_, folder_.path() / file, {.interpreter = "/usr/bin/python3"}, {});
    if (!toolchain) return toolchain.error().message;
    test_path_ = (*toolchain)->test_path().string();
    const Input input{.steps = {{.function = 0}}};
    auto seen = (*toolchain)->observe(std::span(&input, 1), {});
    return seen ? seen->front().text : seen.error().message;
  }

  std::string test_path_;
};

TEST_F(LooseFile, BesideModulesThatAreCalledLikePythons) {
  for (const char* name : {"ast.py", "inspect.py", "json.py", "driver.py"})
    folder_.write(name, "this is no Python");
  folder_.write("lone.py", "def two() -> int:\n    return 2\n");
  EXPECT_EQ(answer("lone.py"), "2");
  EXPECT_EQ(test_path_, "test_lone.py");
}

TEST_F(LooseFile, CalledLikeOneOfPythons) {
  folder_.write("random.py", "def two() -> int:\n    return 2\n");
  EXPECT_EQ(answer("random.py"), "2");
}

TEST_F(LooseFile, OfAPackageIsImportedFromAbove) {
  folder_.write("box/__init__.py", "");
  folder_.write("box/inner/__init__.py", "");
  folder_.write("box/inner/base.py", "TWO = 2\n");
  folder_.write("box/inner/lid.py",
                "from .base import TWO\nfrom box.inner import base\n\n\ndef two() -> int:\n"
                "    return TWO * base.TWO // 2\n");
  EXPECT_EQ(answer("box/inner/lid.py"), "2");
  EXPECT_EQ(test_path_, "tests/test_lid.py");
}

TEST_F(LooseFile, TestsStandWithTheOthersUnderANameOfTheirOwn) {
  folder_.write("box/__init__.py", "");
  folder_.write("box/lid.py", "def two() -> int:\n    return 2\n");
  folder_.write("box/tests/test_other.py", "def test_one():\n    assert True\n");
  folder_.write("more/test_lid.py", "def test_one():\n    assert True\n");
  EXPECT_EQ(answer("box/lid.py"), "2");
  EXPECT_EQ(test_path_, "box/tests/test_lid_leyden.py");
}

}  // namespace
}  // namespace leyden::qa
