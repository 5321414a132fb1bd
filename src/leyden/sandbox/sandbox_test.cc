#include "leyden/sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

#include "leyden/base/clock.h"
#include "leyden/sandbox/project_copy.h"
#include "leyden/sandbox/testing/settings.h"

namespace leyden::sandbox {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

INSTANTIATE_TEST_SUITE_P(Settings, SandboxTest, ::testing::ValuesIn(settings()), setting_name);

TEST_P(SandboxTest, TellsHowAProgramEnded) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, shell("echo out; echo err >&2; cat; exit 137"));
    EXPECT_EQ(exit.outcome, Outcome::exited) << shown(exit);
    EXPECT_EQ(exit.code, 137);  // Not to be taken for a signal.
    EXPECT_EQ(exit.output.text, "out\n");
    EXPECT_EQ(exit.error_output.text, "err\n");
    EXPECT_FALSE(exit.succeeded());

    const SandboxExit killed = run_or_fail(sandbox, shell("kill -9 $$"));
    EXPECT_EQ(killed.outcome, Outcome::signalled) << shown(killed);
    EXPECT_EQ(killed.signal, 9);
    EXPECT_TRUE(run_or_fail(sandbox, shell("true")).succeeded());
  });
}

TEST_P(SandboxTest, GivesInputAndKeepsBytesAsTheyAre) {
  with([](const Sandbox& sandbox) {
    SandboxCommand command = shell("cat; printf '\\000\\377' >&2");
    for (int i = 0; i < 50000; ++i) command.input += static_cast<char>(i % 251);
    const SandboxExit exit = run_or_fail(sandbox, command);
    EXPECT_EQ(exit.output.text, command.input);
    EXPECT_EQ(exit.error_output.text, std::string("\0\xff", 2));
  });
}

TEST_P(SandboxTest, TheEnvironmentIsWhatWasGiven) {
  ::setenv("LEYDEN_TEST_SECRET", "hunter2", 1);  // NOLINT(concurrency-mt-unsafe): alone
  with([](const Sandbox& sandbox) {
    SandboxCommand command = shell("env; id -u; pwd");
    command.environment = {{"COLOUR", "blue green"}, {"LANG", "C"}};
    command.working_directory = "/home/sandbox";
    const SandboxExit exit = run_or_fail(sandbox, command);
    EXPECT_TRUE(exit.output.text.contains("COLOUR=blue green\n")) << shown(exit);
    EXPECT_TRUE(exit.output.text.contains("LANG=C\n"));
    EXPECT_TRUE(exit.output.text.contains("HOME=/home/sandbox\n"));
    EXPECT_TRUE(exit.output.text.ends_with("1000\n/home/sandbox\n"));
    EXPECT_FALSE(exit.output.text.contains("hunter2"));
  });
  ::unsetenv("LEYDEN_TEST_SECRET");  // NOLINT(concurrency-mt-unsafe): alone
}

TEST_P(SandboxTest, AProgramThatIsNotThereIsAnError) {
  with([](const Sandbox& sandbox) {
    const auto exit = sandbox.run({.argv = {"no-such-program"}}, {});
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().code, Errc::not_found) << exit.error().message;
    SandboxCommand command = shell("true");
    command.mounts = {{"/no/such/folder", "/project"}};
    EXPECT_EQ(sandbox.run(command, {}).error().code, Errc::not_found);
    command.mounts = {{"/tmp", "/proc/x"}};
    EXPECT_EQ(sandbox.run(command, {}).error().code, Errc::invalid_argument);
    command.mounts = {{"/tmp", "/a", Access::read_write}, {"/usr", "/a/b"}};
    EXPECT_EQ(sandbox.run(command, {}).error().code, Errc::invalid_argument);
    EXPECT_EQ(sandbox.run({}, {}).error().code, Errc::invalid_argument);
    EXPECT_EQ(sandbox.run(shell("true"), {.process_count = 0}).error().code,
              Errc::invalid_argument);
  });
}

