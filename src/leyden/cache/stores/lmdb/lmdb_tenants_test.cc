// Groups, quotas, fair eviction, erasures that are heard, health, closing.
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <lmdb.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/stores/lmdb/writer_lock.h"
#include "leyden/cache/testing/child_process.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/testing/recording_listener.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::exit_status;
using testing::in_child;
using testing::key_of;
using testing::RecordingListener;
using testing::soon;

constexpr std::uint64_t kOverhead = 240;  // lmdb_store.h says so.

GroupTag tag_of(std::string_view name) {
  GroupTag out{};
  const Digest digest = Hasher().field(name).finish();
  std::copy_n(digest.bytes.begin(), out.size(), out.begin());
  return out;
}

StoreEntry entry_of(std::uint64_t number, std::string_view tenant, std::string_view tokenizer = "t",
                    std::size_t size = 1000) {
  StoreEntry out;
  out.key = key_of(number);
  out.value = Bytes(size, static_cast<std::byte>(number));
  out.tenant = tag_of(tenant);
  out.tokenizer = tag_of(tokenizer);
  return out;
}

std::vector<StoreEntry> entries_of(std::uint64_t first, std::uint64_t count,
                                   std::string_view tenant, std::string_view tokenizer = "t") {
  std::vector<StoreEntry> out;
  for (std::uint64_t i = first; i < first + count; ++i) {
    out.push_back(entry_of(i, tenant, tokenizer));
  }
  return out;
}

std::uint64_t count_found(Store& store, std::uint64_t first, std::uint64_t count) {
  std::vector<BlockKey> keys;
  for (std::uint64_t i = first; i < first + count; ++i) keys.push_back(key_of(i));
  auto found = store.find_many(keys, soon());
  if (!found) {
    ADD_FAILURE() << found.error().message;
    return 0;
  }
  std::uint64_t out = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!(*found)[i]) continue;
    ++out;
    EXPECT_EQ(*(*found)[i], Bytes((*found)[i]->size(), static_cast<std::byte>(first + i)));
  }
  return out;
}

class LmdbTenantsTest : public ::testing::Test {
 protected:
  std::unique_ptr<LmdbStore> open(const LmdbStoreOptions& options) {
    auto store = LmdbStore::open(options, clock_);
    if (!store) {
      ADD_FAILURE() << store.error().message;
      return nullptr;
    }
    return std::move(*store);
  }
  std::unique_ptr<LmdbStore> open() { return open(options()); }
  LmdbStoreOptions options() const {
    return {.folder = folder_.path() / "store", .capacity_bytes = 16 * MiB, .ttl = 0s};
  }

  TemporaryFolder folder_;
  ManualClock clock_;
};

TEST_F(LmdbTenantsTest, AGroupIsErasedExactlyAndNoOther) {
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 1500, "a", "x"), soon()));
  ASSERT_TRUE(store->put_many(entries_of(2000, 300, "b", "x"), soon()));
  ASSERT_TRUE(store->put_many(entries_of(3000, 200, "b", "y"), soon()));
  ASSERT_TRUE(store->put_many(std::vector<StoreEntry>{{key_of(9000), {}}}, soon()));
  // Over to another tenant: it counts there now.
  ASSERT_TRUE(store->put_many(entries_of(0, 10, "b", "x"), soon()));

  EXPECT_EQ(store->tenant_usage(tag_of("a"), soon())->entries, 1490U);
  EXPECT_EQ(store->tenant_usage(tag_of("b"), soon())->bytes_used, 510 * (1000 + kOverhead));
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of("nobody"), soon()).value(), 0U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of("a"), soon()).value(), 1490U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of("a"), soon()).value(), 0U);
  EXPECT_EQ(store->usage(soon())->entries, 511U);
  EXPECT_EQ(count_found(*store, 2000, 300), 300U);
  EXPECT_EQ(store->erase_group(GroupKind::tokenizer, tag_of("x"), soon()).value(), 310U);
  EXPECT_EQ(count_found(*store, 3000, 200), 200U);
  EXPECT_EQ(store->tenant_usage(tag_of("b"), soon())->entries, 200U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, GroupTag{}, soon()).value(), 1U);  // Of none.
  EXPECT_EQ(store->erase_group(GroupKind::tokenizer, tag_of("y"), soon()).value(), 200U);
  EXPECT_EQ(store->usage(soon())->entries, 0U);
  EXPECT_EQ(store->tenant_usage(tag_of("b"), soon())->bytes_used, 0U);
}

