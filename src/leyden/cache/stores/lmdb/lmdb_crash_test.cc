// A process that writes is killed at random moments, again and again; what the file holds then is compared
// with what was acknowledged. LEYDEN_TEST_KILLS sets how often (200).
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <lmdb.h>
#include <sys/mman.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
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
using testing::soon;

constexpr std::size_t kKeys = 600;
constexpr std::size_t kTenants = 3;

GroupTag tenant_of(std::size_t number) { return {static_cast<std::byte>(1 + number % kTenants)}; }

// Says by itself whose it is and which version.
Bytes value_of(std::size_t number, std::uint32_t version) {
  std::mt19937_64 random(number * 1'000'003 + version);
  Bytes out(8 + random() % 5000);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  std::memcpy(out.data(), &version, sizeof(version));
  return out;
}

// In memory that outlives the child. Version 0: absent.
struct Expected {
  struct Slot {
    std::atomic<std::uint32_t> acknowledged;
    std::atomic<std::uint32_t> under_way;
    std::atomic<bool> is_under_way;
  };
  std::array<Slot, kKeys> slots;
  std::atomic<std::uint32_t> last_version;
  std::atomic<std::uint64_t> calls;
};

class SharedExpected {
 public:
  SharedExpected()
      : memory_(::mmap(nullptr, sizeof(Expected), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) std::abort();
  }
  SharedExpected(const SharedExpected&) = delete;
  SharedExpected& operator=(const SharedExpected&) = delete;
  ~SharedExpected() { ::munmap(memory_, sizeof(Expected)); }
  Expected* operator->() { return static_cast<Expected*>(memory_); }  // Zeros are its beginning.

 private:
  void* memory_;
};

class LmdbCrashTest : public ::testing::Test {
 protected:
  using Change = std::pair<std::size_t, std::uint32_t>;  // Key and version.

  template <class Call>
  bool change(const std::vector<Change>& changes, Call&& call) {
    for (auto [key, version] : changes) {
      expected_->slots[key].under_way = version;
      expected_->slots[key].is_under_way = true;
    }
    if (!call()) return false;
    for (auto [key, version] : changes) {
      expected_->slots[key].acknowledged = version;
      expected_->slots[key].is_under_way = false;
    }
    ++expected_->calls;
    return true;
  }

  // Until it is killed.
  int write_for_ever(const LmdbStoreOptions& options, std::uint64_t seed) {
    SystemClock clock;
    auto opened = LmdbStore::open(options, clock);
    if (!opened) return 1;
    LmdbStore& store = **opened;
    testing::RecordingListener listener;
    store.listen(&listener);
    std::mt19937_64 random(seed);
    while (true) {
      std::vector<Change> changes;
      const std::uint64_t kind = random() % 20;
      if (kind == 0) {
        const GroupTag tenant = tenant_of(random());
        for (std::size_t key = 0; key < kKeys; ++key) {
          if (tenant_of(key) == tenant) changes.emplace_back(key, 0);
        }
        if (!change(changes, [&] {
              return store.erase_group(GroupKind::tenant, tenant, soon()).has_value();
            })) {
          return 2;
        }
        continue;
      }
      for (std::size_t i = 1 + random() % 40; i > 0; --i) {
        const std::size_t key = random() % kKeys;
        if (std::ranges::find(changes, key, &Change::first) != changes.end()) continue;
        changes.emplace_back(key, kind < 4 ? 0 : ++expected_->last_version);
      }
      const bool done = change(changes, [&] {
        if (kind < 4) {
          std::vector<BlockKey> keys;
          for (auto [key, version] : changes) keys.push_back(key_of(key));
          return store.erase_many(keys, soon()).has_value();
        }
        std::vector<StoreEntry> entries;
        for (auto [key, version] : changes) {
          StoreEntry entry{key_of(key), value_of(key, version), tenant_of(key)};
          entry.tokenizer = tenant_of(key / 7);
          entries.push_back(std::move(entry));
        }
        return store.put_many(entries, soon()).has_value();
      });
      if (!done) return 3;
    }
  }

  // What the file says against what it may say; then the expectation is what it says.
  void verify(LmdbStore& store, bool may_evict, std::uint64_t& present) {
    std::vector<BlockKey> keys;
    for (std::size_t key = 0; key < kKeys; ++key) keys.push_back(key_of(key));
    const auto found = store.find_many(keys, soon());
    ASSERT_TRUE(found) << found.error().message;
    std::array<Tally, kTenants> tallies{};
    std::uint64_t count = 0;
    for (std::size_t key = 0; key < kKeys; ++key) {
      auto& slot = expected_->slots[key];
      std::uint32_t version = 0;
      if (const auto& value = (*found)[key]) {
        ++count;
        ASSERT_GE(value->size(), 8U);
        std::memcpy(&version, value->data(), sizeof(version));
        ASSERT_EQ(*value, value_of(key, version)) << "a wrong array under key " << key;
        Tally& tally = tallies[key % kTenants];
        ++tally.entries;
        tally.bytes += value->size() + 240;
      }
      const bool right = version == slot.acknowledged ||
                         (slot.is_under_way && version == slot.under_way) ||
                         (may_evict && version == 0);
      ASSERT_TRUE(right) << "key " << key << " has version " << version << ", acknowledged "
                         << slot.acknowledged << ", under way " << slot.under_way;
      slot.acknowledged = version;
      slot.is_under_way = false;
    }
    // Entries, orders and tallies agree.
    ASSERT_EQ(store.usage(soon())->entries, count);
    for (std::size_t tenant = 0; tenant < kTenants; ++tenant) {
      const auto usage = store.tenant_usage(tenant_of(tenant), soon());
      ASSERT_EQ(usage->entries, tallies[tenant].entries);
      ASSERT_EQ(usage->bytes_used, tallies[tenant].bytes);
    }
    present += count;
  }