TEST_P(SandboxTest, AStopRequestEndsARun) {
  with([](const Sandbox& sandbox) {
    std::stop_source stop;
    const std::jthread later([&] {
      std::this_thread::sleep_for(300ms);
      stop.request_stop();
    });
    const auto begin = SteadyClock::now();
    const auto exit =
        sandbox.run(shell("sleep 60 & sleep 60"), {.wall_time = 50s}, stop.get_token());
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().code, Errc::cancelled);
    EXPECT_LT(SteadyClock::now() - begin, 20s);
    EXPECT_EQ(sandbox.run(shell("true"), {}, stop.get_token()).error().code, Errc::cancelled);
  });
}

TEST_P(SandboxTest, RunsSideBySide) {
  with([](const Sandbox& sandbox) {
    std::atomic<int> right = 0;
    {
      std::vector<std::jthread> threads;
      threads.reserve(8);
      for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < 5; ++i) {
            const std::string word = fmt::format("{}-{}", t, i);
            SandboxCommand command = shell("cat; echo $WORD >&2; exit 7");
            command.input = word;
            command.environment = {{"WORD", word}};
            const auto exit = sandbox.run(command, {.wall_time = 60s});
            if (exit && exit->code == 7 && exit->output.text == word &&
                exit->error_output.text == word + "\n") {
              ++right;
            }
          }
        });
      }
    }
    EXPECT_EQ(right, 40);
  });
}

TEST_P(SandboxTest, AReadOnlyMountStaysAsItIs) {
  const TemporaryFolder host;
  host.write("source.txt", "original");
  // leyden:ignore c.world-writable any user of the sandbox is to write there
  ::chmod(host.path().c_str(), 0777);
  with([&](const Sandbox& sandbox) {
    SandboxCommand command = shell(
        "cat source.txt; echo changed > source.txt; rm -f source.txt; touch new; "
        "mv source.txt other; chmod 777 source.txt; ls");
    command.mounts = {{host.path(), "/project"}};
    command.working_directory = "/project";
    const SandboxExit exit = run_or_fail(sandbox, command);
    EXPECT_EQ(exit.output.text, "originalsource.txt\n") << shown(exit);
  });
  EXPECT_EQ(read_file(host.path() / "source.txt").value_or(""), "original");
  EXPECT_FALSE(std::filesystem::exists(host.path() / "new"));
}

TEST_P(SandboxTest, AProjectCopyTakesWhatIsWrittenAndAnOutputFolderGivesItBack) {
  const TemporaryFolder host;
  host.write("project/source.txt", "original");
  host.write("project/.git/config", "secret");
  // leyden:ignore c.world-writable any user of the sandbox is to write there
  ::chmod(host.path().c_str(), 0777);
  with([&](const Sandbox& sandbox) {
    ProjectCopyOptions where;
    where.parent = host.path();
    const auto copy = ProjectCopy::make(host.path() / "project", where);
    ASSERT_TRUE(copy) << copy.error().message;
    const TemporaryFolder results;
    SandboxCommand command = shell(
        "echo changed > source.txt && mkdir -p a/b && echo made > a/b/new.txt && "
        "ln -s /etc/passwd link && cp source.txt /results/coverage && test ! -e .git");
    command.mounts = {(*copy)->mount("/project"), {results.path(), "/results", Access::read_write}};
    command.working_directory = "/project";
    const SandboxExit exit = run_or_fail(sandbox, command);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
    EXPECT_EQ((*copy)->read("a/b/new.txt").value_or(""), "made\n");
    EXPECT_EQ((*copy)->read("source.txt").value_or(""), "changed\n");
    EXPECT_FALSE((*copy)->read("link"));
    EXPECT_FALSE((*copy)->read("../project/source.txt"));
    EXPECT_EQ(read_file(results.path() / "coverage").value_or(""), "changed\n");
    // It is there for the next run.
    command.argv = {"/bin/cat", "a/b/new.txt"};
    EXPECT_EQ(run_or_fail(sandbox, command).output.text, "made\n");
  });
  EXPECT_EQ(read_file(host.path() / "project/source.txt").value_or(""), "original");
}

