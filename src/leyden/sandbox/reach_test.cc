// What root alone can reach, shown to a program that runs as another user: it, and nothing beside it.

#include "leyden/sandbox/reach.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>

#include "leyden/base/files.h"
#include "leyden/sandbox/testing/settings.h"

namespace leyden::sandbox {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr User kNobody{.uid = 65534, .gid = 65534};
constexpr SandboxLimits kLimits{.wall_time = 60s};

std::string mount_table() { return read_file("/proc/self/mountinfo", 4 * MiB).value_or("?"); }

// In a mount namespace that hands its mounts on, where only what is tested changes the table.
void in_own_mounts(const std::function<void()>& body) {
  in_child(
      [] {
        return ::unshare(CLONE_NEWNS) == 0 &&
               ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) == 0;
      },
      body);
}

// Root's alone, with one folder in it that others may read.
struct ClosedFolder {
  explicit ClosedFolder(const fs::path& parent = fs::temp_directory_path()) : folder(parent) {
    folder.write("closed/shown/inner/file.txt", "shown");
    folder.write("closed/shown/key.txt", "key");
    folder.write("closed/beside.txt", "beside");
    folder.write("closed/sibling/file.txt", "sibling");
    ::chmod(folder.path().c_str(), 0755);
    ::chmod(closed().c_str(), 0700);
    for (const char* name : {"shown", "shown/inner", "sibling"}) {
      ::chmod((closed() / name).c_str(), 0755);
    }
    for (const char* name :
         {"shown/inner/file.txt", "beside.txt", "sibling/file.txt", "shown/key.txt"}) {
      ::chmod((closed() / name).c_str(), std::string_view(name).contains("key") ? 0600 : 0644);
    }
  }
  [[nodiscard]] fs::path closed() const { return folder.path() / "closed"; }
  [[nodiscard]] fs::path shown() const { return closed() / "shown"; }
  TemporaryFolder folder;
};

class Reach : public SandboxTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root has what others can't reach";
    if (GetParam().as_nobody) GTEST_SKIP() << "nobody has nothing to show";
    if (::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) != 1) GTEST_SKIP() << "no CAP_SYS_ADMIN";
  }
};
INSTANTIATE_TEST_SUITE_P(Settings, Reach, ::testing::ValuesIn(settings()), setting_name);

TEST_P(Reach, AFolderBelowAClosedOneIsShownAndNothingBesideIt) {
  const ClosedFolder host;
  in_own_mounts([&] {
    with([&](const Sandbox& sandbox) {
      const std::string before = mount_table();
      // Where it is on the host, as an interpreter needs it, and elsewhere.
      SandboxCommand command = shell(
          "cat inner/file.txt; ls -a ..; ls /shown; cat key.txt; cat ../beside.txt; "
          "cat ../sibling/file.txt; echo x > inner/file.txt; touch new; echo x > /shown/new; "
          "ls -A /mnt /media /srv /opt /root; cat " +
          host.closed().string() + "/beside.txt");
      command.mounts = {{host.shown(), host.shown().string()}, {host.shown(), "/shown"}};
      command.working_directory = host.shown().string();
      const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
      EXPECT_EQ(exit.output.text, "shown.\n..\nshown\ninner\nkey.txt\n") << shown(exit);
      EXPECT_TRUE(exit.error_output.text.contains("key.txt: Permission denied")) << shown(exit);
      EXPECT_TRUE(exit.error_output.text.contains("Read-only file system")) << shown(exit);
      EXPECT_EQ(mount_table(), before);
    });
  });
  EXPECT_EQ(read_file(host.shown() / "inner/file.txt").value_or(""), "shown");
  EXPECT_FALSE(fs::exists(host.shown() / "new"));
}