TEST_F(LmdbTenantsTest, WhatHasExpiredDoesNotCountAsErased) {
  auto store = open();
  std::vector<StoreEntry> entries = entries_of(0, 20, "a");
  for (std::size_t i = 0; i < 10; ++i) entries[i].ttl = 100s;
  ASSERT_TRUE(store->put_many(entries, soon()));
  clock_.advance(80s);
  EXPECT_EQ(count_found(*store, 0, 20), 20U);
  clock_.advance(40s);
  EXPECT_EQ(count_found(*store, 0, 20), 10U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of("a"), soon()).value(), 10U);
  EXPECT_EQ(store->usage(soon())->entries, 0U);
}

TEST_F(LmdbTenantsTest, ATimeToLiveOutOfRangeIsRefused) {
  auto store = open();
  StoreEntry entry = entry_of(1, "a");
  entry.ttl = -1s;
  EXPECT_EQ(store->put_many(std::vector{entry}, soon()).error().code, Errc::invalid_argument);
}

TEST_F(LmdbTenantsTest, ATenantOverItsQuotaLosesItsOwnOldest) {
  auto own = options();
  own.tenant_quota_bytes = 100 * (1000 + kOverhead) + 7;
  auto store = open(own);
  ASSERT_TRUE(store->put_many(entries_of(0, 50, "b"), soon()));
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->put_many(entries_of(1000 + i * 25, 25, "a"), soon()));
    ASSERT_LE(store->tenant_usage(tag_of("a"), soon())->bytes_used, own.tenant_quota_bytes);
  }
  EXPECT_EQ(store->tenant_usage(tag_of("a"), soon())->entries, 100U);
  EXPECT_EQ(store->tenant_usage(tag_of("a"), soon())->bytes_budget, own.tenant_quota_bytes);
  EXPECT_EQ(count_found(*store, 1400, 100), 100U);
  EXPECT_EQ(count_found(*store, 1000, 400), 0U);
  EXPECT_EQ(count_found(*store, 0, 50), 50U);
  // What alone is over the quota can't stay; that is no error, and the others of its tenant were older.
  ASSERT_TRUE(store->put_many(std::vector{entry_of(7, "a", "t", 200'000)}, soon()));
  EXPECT_EQ(store->tenant_usage(tag_of("a"), soon())->entries, 0U);
  EXPECT_EQ(count_found(*store, 0, 50), 49U);  // 7 was the other tenant's before.
}

TEST_F(LmdbTenantsTest, WhoWritesMuchDoesNotEvictWhoHasLittle) {
  auto small = options();
  small.capacity_bytes = 4 * MiB;
  auto store = open(small);
  ASSERT_TRUE(store->put_many(entries_of(0, 200, "small"), soon()));
  ASSERT_TRUE(store->put_many(entries_of(500, 100, "medium"), soon()));
  for (std::uint64_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(store->put_many(entries_of(10'000 + i * 40, 40, "large"), soon()));
  }
  EXPECT_EQ(count_found(*store, 0, 200), 200U);
  EXPECT_EQ(count_found(*store, 500, 100), 100U);
  const std::uint64_t kept = store->tenant_usage(tag_of("large"), soon())->entries;
  EXPECT_GT(kept, 500U);
  EXPECT_EQ(count_found(*store, 10'000 + 300 * 40 - kept, kept), kept);  // Its newest.
  // A second one that writes as much gets as much.
  for (std::uint64_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(store->put_many(entries_of(30'000 + i * 40, 40, "second"), soon()));
  }
  const auto first = static_cast<double>(store->tenant_usage(tag_of("large"), soon())->entries);
  const auto second = static_cast<double>(store->tenant_usage(tag_of("second"), soon())->entries);
  EXPECT_NEAR(first / second, 1, 0.1);
  EXPECT_EQ(count_found(*store, 0, 200), 200U);
}

TEST_F(LmdbTenantsTest, OwnErasuresAreHeardUntilListeningEnds) {
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 10, "a"), soon()));
  ASSERT_TRUE(store->erase_many(std::vector{key_of(9)}, soon()));  // Before: not heard.
  RecordingListener listener;
  store->listen(&listener);
  ASSERT_TRUE(store->erase_many(std::vector{key_of(1), key_of(777)}, soon()));
  ASSERT_TRUE(store->erase_group(GroupKind::tenant, tag_of("a"), soon()));
  EXPECT_TRUE(
      listener.wait_for([](const auto& h) { return h.keys.size() == 2 && h.groups.size() == 1; }));
  EXPECT_TRUE(listener.heard().keys.contains(key_of(777)));  // Whether or not it was there.
  store->listen(nullptr);
  const int calls = listener.heard().calls;
  ASSERT_TRUE(store->erase_many(std::vector{key_of(2)}, soon()));
  std::this_thread::sleep_for(250ms);
  EXPECT_EQ(listener.heard().calls, calls);
  EXPECT_EQ(listener.heard().lost, 0);
}

TEST_F(LmdbTenantsTest, AnotherProcessesErasuresAreHeard) {
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  const pid_t child = in_child([&] {
    char c = 0;
    SystemClock clock;
    if (::read(go[0], &c, 1) != 1) return 1;
    auto store = LmdbStore::open(options(), clock);
    if (!store) return 2;
    for (std::uint64_t i = 0; i < 300; ++i) {
      if (!(*store)->erase_many(std::vector{key_of(i)}, soon())) return 3;
    }
    return (*store)->erase_group(GroupKind::tokenizer, tag_of("t"), soon()).value_or(0) == 200 ? 0
                                                                                               : 4;
  });
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 500, "a"), soon()));
  RecordingListener listener;
  store->listen(&listener);
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  ASSERT_EQ(exit_status(child), 0);
  const auto erased = std::chrono::steady_clock::now();
  EXPECT_TRUE(listener.wait_for(
      [](const auto& h) { return h.keys.size() == 300 && h.groups.size() == 1; }));
  RecordProperty("heard_after_ms",
                 std::to_string(ms_between(erased, std::chrono::steady_clock::now())));
  EXPECT_EQ(listener.heard().lost, 0);
  EXPECT_EQ(store->usage(soon())->entries, 0U);
  for (int fd : go) ::close(fd);
}

TEST_F(LmdbTenantsTest, WhoFallsBehindHearsThatItMissedSomething) {
  // Its first call lasts until it is let go.
  class Slow final : public StoreListener {
   public:
    void erased(std::span<const BlockKey>) override {
      while (!go) std::this_thread::sleep_for(1ms);
    }
    void erased_group(GroupKind, const GroupTag&) override {}
    void lost() override { ++losses; }
    std::atomic<bool> go{false};
    std::atomic<int> losses{0};
  };
  auto small = options();
  small.capacity_bytes = 4 * MiB;  // A log of 64 KiB.
  auto store = open(small);
  Slow listener;
  store->listen(&listener);
  for (std::uint64_t i = 0; i < 3000; ++i) {
    ASSERT_TRUE(store->erase_many(std::vector{key_of(i)}, soon()));
  }
  EXPECT_EQ(listener.losses, 0);
  listener.go = true;
  for (int i = 0; i < 15'000 && listener.losses == 0; ++i) std::this_thread::sleep_for(2ms);
  EXPECT_GE(listener.losses, 1);
  EXPECT_LE(store->usage(soon())->bytes_used, 64 * KiB + 40 * KiB);  // The log is bounded.
  store->listen(nullptr);
}

TEST_F(LmdbTenantsTest, AFileThatAnotherProcessReplacedIsNotGoneOnWith) {
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 5, "a"), soon()));
  RecordingListener listener;
  store->listen(&listener);
  fs::rename(options().folder / "data.mdb", options().folder / "aside");
  std::ofstream(options().folder / "data.mdb") << "another one";
  EXPECT_TRUE(listener.wait_for([](const auto& h) { return h.lost > 0; }));
  EXPECT_EQ(store->health().state, StoreState::off);
  EXPECT_EQ(store->find_many(std::vector{key_of(1)}, soon()).error().code, Errc::unavailable);
}

TEST_F(LmdbTenantsTest, ClosingEndsWhatIsUnderWayAndIsIdempotent) {
  auto store = open();
  ASSERT_TRUE(store->put_many(entries_of(0, 5, "a"), soon()));
  RecordingListener listener;
  store->listen(&listener);
  const auto held = WriterLock::open(options().folder / "writer.lock").value();
  auto other_process = held->hold(soon());
  ASSERT_TRUE(other_process);
  Result<void> put;
  std::jthread waiting([&] { put = store->put_many(entries_of(9, 1, "a"), Deadline::never()); });
  std::jthread reading([&] {
    while (store->find_many(std::vector{key_of(1)}, soon())) {
    }
  });
  std::this_thread::sleep_for(30ms);
  store->close();
  waiting.join();
  reading.join();
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::unavailable);
  store->close();
  store->listen(&listener);
  store->listen(nullptr);
  EXPECT_EQ(store->health().state, StoreState::off);
  EXPECT_EQ(store->find_many(std::vector{key_of(1)}, soon()).error().code, Errc::unavailable);
  EXPECT_EQ(store->put_many(entries_of(1, 1, "a"), soon()).error().code, Errc::unavailable);
  EXPECT_EQ(store->erase_many(std::vector{key_of(1)}, soon()).error().code, Errc::unavailable);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, GroupTag{}, soon()).error().code,
            Errc::unavailable);
  EXPECT_EQ(store->usage(soon()).error().code, Errc::unavailable);
  {
    auto release = std::move(*other_process);
  }
  EXPECT_EQ(count_found(*open(), 0, 5), 5U);  // The folder is free again though the object lives.
}

