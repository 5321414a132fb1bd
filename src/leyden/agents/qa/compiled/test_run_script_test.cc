#include "leyden/agents/qa/compiled/test_run_script.h"

#include <chrono>

#include <gtest/gtest.h>

#include "leyden/agents/qa/compiled/compiled_toolchain.h"

namespace leyden::qa {
namespace {

using namespace std::chrono_literals;

TEST(TestRunScript, WhoLeavesFilesAloneHasFailed) {
  auto sandbox = sandbox::Sandbox::open();
  if (!sandbox) GTEST_SKIP() << "no sandbox here: " << sandbox.error().message;
  auto drivers = DriverFolder::make();
  ASSERT_TRUE(drivers);
  TestRunScript script("/usr");
  script.add("touch left");
  script.add("test -e lib && test ! -e left", "clean");
  script.add("test -e lib && touch left", "leaves");
  script.add("rm lib", "takes");
  sandbox::SandboxCommand command;
  command.argv = {"/bin/sh", "-c", script.text()};
  (*drivers)->mount_into(command);
  auto ran = (*sandbox)->run(command, CompiledToolchain::limits(20s), {});
  ASSERT_TRUE(ran) << ran.error().message;
  TestRuns runs;
  for (const char* name : {"clean", "leaves", "takes"}) runs.tests[name] = {.runs = 1, .passed = 1};
  script.note_litter(**drivers, runs);
  EXPECT_EQ(runs.tests["clean"].passed, 1u);
  EXPECT_EQ(runs.tests["leaves"].passed, 0u);
  EXPECT_EQ(runs.tests["takes"].passed, 0u);
}

}  // namespace
}  // namespace leyden::qa
