// Many processes in one folder, full disks and lost rights.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/testing/child_process.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/testing/recording_listener.h"
#include "leyden/cache/testing/tmpfs.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::count_right;
using testing::entries_of;
using testing::exit_status;
using testing::in_child;
using testing::key_of;
using testing::soon;
using testing::tag_of;

class LmdbProcessesTest : public ::testing::Test {
 protected:
  LmdbStoreOptions options() const {
    return {.folder = folder_.path() / "store", .capacity_bytes = 16 * MiB, .ttl = 0s};
  }
  std::unique_ptr<LmdbStore> open(const LmdbStoreOptions& own) {
    return LmdbStore::open(own, clock_).value_or(nullptr);
  }

  TemporaryFolder folder_;
  SystemClock clock_;
};

constexpr std::uint64_t kProcesses = 10;
constexpr std::uint64_t kSpan = 1'000'000;  // Of keys, for each tenant.

// Five tenants, two processes each; every process writes, reads and erases its own.
TEST_F(LmdbProcessesTest, TenProcessesShareAFolderAndQuotasHold) {
  auto own = options();
  own.tenant_quota_bytes = 400 * KiB;
  std::vector<pid_t> children;
  for (std::uint64_t p = 0; p < kProcesses; ++p) {
    children.push_back(in_child([&, p] {
      SystemClock clock;
      auto opened = LmdbStore::open(own, clock);
      if (!opened) return 1;
      LmdbStore& store = **opened;
      const std::uint64_t tenant = 1 + p / 2;
      const std::uint64_t mine = p * kSpan;
      for (std::uint64_t i = 0; i < 60; ++i) {
        if (!store.put_many(entries_of(mine + i * 10, 10, tag_of(tenant)), soon())) return 2;
        if (!count_right(store, mine + i * 10, 10)) return 3;
        if (store.tenant_usage(tag_of(tenant), soon())->bytes_used > own.tenant_quota_bytes)
          return 4;
        if (i % 7 == 0) {
          const auto erased = store.erase_many(std::vector{key_of(mine + i * 10)}, soon());
          if (!erased || *erased > 1) return 5;
          if (store.find_many(std::vector{key_of(mine + i * 10)}, soon())->front()) return 6;
        }
        // What others have is right, too, whoever evicts it meanwhile.
        if (!count_right(store, (p + 1) % kProcesses * kSpan + i * 10, 10)) return 7;
      }
      return 0;
    }));
  }
  for (pid_t child : children) EXPECT_EQ(exit_status(child), 0);
  auto store = open(own);
  ASSERT_TRUE(store);
  std::uint64_t entries = 0;
  for (std::uint64_t tenant = 1; tenant <= kProcesses / 2; ++tenant) {
    const auto usage = store->tenant_usage(tag_of(tenant), soon());
    EXPECT_LE(usage->bytes_used, own.tenant_quota_bytes);
    EXPECT_GT(usage->bytes_used, own.tenant_quota_bytes * 9 / 10);
    entries += usage->entries;
    std::uint64_t found = 0;
    for (std::uint64_t p : {2 * tenant - 2, 2 * tenant - 1}) {
      const auto part = count_right(*store, p * kSpan, 600);
      ASSERT_TRUE(part);
      found += *part;
    }
    EXPECT_EQ(found, usage->entries);
  }
  EXPECT_EQ(store->usage(soon())->entries, entries);
  const std::uint64_t of_third = store->tenant_usage(tag_of(3), soon())->entries;
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(3), soon()).value(), of_third);
  EXPECT_EQ(store->usage(soon())->entries, entries - of_third);
}

// Nine processes flood a small file for one tenant; the tenth belongs to another one.
TEST_F(LmdbProcessesTest, NineProcessesOfOneTenantDoNotEvictAnother) {
  auto own = options();
  own.capacity_bytes = 4 * MiB;
  {
    auto store = open(own);
    ASSERT_TRUE(store && store->put_many(entries_of(0, 300, tag_of(2)), soon()));
  }
  std::vector<pid_t> children;
  for (std::uint64_t p = 1; p < kProcesses; ++p) {
    children.push_back(in_child([&, p] {
      SystemClock clock;
      auto store = LmdbStore::open(own, clock);
      if (!store) return 1;
      for (std::uint64_t i = 0; i < 40; ++i) {
        if (!(*store)->put_many(entries_of(p * kSpan + i * 25, 25, tag_of(1)), soon())) return 2;
        if (!count_right(**store, p * kSpan + i * 25, 25)) return 3;
      }
      return 0;
    }));
  }
  auto store = open(own);
  ASSERT_TRUE(store);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(count_right(*store, 0, 300), 300U);
    std::this_thread::sleep_for(10ms);
  }
  for (pid_t child : children) EXPECT_EQ(exit_status(child), 0);
  EXPECT_EQ(count_right(*store, 0, 300), 300U);
  EXPECT_GT(store->tenant_usage(tag_of(1), soon())->entries, 300U);
}

