#include "leyden/cache/stores/lmdb/lmdb_store.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <lmdb.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/testing/child_process.h"
#include "leyden/cache/testing/numbered.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::count_found;
using testing::entries_of;
using testing::exit_status;
using testing::in_child;
using testing::key_of;
using testing::soon;
using testing::value_of;

std::size_t count_files(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class LmdbStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<LmdbStore> open() { return open_with(options()); }
  std::unique_ptr<LmdbStore> open_with(const LmdbStoreOptions& options) {
    auto store = LmdbStore::open(options, clock_);
    if (!store) {
      ADD_FAILURE() << store.error().message;
      return nullptr;
    }
    return std::move(*store);
  }
  LmdbStoreOptions options() const {
    return {.folder = folder_.path() / "store", .capacity_bytes = 16 * MiB, .ttl = 1000s};
  }
  fs::path data_file() const { return options().folder / "data.mdb"; }
  bool moved_aside() const {
    for (const auto& each : fs::directory_iterator(folder_.path())) {
      if (each.path().filename().string().starts_with("store.corrupt-")) return true;
    }
    return false;
  }

  TemporaryFolder folder_;
  ManualClock clock_;
};

TEST_F(LmdbStoreTest, ChecksItsOptions) {
  EXPECT_EQ(LmdbStore::open({}, clock_).error().code, Errc::invalid_argument);
  auto bad = options();
  bad.capacity_bytes = 4 * MiB - 1;
  EXPECT_EQ(LmdbStore::open(bad, clock_).error().code, Errc::invalid_argument);
  bad = options();
  bad.ttl = -1s;
  EXPECT_EQ(LmdbStore::open(bad, clock_).error().code, Errc::invalid_argument);
}

TEST_F(LmdbStoreTest, WhatWasWrittenOutlivesTheProcess) {
  {
    ASSERT_TRUE(open()->put_many(entries_of(0, 500), soon()));
  }
  auto store = open();
  EXPECT_EQ(count_found(*store, 0, 500), 500U);
  EXPECT_EQ(store->usage(soon())->entries, 500U);
  EXPECT_FALSE(moved_aside());
}

TEST_F(LmdbStoreTest, OthersOnTheMachineCannotReadIt) {
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 5), soon()));
  auto mode = [](const fs::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777U;
  };
  EXPECT_EQ(mode(options().folder), 0700U);
  for (const auto& each : fs::directory_iterator(options().folder)) {
    EXPECT_EQ(mode(each.path()), 0600U) << each.path();
  }
}

TEST_F(LmdbStoreTest, ASecondOpenInOneProcessIsRefused) {
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 5), soon()));
  auto second = LmdbStore::open(options(), clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  // Under another name, too.
  fs::create_directory_symlink(options().folder, folder_.path() / "alias");
  auto alias = options();
  alias.folder = folder_.path() / "alias";
  EXPECT_EQ(LmdbStore::open(alias, clock_).error().code, Errc::unavailable);
  EXPECT_EQ(count_found(*store, 0, 5), 5U);
  store.reset();
  EXPECT_EQ(count_found(*open_with(alias), 0, 5), 5U);
}

TEST_F(LmdbStoreTest, AnUnusableFolderIsAnError) {
  auto bad = options();
  bad.folder = "/proc/leyden/store";
  EXPECT_EQ(LmdbStore::open(bad, clock_).error().code, Errc::unavailable);
  std::ofstream(folder_.path() / "file") << "x";
  bad.folder = folder_.path() / "file";
  EXPECT_EQ(LmdbStore::open(bad, clock_).error().code, Errc::unavailable);
}

TEST_F(LmdbStoreTest, EntriesExpireByTheWallClockEvenAcrossRestarts) {
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 200), soon()));
  clock_.advance(890s);
  EXPECT_EQ(count_found(*store, 0, 200), 200U);
  store.reset();
  store = open();
  clock_.advance(110s);
  const std::uint64_t half = count_found(*store, 0, 200);
  EXPECT_GT(half, 50U);
  EXPECT_LT(half, 150U);
  clock_.advance(110s);
  EXPECT_EQ(count_found(*store, 0, 200), 0U);
  // Their room is given back by later writes.
  for (std::uint64_t i = 0; i < 5; ++i)
    ASSERT_TRUE(store->put_many(entries_of(1000 + i, 1), soon()));
  EXPECT_EQ(store->usage(soon())->entries, 5U);
}

