#include "leyden/agents/qa/compiled/test_run_script.h"

#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

constexpr const char* kLittered = "littered";  // Numbers of runs.

}  // namespace

TestRunScript::TestRunScript(const std::string& show)
    : show_(show.empty() ? "" : fmt::format("ln -s {}/* . 2>/dev/null\n", show)),
      text_(fmt::format("rm -f {}/{}\n", kExchange, kLittered)) {}

void TestRunScript::add(const std::string& command, std::string alone) {
  text_ += fmt::format(
      "cd /tmp; rm -rf run; mkdir run; cd run\n{}ls -A >../before\n{} || true\n"
      "ls -A | cmp -s - ../before || echo {} >>{}/{}\n",
      show_, command, count(), kExchange, kLittered);
  alone_.push_back(std::move(alone));
}

void TestRunScript::note_litter(const DriverFolder& drivers, TestRuns& out) const {
  std::istringstream numbers(drivers.taken(kLittered));
  for (std::size_t run = 0; numbers >> run;) {
    if (run >= count() || alone_[run].empty()) continue;
    TestRuns::Test& test = out.tests[alone_[run]];
    test.passed = 0;
    test.failure = "it leaves files where it is run";
  }
}

}  // namespace leyden::qa