TEST_P(Reach, AFileAndAWritableFolder) {
  const ClosedFolder host;
  in_own_mounts([&] {
    with([&](const Sandbox& sandbox) {
      const std::string before = mount_table();
      fs::create_directory(host.closed() / "results");
      SandboxCommand command = shell("cat /one.txt; echo made > /results/made; echo x > /one.txt");
      command.mounts = {{host.closed() / "beside.txt", "/one.txt"},
                        {host.closed() / "results", "/results", Access::read_write}};
      const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
      EXPECT_EQ(exit.output.text, "beside") << shown(exit);
      EXPECT_TRUE(exit.error_output.text.contains("Read-only file system")) << shown(exit);
      EXPECT_EQ(read_file(host.closed() / "results/made").value_or(""), "made\n");
      EXPECT_EQ(mount_table(), before);
      // Its bounds hold there too.
      command.argv = {"/bin/sh", "-c", "head -c 8000000 /dev/zero > /results/large; sleep 60"};
      const SandboxExit full =
          run_or_fail(sandbox, command, {.wall_time = 50s, .written_bytes = 4 * MiB});
      EXPECT_EQ(full.outcome, Outcome::disk_full) << shown(full);
    });
  });
  EXPECT_EQ(read_file(host.closed() / "beside.txt").value_or(""), "beside");
}

TEST_P(Reach, WhatTheHostMadeReadOnlyStaysSo) {
  const ClosedFolder host;
  in_own_mounts([&] {
    with([&](const Sandbox& sandbox) {
      const std::string at = (host.closed() / "sibling").string();
      ASSERT_EQ(::mount(at.c_str(), at.c_str(), nullptr, MS_BIND, nullptr), 0);
      ASSERT_EQ(::mount(nullptr, at.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOEXEC,
                        nullptr),
                0);
      SandboxCommand command = shell(
          "cat /a/file.txt; grep -c ' /a .*noexec' /proc/self/mountinfo;"
          "chmod 777 /a; echo x > /a/new");
      command.mounts = {{at, "/a"}};
      const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
      EXPECT_EQ(exit.output.text, "sibling1\n") << shown(exit);
      EXPECT_TRUE(exit.error_output.text.contains("Read-only file system")) << shown(exit);
    });
  });
}

TEST_P(Reach, APythonEnvironmentAndASystemPathBelowAClosedFolder) {
  const ClosedFolder host("/root");  // A system path below /tmp would be under the tmpfs there.
  const fs::path venv = host.closed() / "venv";
  if (std::system(("/usr/bin/python3 -m venv --without-pip " + venv.string()).c_str()) != 0) {
    GTEST_SKIP() << "no python3-venv";
  }
  SandboxOptions options;
  options.use_control_groups = GetParam().control_groups;
  options.system_paths = {host.shown(), "/no/such/folder"};
  if (const auto plain = Sandbox::open(); !plain) GTEST_SKIP() << plain.error().message;
  const auto sandbox = Sandbox::open(options);
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  SandboxCommand command{
      .argv = {(venv / "bin/python").string(), "-c",
               "import sys; print(sys.prefix != sys.base_prefix, open(sys.argv[1]).read())",
               (host.shown() / "inner/file.txt").string()},
      .environment = {},
      .input = {},
      .mounts = {{venv, venv.string()}}};
  const SandboxExit exit = run_or_fail(**sandbox, command, kLimits);
  EXPECT_EQ(exit.output.text, "True shown\n") << shown(exit);
}

TEST_P(Reach, AWayThatOthersCouldBendIsNotTaken) {
  const ClosedFolder host;
  with([&](const Sandbox& sandbox) {
    const fs::path theirs = host.folder.path() / "theirs";
    fs::create_directory(theirs);
    fs::create_symlink(host.closed() / "sibling", theirs / "link");
    ASSERT_EQ(::lchown((theirs / "link").c_str(), 65534, 65534), 0);
    SandboxCommand command = shell("cat /a/file.txt");
    command.mounts = {{theirs / "link", "/a"}};
    const auto by_link = sandbox.run(command, kLimits);
    ASSERT_FALSE(by_link);
    EXPECT_TRUE(by_link.error().message.contains("theirs/link on the way"))
        << by_link.error().message;
    // Root's own link is one.
    ASSERT_EQ(::lchown((theirs / "link").c_str(), 0, 0), 0);
    EXPECT_EQ(run_or_fail(sandbox, command, kLimits).output.text, "sibling");
    // Not in a folder where they could put another.
    ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
    EXPECT_FALSE(sandbox.run(command, kLimits));
  });
}