TEST_F(LmdbStoreTest, WithoutTtlEntriesStay) {
  auto forever = options();
  forever.ttl = 0s;
  auto store = open_with(forever);
  ASSERT_TRUE(store->put_many(entries_of(0, 10), soon()));
  clock_.advance(std::chrono::hours(24 * 365 * 20));
  EXPECT_EQ(count_found(*store, 0, 10), 10U);
}

TEST_F(LmdbStoreTest, WhenFullTheOldestWrittenGoAndTheFileStaysBelowItsCapacity) {
  auto small = options();
  for (std::uint64_t capacity : {4 * MiB, 8 * MiB}) {
    small.capacity_bytes = capacity;
    small.folder = folder_.path() / fmt::format("small-{}", capacity);
    auto store = open_with(small);
    constexpr std::uint64_t kBatches = 250;
    for (std::uint64_t i = 0; i < kBatches; ++i) {
      auto put = store->put_many(entries_of(i * 40, 40), soon());
      ASSERT_TRUE(put) << put.error().message;
      auto usage = store->usage(soon());
      ASSERT_TRUE(usage);
      ASSERT_LE(usage->bytes_used, capacity);
      ASSERT_EQ(usage->bytes_budget, capacity);
    }
    EXPECT_LE(fs::file_size(small.folder / "data.mdb"), capacity);
    const std::uint64_t kept = store->usage(soon())->entries;
    EXPECT_GT(kept, capacity / 6000);
    EXPECT_EQ(count_found(*store, kBatches * 40 - kept, kept), kept);  // Exactly the newest.
    EXPECT_EQ(count_found(*store, 0, 40), 0U);
  }
}

TEST_F(LmdbStoreTest, ValuesOfManySizesInASmallFile) {
  auto small = options();
  small.capacity_bytes = 4 * MiB;
  auto store = open_with(small);
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    std::vector<StoreEntry> entries;
    for (std::uint64_t n = random() % 6; n > 0; --n) {
      const std::size_t size = random() % 8 == 0 ? small.value_bytes_max() : random() % 5000;
      entries.push_back({key_of(random() % 2000), Bytes(size, static_cast<std::byte>(size))});
    }
    auto put = store->put_many(entries, soon());
    ASSERT_TRUE(put) << put.error().message << ' ' << i;
    if (i % 7 == 0) {
      ASSERT_TRUE(store->erase_many(std::vector{key_of(random() % 300)}, soon()));
    }
  }
  EXPECT_LE(fs::file_size(small.folder / "data.mdb"), small.capacity_bytes);
}

TEST_F(LmdbStoreTest, ASmallerCapacityThanTheFileHas) {
  {
    ASSERT_TRUE(open()->put_many(entries_of(0, 3000), soon()));
  }
  auto small = options();
  small.capacity_bytes = 4 * MiB;
  auto store = open_with(small);
  EXPECT_EQ(count_found(*store, 0, 3000), 3000U);
  ASSERT_TRUE(store->put_many(entries_of(5000, 10), soon()));
  EXPECT_LE(store->usage(soon())->bytes_used, small.capacity_bytes);
  EXPECT_EQ(count_found(*store, 5000, 10), 10U);
}

TEST_F(LmdbStoreTest, GarbageIsMovedAsideAndTheStoreStartsAnew) {
  fs::create_directory(options().folder);
  std::ofstream(data_file()) << std::string(100'000, 'x');
  auto store = open();
  ASSERT_TRUE(store);
  EXPECT_TRUE(moved_aside());
  ASSERT_TRUE(store->put_many(entries_of(0, 5), soon()));
  EXPECT_EQ(count_found(*store, 0, 5), 5U);
}

TEST_F(LmdbStoreTest, ACutFileIsMovedAside) {
  {
    ASSERT_TRUE(open()->put_many(entries_of(0, 3000), soon()));
  }
  for (std::uint64_t size :
       {std::uint64_t{100}, std::uint64_t{4096}, std::uint64_t{100'000}, 1 * MiB}) {
    fs::resize_file(data_file(), size);
    auto store = open();
    ASSERT_TRUE(store) << size;
    EXPECT_TRUE(moved_aside());
    EXPECT_EQ(count_found(*store, 0, 3000), 0U) << size;
    ASSERT_TRUE(store->put_many(entries_of(0, 3000), soon()));
  }
}

TEST_F(LmdbStoreTest, AnEmptyFileIsANewStore) {
  fs::create_directory(options().folder);
  std::ofstream(data_file()).flush();
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 5), soon()));
  EXPECT_EQ(count_found(*store, 0, 5), 5U);
  EXPECT_FALSE(moved_aside());
}

