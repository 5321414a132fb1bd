// What a run costs besides the program: `true`, started by us, many times. Prints; asserts nothing but that it
// ran. --quick for a few.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

#include "leyden/base/clock.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::sandbox {
namespace {

using SteadyClock = std::chrono::steady_clock;

void print(std::string_view what, std::vector<double>& ms) {
  std::ranges::sort(ms);
  const auto at = [&](double share) {
    return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  fmt::print("{:<34} {:>5} runs  median {:6.2f} ms  p95 {:6.2f}  max {:6.2f}\n", what, ms.size(),
             at(0.5), at(0.95), at(1));
}

int measure(std::string_view what, const SandboxOptions& options, const SandboxCommand& command,
            int runs) {
  const auto begin = SteadyClock::now();
  const auto opened = Sandbox::open(options);
  if (!opened) {
    fmt::print("{:<34} not here: {}\n", what, opened.error().message);
    return 0;
  }
  const double open_ms = ms_between(begin, SteadyClock::now());
  std::vector<double> ms;
  for (int i = 0; i < runs; ++i) {
    const auto start = SteadyClock::now();
    const auto run = (*opened)->run(command, {});
    ms.push_back(ms_between(start, SteadyClock::now()));
    if (!run || !run->succeeded()) {
      fmt::print("{}: {}\n", what, run ? run->error_output.text : run.error().message);
      return 1;
    }
  }
  print(what, ms);
  fmt::print("{:<34} open {:.1f} ms\n", "", open_ms);

  const auto parallel = SteadyClock::now();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < runs / 4; ++i) (void)(*opened)->run(command, {});
      });
    }
  }
  const double seconds = ms_between(parallel, SteadyClock::now()) / 1000;
  fmt::print("{:<34} 4 threads: {:.0f} runs/s\n", "", runs / 4 * 4 / seconds);
  return 0;
}

}  // namespace
}  // namespace leyden::sandbox

int main(int count, char** arguments) {
  using namespace leyden::sandbox;  // NOLINT(google-build-using-namespace)
  const int runs = count > 1 && std::string_view(arguments[1]) == "--quick" ? 8 : 400;
  SandboxCommand command;
  command.argv = {"/bin/true"};
  SandboxOptions groupless;
  groupless.use_control_groups = false;
  SandboxOptions none;
  none.isolation = Isolation::none;
  // Two folders that differ in who has a way to them: root must show one of them.
  const leyden::TemporaryFolder folder;
  for (const char* name : {"open/shown", "closed/shown"}) {
    std::filesystem::create_directories(folder.path() / name);
  }
  ::chmod(folder.path().c_str(), 0755);
  ::chmod((folder.path() / "closed").c_str(), 0700);
  SandboxCommand open = command, closed = command;
  open.mounts = {{folder.path() / "open/shown", "/shown"}};
  closed.mounts = {{folder.path() / "closed/shown", "/shown"}};
  return measure("full isolation", {}, command, runs) +
         measure("full isolation, a mount", {}, open, runs) +
         measure("full isolation, a mount by root", {}, closed, runs) +
         measure("full isolation, no control groups", groupless, command, runs) +
         measure("no isolation", none, command, runs);
}