TEST_F(LmdbTenantsTest, AThousandCyclesWithAListenerLeakNothing) {
  auto count = [](const char* folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  };
  open();
  const auto files = count("/proc/self/fd");
  const auto threads = count("/proc/self/task");
  RecordingListener listener;
  for (int i = 0; i < 1000; ++i) {
    auto store = open();
    ASSERT_TRUE(store);
    store->listen(&listener);
    if (i % 2 == 0) store->close();
  }
  EXPECT_EQ(count("/proc/self/fd"), files);
  EXPECT_EQ(count("/proc/self/task"), threads);
}

TEST_F(LmdbTenantsTest, AnotherFormatIsAMissAndReplaced) {
  fs::create_directory(options().folder);
  {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi meta = 0;
    ASSERT_EQ(mdb_env_create(&env), 0);
    ASSERT_EQ(mdb_env_set_maxdbs(env, 4), 0);
    ASSERT_EQ(mdb_env_open(env, options().folder.c_str(), 0, 0600), 0);
    ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
    ASSERT_EQ(mdb_dbi_open(txn, "meta", MDB_CREATE, &meta), 0);
    std::string name = "format";
    std::string one("\1\0\0\0", 4);
    MDB_val key{name.size(), name.data()};
    MDB_val value{one.size(), one.data()};
    ASSERT_EQ(mdb_put(txn, meta, &key, &value, 0), 0);
    ASSERT_EQ(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
  }
  auto store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(store->usage(soon())->entries, 0U);
  ASSERT_TRUE(store->put_many(entries_of(0, 5, "a"), soon()));
  store.reset();
  EXPECT_EQ(count_found(*open(), 0, 5), 5U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace leyden::cache