TEST_F(LmdbStoreTest, AThousandOpensLeakNothing) {
  ASSERT_TRUE(open()->put_many(entries_of(0, 5), soon()));
  auto lines = [] {
    std::ifstream maps("/proc/self/maps");
    return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
  };
  const std::size_t files = count_files("/proc/self/fd");
  const std::size_t threads = count_files("/proc/self/task");
  const auto maps = lines();
  for (int i = 0; i < 1000; ++i) {
    auto store = open();
    ASSERT_TRUE(store);
    if (i % 10 == 0) {
      ASSERT_EQ(count_found(*store, 0, 5), 5U);
    }
  }
  EXPECT_EQ(count_files("/proc/self/fd"), files);
  EXPECT_EQ(count_files("/proc/self/task"), threads);
  EXPECT_LE(lines(), maps + 8);  // The allocator may map a little.
}

TEST_F(LmdbStoreTest, TwoProcessesShareIt) {
  constexpr std::uint64_t kBatches = 40;
  const pid_t child = in_child([&] {
    SystemClock clock;
    auto own = options();
    own.ttl = 0s;
    auto store = LmdbStore::open(own, clock);
    if (!store) return 1;
    for (std::uint64_t i = 0; i < kBatches; ++i) {
      if (!(*store)->put_many(entries_of(i * 20, 20), soon())) return 2;
    }
    // What the other one writes is seen here.
    for (int i = 0; i < 3000; ++i) {
      auto found = (*store)->find_many(std::vector{key_of(77'000)}, soon());
      if (!found) return 3;
      if (found->front()) return *found->front() == value_of(77'000) ? 0 : 4;
      std::this_thread::sleep_for(10ms);
    }
    return 5;
  });
  auto own = options();
  own.ttl = 0s;
  auto store = open_with(own);
  for (std::uint64_t i = 0; i < kBatches; ++i) {
    ASSERT_TRUE(store->put_many(entries_of(100'000 + i * 20, 20), soon()));
    count_found(*store, 0, kBatches * 20);
  }
  for (int i = 0; i < 3000 && count_found(*store, 0, kBatches * 20) < kBatches * 20; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(count_found(*store, 0, kBatches * 20), kBatches * 20);
  EXPECT_EQ(count_found(*store, 100'000, kBatches * 20), kBatches * 20);
  ASSERT_TRUE(store->put_many(entries_of(77'000, 1), soon()));
  EXPECT_EQ(exit_status(child), 0);
}

// The file outgrows our map when another process has a larger capacity (MDB_MAP_RESIZED).
TEST_F(LmdbStoreTest, AnotherProcessWithALargerCapacityGrowsTheFile) {
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  const pid_t child = in_child([&] {
    char c = 0;
    if (::read(go[0], &c, 1) != 1) return 1;
    SystemClock clock;
    auto large = options();
    large.capacity_bytes = 64 * MiB;
    large.ttl = 0s;
    auto store = LmdbStore::open(large, clock);
    if (!store) return 2;
    return (*store)->put_many(entries_of(0, 4000), soon()) ? 0 : 3;
  });
  auto small = options();
  small.capacity_bytes = 4 * MiB;
  small.ttl = 0s;
  auto store = open_with(small);
  ASSERT_TRUE(store->put_many(entries_of(9000, 3), soon()));
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  ASSERT_EQ(exit_status(child), 0);
  EXPECT_EQ(count_found(*store, 0, 4000), 4000U);
  EXPECT_EQ(count_found(*store, 9000, 3), 3U);
  ASSERT_TRUE(
      store->put_many(entries_of(9100, 3), soon()));  // Evicts down to what this one may have.
  EXPECT_LE(store->usage(soon())->bytes_used, small.capacity_bytes);
  EXPECT_EQ(count_found(*store, 9100, 3), 3U);
  ::close(go[0]);
  ::close(go[1]);
}

// A reader that never ends pins every page that was live when it began: the file must not grow
// without end, writes may fail in the meantime, reads must not, and all is well once it is gone,
// even killed.
TEST_F(LmdbStoreTest, AReaderThatHangsCostsWritesAtMost) {
  auto small = options();
  small.capacity_bytes = 4 * MiB;
  small.ttl = 0s;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  {
    ASSERT_TRUE(open_with(small)->put_many(entries_of(0, 1500), soon()));
  }
  const pid_t child = in_child([&] {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 4) != 0) return 1;
    if (mdb_env_open(env, small.folder.c_str(), MDB_NOTLS | MDB_RDONLY, 0600) != 0) return 2;
    if (mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) != 0) return 3;
    if (::write(ready[1], "x", 1) != 1) return 4;
    ::pause();
    return 5;
  });
  char c = 0;
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  auto store = open_with(small);
  int failed = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    auto put = store->put_many(entries_of(10'000 + i * 40, 40), soon());
    if (!put) {
      ++failed;
      ASSERT_EQ(put.error().code, Errc::unavailable) << put.error().message;
    }
    count_found(*store, 10'000 + i * 40, 40);
  }
  EXPECT_GT(failed, 0);
  EXPECT_LE(fs::file_size(small.folder / "data.mdb"), small.capacity_bytes / 2 * 3);
  ::kill(child, SIGKILL);
  ASSERT_EQ(exit_status(child), -SIGKILL);
  for (std::uint64_t i = 0; i < 50; ++i) {
    auto put = store->put_many(entries_of(20'000 + i * 40, 40), soon());
    ASSERT_TRUE(put) << put.error().message;
    ASSERT_EQ(count_found(*store, 20'000 + i * 40, 40), 40U);
  }
  EXPECT_LE(fs::file_size(small.folder / "data.mdb"), small.capacity_bytes / 2 * 3);
  for (int fd : ready) ::close(fd);
}

// A limit on the size of files stands for a full disk: the kernel refuses the write in the same
// place.
TEST_F(LmdbStoreTest, AFullDiskCostsWritesUntilThereIsRoomAgain) {
  auto own = options();
  own.ttl = 0s;
  const pid_t child = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto opened = LmdbStore::open(own, clock_);
    if (!opened || !(*opened)->put_many(entries_of(0, 100), soon())) return 1;
    LmdbStore& store = **opened;
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    rlimit tight = limit;
    tight.rlim_cur = fs::file_size(data_file()) + 8192;
    ::setrlimit(RLIMIT_FSIZE, &tight);
    auto put = store.put_many(entries_of(1000, 2000), soon());
    if (put || put.error().code != Errc::unavailable) return 2;
    if (count_found(store, 0, 100) != 100) return 3;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!store.put_many(entries_of(1000, 2000), soon())) return 4;
    return count_found(store, 1000, 2000) == 2000 ? 0 : 5;
  });
  EXPECT_EQ(exit_status(child), 0);
}

TEST_F(LmdbStoreTest, ErasingVeryManyAtOnce) {
  auto small = options();
  small.capacity_bytes = 4 * MiB;
  auto store = open_with(small);
  ASSERT_TRUE(store->put_many(entries_of(0, 5000), soon()));
  const std::uint64_t kept = store->usage(soon())->entries;
  std::vector<BlockKey> all;
  for (std::uint64_t i = 0; i < 5000; ++i) all.push_back(key_of(i));
  EXPECT_EQ(store->erase_many(all, soon()).value(), kept);
  EXPECT_EQ(store->usage(soon())->entries, 0U);
}

TEST_F(LmdbStoreTest, WaitingForAnotherProcessesWriteEndsAtTheDeadline) {
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const fs::path lock = options().folder / "writer.lock";
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 3), soon()));
  const pid_t child = in_child([&] {
    // The shell's flock would do: someone holds the lock and does not let go.
    const std::string command = fmt::format("exec flock {} sh -c 'echo x >&{}; read _ <&{}'",
                                            lock.string(), ready[1], done[0]);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    return 1;
  });
  char c = 0;
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(store->put_many(entries_of(10, 1), Deadline::after(50ms)).error().code,
            Errc::timed_out);
  EXPECT_EQ(store->erase_many(std::vector{key_of(1)}, Deadline::after(50ms)).error().code,
            Errc::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  EXPECT_EQ(count_found(*store, 0, 3), 3U);  // Readers don't wait for writers.
  ASSERT_EQ(::write(done[1], "\n", 1), 1);
  EXPECT_EQ(exit_status(child), 0);
  EXPECT_TRUE(store->put_many(entries_of(10, 1), soon()));
  for (int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
}

}  // namespace
}  // namespace leyden::cache