TEST_P(Reach, WithoutTheRightToMountTheMessageNamesThePath) {
  const ClosedFolder host;
  in_child(
      [] {
        __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
        __user_cap_data_struct data[2] = {};
        if (::prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) != 0 ||
            ::syscall(SYS_capget, &header, data) != 0) {
          return false;
        }
        const unsigned mask = ~(1U << CAP_SYS_ADMIN);
        data[0].effective &= mask;
        data[0].permitted &= mask;
        data[0].inheritable &= mask;
        return ::syscall(SYS_capset, &header, data) == 0;
      },
      [&] {
        with([&](const Sandbox& sandbox) {
          EXPECT_TRUE(run_or_fail(sandbox, shell("true"), kLimits).succeeded());
          SandboxCommand command = shell("cat /a/inner/file.txt");
          command.mounts = {{host.shown(), "/a"}};
          const auto exit = sandbox.run(command, kLimits);
          ASSERT_FALSE(exit);
          EXPECT_EQ(exit.error().code, Errc::unavailable);
          const std::string& said = exit.error().message;
          EXPECT_TRUE(said.contains("user 65534, who can't reach " + host.shown().string() + ","))
              << said;
          EXPECT_TRUE(said.contains("chmod o+x " + host.closed().string() + ",")) << said;
          std::printf("  %s\n", said.c_str());
          // What needs no showing needs no right.
          ::chmod(host.closed().c_str(), 0711);
          EXPECT_EQ(run_or_fail(sandbox, command, kLimits).output.text, "shown");
        });
      });
}

TEST(WayTo, FollowsLinksAndNamesWhatIsClosed) {
  const TemporaryFolder folder;
  const fs::path at = folder.path();
  ::chmod(at.c_str(), 0755);
  fs::create_directories(at / "a/b");
  ::chmod((at / "a").c_str(), 0750);
  ::chmod((at / "a/b").c_str(), 0700);
  fs::create_symlink("a/b/../b", at / "link");
  fs::create_symlink(at / "loop", at / "loop");
  auto way = way_to(at / "link" / ".", kNobody);
  ASSERT_TRUE(way) << way.error().message;
  EXPECT_EQ(way->real, at / "a/b");
  EXPECT_EQ(way->closed, (std::vector<fs::path>{at / "a", at / "a/b"}));  // b, for its "..".
  EXPECT_FALSE(way_to(at / "loop", kNobody));
  EXPECT_EQ(way_to(at / "none/x", kNobody).error().code, Errc::not_found);
  ::chmod((at / "a").c_str(), 0711);
  way = way_to(at / "a/b", kNobody);
  ASSERT_TRUE(way);
  EXPECT_TRUE(way->closed.empty());  // It itself is not searched to come to it.
  // For its owner the owner's bits hold, and no others.
  EXPECT_TRUE(way_to(at / "a/b", {.uid = ::geteuid(), .gid = 65534})->closed.empty());
  // leyden:ignore c.world-writable what nobody should have, and the sandbox refuses
  ::chmod((at / "a").c_str(), 0677);
  EXPECT_FALSE(way_to(at / "a/b", {.uid = ::geteuid(), .gid = 65534}) &&
               way_to(at / "a/b", {.uid = ::geteuid(), .gid = 65534})->closed.empty());
  ::chmod((at / "a").c_str(), 0755);
}

}  // namespace
}  // namespace leyden::sandbox