// Two processes that erase from one another; both hear all of it, and how late is printed.
TEST_F(LmdbProcessesTest, TwoProcessesEraseAndHearEachOther) {
  constexpr std::uint64_t kRounds = 40;
  int ping[2];
  int pong[2];
  ASSERT_EQ(::pipe(ping), 0);
  ASSERT_EQ(::pipe(pong), 0);
  // Erases a key when told, tells, and waits for the other one's key.
  auto play = [&](LmdbStore& store, testing::RecordingListener& listener, std::uint64_t mine,
                  std::uint64_t theirs, int in, int out, bool begins) {
    std::chrono::nanoseconds latest{0};
    for (std::uint64_t i = 0; i < kRounds; ++i) {
      char c = 0;
      if (begins) {
        if (!store.erase_many(std::vector{key_of(mine + i)}, soon()) || ::write(out, "x", 1) != 1)
          return -1;
      }
      if (::read(in, &c, 1) != 1) return -1;
      const auto told = std::chrono::steady_clock::now();
      // On a machine with too much to do the follower may have to say lost() instead.
      if (!listener.wait_for(
              [&](const auto& h) { return h.keys.contains(key_of(theirs + i)) || h.lost > 0; }))
        return -1;
      latest = std::max<std::chrono::nanoseconds>(latest, std::chrono::steady_clock::now() - told);
      if (!begins) {
        if (!store.erase_many(std::vector{key_of(mine + i)}, soon()) || ::write(out, "x", 1) != 1)
          return -1;
      }
    }
    return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(latest).count());
  };
  const pid_t child = in_child([&] {
    SystemClock clock;
    auto store = LmdbStore::open(options(), clock);
    testing::RecordingListener listener;
    if (!store) return 1;
    ::close(pong[0]);
    ::close(ping[1]);
    (*store)->listen(&listener);
    if (::write(pong[1], "x", 1) != 1) return 3;
    return play(**store, listener, 1000, 0, ping[0], pong[1], false) >= 0 ? 0 : 2;
  });
  auto store = open(options());
  ASSERT_TRUE(store);
  ::close(pong[1]);  // So that a child that ends early is noticed.
  ::close(ping[0]);
  testing::RecordingListener listener;
  store->listen(&listener);
  char ready = 0;
  ASSERT_EQ(::read(pong[0], &ready, 1), 1);
  const int latest_ms = play(*store, listener, 0, 1000, pong[0], ping[1], true);
  EXPECT_GE(latest_ms, 0);
  for (int fd : {ping[1], pong[0]}) ::close(fd);  // A child that still waits ends.
  EXPECT_EQ(exit_status(child), 0);
  std::cout << "heard at most " << latest_ms << " ms late in " << kRounds << " rounds\n";
}

TEST_F(LmdbProcessesTest, AFullDiskCostsWritesOnlyAndIsRecoveredFrom) {
  const fs::path disk = folder_.path() / "disk";
  const testing::Tmpfs tmpfs(disk, "6m");
  if (!tmpfs.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  auto own = options();
  own.folder = disk / "store";
  // In a child, so that a SIGBUS is a failure of this test and not the end of all.
  const pid_t child = in_child([&] {
    SystemClock clock;
    auto opened = LmdbStore::open(own, clock);
    if (!opened) return 1;
    LmdbStore& store = **opened;
    if (!store.put_many(entries_of(0, 100, tag_of(1)), soon())) return 2;
    if (store.health().state != StoreState::on) return 3;
    int failed = 0;
    for (std::uint64_t i = 0; i < 150; ++i) {
      const auto put = store.put_many(entries_of(1000 + i * 20, 20, tag_of(1)), soon());
      if (!put && put.error().code != Errc::unavailable) return 4;
      failed += put ? 0 : 1;
      if (count_right(store, 0, 100) != 100U) return 5;
    }
    if (failed == 0) return 6;
    tmpfs.fill();
    if (store.put_many(entries_of(90'000, 200, tag_of(1)), soon())) return 7;
    if (store.health().state != StoreState::degraded || store.health().reason.empty()) return 8;
    if (store.erase_many(std::vector{key_of(1)}, soon()) &&
        store.find_many(std::vector{key_of(1)}, soon())->front()) {
      return 9;
    }
    // A second process opens the store of a full disk, or is told why not.
    const pid_t second = in_child([&] {
      auto other = LmdbStore::open(own, clock);
      if (!other) return other.error().code == Errc::unavailable ? 0 : 1;
      return count_right(**other, 2, 98) == 98U ? 0 : 2;
    });
    if (exit_status(second) != 0) return 10;
    // And a new one can't be made, which is no crash either.
    const pid_t third = in_child([&] {
      auto other = own;
      other.folder = disk / "other";
      return LmdbStore::open(other, clock) ? 1 : 0;
    });
    if (exit_status(third) != 0) return 11;
    tmpfs.make_room();
    const auto room_at = std::chrono::steady_clock::now();
    while (!store.put_many(entries_of(90'000, 20, tag_of(1)), soon())) {
      if (std::chrono::steady_clock::now() - room_at > 30s) return 12;
    }
    if (store.health().state != StoreState::on) return 13;
    return count_right(store, 90'000, 20) == 20U && count_right(store, 2, 98) == 98U ? 0 : 14;
  });
  EXPECT_EQ(exit_status(child), 0);
}

TEST_F(LmdbProcessesTest, LostRightsAreAnErrorAtOpenAndNoneAfterwards) {
  if (::getuid() != 0) GTEST_SKIP() << "giving up rights needs root";
  fs::permissions(folder_.path(), fs::perms::all);
  const pid_t child = in_child([&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 1;
    SystemClock clock;
    {
      auto opened = LmdbStore::open(options(), clock);
      if (!opened || !(*opened)->put_many(entries_of(0, 20, tag_of(1)), soon())) return 2;
      // What is open stays open.
      fs::permissions(options().folder, fs::perms::none);
      if (count_right(**opened, 0, 20) != 20U) return 3;
      if (!(*opened)->put_many(entries_of(100, 20, tag_of(1)), soon())) return 4;
      if ((*opened)->health().state != StoreState::on) return 5;
    }
    auto again = LmdbStore::open(options(), clock);
    if (again || again.error().code != Errc::unavailable) return 6;
    fs::permissions(options().folder, fs::perms::owner_all);
    again = LmdbStore::open(options(), clock);
    return again && count_right(**again, 100, 20) == 20U ? 0 : 7;
  });
  EXPECT_EQ(exit_status(child), 0);
}

}  // namespace
}  // namespace leyden::cache