  struct Tally {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  TemporaryFolder folder_;
  SharedExpected expected_;
};

TEST_F(LmdbCrashTest, KilledAtAnyMomentTheStoreOpensAndHoldsWhatWasAcknowledged) {
  const char* wanted = std::getenv("LEYDEN_TEST_KILLS");
  const std::uint64_t kills = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 200;
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  std::mt19937_64 random(seed);
  std::uint64_t present = 0;
  for (std::uint64_t round = 0; round < kills; ++round) {
    // Every other fifty rounds in a file that is always full.
    const bool may_evict = round / 50 % 2 == 1;
    LmdbStoreOptions options;
    options.folder = folder_.path() / "store";
    options.capacity_bytes = may_evict ? 4 * MiB : 32 * MiB;
    options.tenant_quota_bytes = may_evict ? 600 * KiB : 0;
    options.ttl = 0s;
    const std::uint64_t child_seed = random();
    const std::uint64_t calls_before = expected_->calls;
    const pid_t child = in_child([&] { return write_for_ever(options, child_seed); });
    // Three of four are at work when it hits them; the others may be opening the store.
    for (int i = 0; round % 4 != 0 && expected_->calls == calls_before && i < 10'000; ++i) {
      std::this_thread::sleep_for(1ms);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(exit_status(child), -SIGKILL) << "round " << round;

    SystemClock clock;
    auto store = LmdbStore::open(options, clock);
    ASSERT_TRUE(store) << store.error().message << ", round " << round;
    ASSERT_NO_FATAL_FAILURE(verify(**store, may_evict, present)) << "round " << round;
    ASSERT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1)
        << "something was moved aside in round " << round;
    if (round % 20 == 19) {
      // The index of tenants holds exactly what was found.
      const GroupTag tenant = tenant_of(round);
      const auto had = (*store)->tenant_usage(tenant, soon());
      ASSERT_EQ((*store)->erase_group(GroupKind::tenant, tenant, soon()).value(), had->entries);
      for (std::size_t key = 0; key < kKeys; ++key) {
        if (tenant_of(key) == tenant) expected_->slots[key].acknowledged = 0;
      }
    }
  }
  std::cout << kills << " kills, " << expected_->calls << " acknowledged calls, " << present
            << " values compared\n";
  EXPECT_GT(expected_->calls, kills / 2);
}

// More killed readers than LMDB has slots.
TEST_F(LmdbCrashTest, KilledReadersLeaveTheirSlots) {
  LmdbStoreOptions options;
  options.folder = folder_.path() / "store";
  options.capacity_bytes = 4 * MiB;
  SystemClock clock;
  {
    auto store = LmdbStore::open(options, clock);
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->put_many(std::vector<StoreEntry>{{key_of(1), value_of(1, 1)}}, soon()));
    (*store)->close();
  }
  int pins = 0;
  const auto die_reading = [&] {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 8) != 0) return 1;
    if (mdb_env_open(env, options.folder.c_str(), MDB_NOTLS | MDB_RDONLY, 0600) != 0) return 2;
    if (const int rc = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn); rc != 0) {
      return rc == MDB_READERS_FULL ? 3 : 4;
    }
    ::kill(::getpid(), SIGKILL);
    return 5;
  };
  auto store = LmdbStore::open(options, clock);
  ASSERT_TRUE(store);
  int status = 0;
  for (int i = 0; i < 600 && status != 3; ++i) {
    status = exit_status(in_child(die_reading));
    ASSERT_TRUE(status == -SIGKILL || status == 3) << status;
    pins += status == -SIGKILL ? 1 : 0;
  }
  EXPECT_EQ(status, 3);  // All slots are those of the dead.
  EXPECT_GT(pins, 400);
  const auto found = (*store)->find_many(std::vector{key_of(1)}, soon());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->front(), value_of(1, 1));
  // And they pin no pages any more: many times its capacity goes through the file.
  for (std::uint32_t i = 0; i < 100; ++i) {
    std::vector<StoreEntry> entries;
    for (std::size_t n = 0; n < 40; ++n) entries.push_back({key_of(i * 40 + n), value_of(n, i)});
    const auto put = (*store)->put_many(entries, soon());
    ASSERT_TRUE(put) << put.error().message;
  }
  EXPECT_LE(fs::file_size(options.folder / "data.mdb"), options.capacity_bytes);
}

}  // namespace
}  // namespace leyden::cache
