#pragma once

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::sandbox {

// A setting in which tests are run: who starts the sandbox, and with which walls.
struct Setting {
  std::string name;
  bool as_nobody = false;  // Only when the test is run by root.
  bool control_groups = true;
};

inline std::vector<Setting> settings() {
  if (::geteuid() != 0) return {{"user", false, true}, {"user_groupless", false, false}};
  return {{"root", false, true}, {"root_groupless", false, false}, {"nobody", true, true}};
}

// Runs `body` in a child process that `prepare` has changed, and takes its failures over. A child of its own, since
// a process that gave something up can't come back.
inline void in_child(const std::function<bool()>& prepare, const std::function<void()>& body) {
  std::fflush(nullptr);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::close(ends[0]);
    ::dup2(ends[1], STDOUT_FILENO);
    if (!prepare()) ::_exit(99);
    body();
    std::fflush(nullptr);
    if (::testing::Test::IsSkipped()) ::_exit(77);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(ends[0], buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "in a child: " << text;
  EXPECT_EQ(status, 0) << "in a child:\n" << text;
  if (status == 0) std::fputs(text.c_str(), stdout);
}

inline void as_nobody(const std::function<void()>& body) {
  in_child([] { return ::setgid(65534) == 0 && ::setuid(65534) == 0 && ::chdir("/") == 0; }, body);
}

// Opens a sandbox for the setting and gives it to `body`. Skips aloud where this machine has none.
inline void with_sandbox(const Setting& setting, const std::function<void(const Sandbox&)>& body) {
  const auto open_and_run = [&] {
    SandboxOptions options;
    options.use_control_groups = setting.control_groups;
    const auto sandbox = Sandbox::open(options);
    if (!sandbox) GTEST_SKIP() << sandbox.error().message;
    body(**sandbox);
  };
  if (setting.as_nobody) {
    as_nobody(open_and_run);
  } else {
    open_and_run();
  }
}

class SandboxTest : public ::testing::TestWithParam<Setting> {
 protected:
  void with(const std::function<void(const Sandbox&)>& body) const {
    with_sandbox(GetParam(), body);
  }
};

inline std::string setting_name(const ::testing::TestParamInfo<Setting>& info) {
  return info.param.name;
}

// The run's result, or a failed test and an empty one.
inline SandboxExit run_or_fail(const Sandbox& sandbox, const SandboxCommand& command,
                               const SandboxLimits& limits = {}) {
  auto result = sandbox.run(command, limits);
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {.outcome = Outcome::timed_out};
  }
  return std::move(*result);
}

inline SandboxCommand shell(std::string script) {
  SandboxCommand command;
  command.argv = {"/bin/sh", "-c", std::move(script)};
  return command;
}

inline SandboxCommand python(std::string program) {
  SandboxCommand command;
  command.argv = {"/usr/bin/python3", "-I", "-c", std::move(program)};
  return command;
}

inline std::string shown(const SandboxExit& exit) {
  return fmt::format("{} code {} signal {} out [{}] err [{}]", name_of(exit.outcome), exit.code,
                     exit.signal, exit.output.text.substr(0, 2000),
                     exit.error_output.text.substr(0, 2000));
}

}  // namespace leyden::sandbox