TEST_P(SandboxTest, KeepsBothEndsOfALongOutput) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, shell("seq 1 100000"), {.output_bytes = 1000});
    EXPECT_TRUE(exit.output.text.starts_with("1\n2\n")) << shown(exit);
    EXPECT_TRUE(exit.output.text.ends_with("99999\n100000\n"));
    EXPECT_EQ(exit.output.total_bytes, 588895U);
    EXPECT_EQ(exit.output.dropped_bytes, 587895U);
  });
}

TEST_P(SandboxTest, CountsTimeAndMemory) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox,
                                         python("import time\nx=bytearray(60_000_000)\n"
                                                "while time.process_time()<0.4: pass\n"),
                                         {.wall_time = 60s, .cpu_time = 30s});
    ASSERT_TRUE(exit.succeeded()) << shown(exit);
    EXPECT_GE(exit.cpu_time, 350ms);
    EXPECT_LT(exit.cpu_time, 20s);
    EXPECT_GE(exit.wall_time, 350ms);
    EXPECT_GT(exit.memory_peak_bytes, 50 * MiB);
    EXPECT_LT(exit.memory_peak_bytes, 400 * MiB);
  });
}

TEST_P(SandboxTest, EndsWhatUsesTheProcessorTooLong) {
  with([](const Sandbox& sandbox) {
    // Four, of which none uses up what one may.
    const SandboxExit exit =
        run_or_fail(sandbox, shell("for i in 1 2 3 4; do (while :; do :; done) & done; wait"),
                    {.wall_time = 100s, .cpu_time = 1000ms});
    EXPECT_EQ(exit.outcome, Outcome::cpu_time_exceeded) << shown(exit);
  });
}

// The few entries of /etc that are there are enough for them.
TEST_P(SandboxTest, RuntimesOfTheSystemStart) {
  struct Runtime {
    const char* program;
    const char* script;  // Prints 42.
  };
  constexpr Runtime kRuntimes[] = {
      {"/usr/bin/python3", "python3 -c 'import json, ssl, sqlite3; print(6 * 7)'"},
      {"/usr/bin/node", "node -e 'require(\"fs\").writeFileSync(\"x\", \"\"); console.log(6 * 7)'"},
      {"/usr/bin/java",
       "echo 'class A { public static void main(String[] a) { System.out.println(6 * 7); } }' "
       ">A.java; java A.java"},
      {"/usr/bin/perl", "perl -MPOSIX -MJSON::PP -e 'print 6 * 7, \"\\n\"'"},
      {"/usr/bin/ruby", "ruby -rjson -e 'puts 6 * 7'"},
      {"/usr/bin/php", "php -r 'echo 6 * 7, \"\\n\";'"},
      {"/usr/bin/gcc",
       "printf '#include <stdio.h>\nint main(void) { printf(\"%%d\\\\n\", 6 * 7); }' >a.c; "
       "gcc -O2 a.c && ./a.out"},
  };
  with([&](const Sandbox& sandbox) {
    for (const Runtime& runtime : kRuntimes) {
      if (!std::filesystem::exists(runtime.program)) {
        std::printf("  %-16s not installed\n", runtime.program);
        continue;
      }
      const SandboxExit exit =
          run_or_fail(sandbox, shell(runtime.script),
                      {.wall_time = 100s, .cpu_time = 60s, .memory_bytes = GiB});
      EXPECT_EQ(exit.output.text, "42\n") << runtime.program << ": " << shown(exit);
      std::printf("  %-16s %5.0f ms, %4.0f MiB\n", runtime.program,
                  static_cast<double>(exit.wall_time.count()) / 1000,
                  static_cast<double>(exit.memory_peak_bytes) / static_cast<double>(MiB));
    }
  });
}

TEST_P(SandboxTest, SaysWhichWallsStand) {
  with([](const Sandbox& sandbox) {
    EXPECT_GE(sandbox.walls().size(), 8U);
    for (const Wall& wall : sandbox.walls()) {
      EXPECT_TRUE(wall.present) << wall.name << ": " << wall.detail;
      std::printf("  %-18s %s\n", wall.name.c_str(), wall.detail.c_str());
    }
  });
}

TEST(Sandbox, WithoutBubblewrapNothingIsRun) {
  const TemporaryFolder empty;
  SandboxOptions options;
  options.search_path = {empty.path()};
  const auto sandbox = Sandbox::open(options);
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().code, Errc::unavailable);
  EXPECT_TRUE(sandbox.error().message.contains("apt-get install bubblewrap"))
      << sandbox.error().message;
}

TEST(Sandbox, ABubblewrapThatBuildsNothingIsNoSandbox) {
  const TemporaryFolder folder;
  ::chmod(folder.path().c_str(), 0755);
  // It would run the program without any wall.
  folder.write("bwrap", "#!/bin/sh\necho 'bwrap: Creating new namespace failed' >&2\nexit 1\n");
  ::chmod((folder.path() / "bwrap").c_str(), 0755);
  SandboxOptions options;
  options.search_path = {folder.path()};
  const auto sandbox = Sandbox::open(options);
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().code, Errc::unavailable);
  EXPECT_TRUE(sandbox.error().message.contains("Creating new namespace failed"))
      << sandbox.error().message;
  EXPECT_TRUE(sandbox.error().message.contains("seccomp=unconfined"));
}

TEST(Sandbox, ASandboxThatIsRootIsRefused) {
  SandboxOptions options;
  options.unprivileged_uid = 0;
  EXPECT_EQ(Sandbox::open(options).error().code, Errc::invalid_argument);
}

TEST(Unisolated, RunsWithLimitsAndSaysThatItIsolatesNothing) {
  SandboxOptions options;
  options.isolation = Isolation::none;
  const auto opened = Sandbox::open(options);
  ASSERT_TRUE(opened) << opened.error().message;
  const Sandbox& sandbox = **opened;
  const auto namespaces = std::ranges::find(sandbox.walls(), "namespaces", &Wall::name);
  ASSERT_NE(namespaces, sandbox.walls().end());
  EXPECT_FALSE(namespaces->present);

  const TemporaryFolder host;
  SandboxCommand command = shell("echo $WORD; pwd; cat; exit 3");
  command.environment = {{"WORD", "blue"}, {"PATH", "/usr/bin:/bin"}};
  command.input = "in";
  command.working_directory = host.path();
  command.mounts = {{host.path(), host.path(), Access::read_write}};
  SandboxExit exit = run_or_fail(sandbox, command);
  EXPECT_EQ(exit.code, 3);
  EXPECT_EQ(exit.output.text, "blue\n" + host.path().string() + "\nin");
  command.mounts = {{host.path(), "/elsewhere"}};
  EXPECT_EQ(sandbox.run(command, {}).error().code, Errc::unsupported);
  EXPECT_EQ(sandbox.run({.argv = {"no-such-program"}}, {}).error().code, Errc::not_found);
}

TEST(Unisolated, EndsTheTreeAtTheDeadline) {
  SandboxOptions options;
  options.isolation = Isolation::none;
  const auto sandbox = Sandbox::open(options);
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const std::string marker = fmt::format("{}.{}", 86400, ::getpid());
  const auto begin = SteadyClock::now();
  SandboxExit exit =
      run_or_fail(**sandbox,
                  shell(fmt::format("trap '' TERM; (setsid setsid sleep {} &) ; echo on; sleep {}",
                                    marker, marker)),
                  {.wall_time = 700ms});
  EXPECT_EQ(exit.outcome, Outcome::timed_out);
  EXPECT_EQ(exit.output.text, "on\n");
  EXPECT_LT(SteadyClock::now() - begin, 20s);
  // And what a program that ends leaves behind, with its output open.
  exit = run_or_fail(**sandbox, shell(fmt::format("(setsid sleep {} &); echo done", marker)),
                     {.wall_time = 60s});
  EXPECT_EQ(exit.outcome, Outcome::exited);
  EXPECT_EQ(exit.output.text, "done\n");
  EXPECT_LT(exit.wall_time, 20s);
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto line = read_file(entry.path() / "cmdline", MiB);
    EXPECT_FALSE(line && line->contains(marker) && line->contains("sleep")) << entry.path();
  }
}

}  // namespace
}  // namespace leyden::sandbox
