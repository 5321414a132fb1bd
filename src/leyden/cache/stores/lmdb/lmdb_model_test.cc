// Random operations on a store and on a plain map, in step: puts with tenants, tokenizers and times to live,
// finds, erasures of keys and of groups, time that passes, reopening, crashes. LEYDEN_TEST_OPERATIONS sets how
// many (200,000 in all), LEYDEN_TEST_SEED repeats a run.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/testing/child_process.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::exit_status;
using testing::in_child;
using testing::key_of;
using testing::soon;
using testing::tag_of;

constexpr std::uint64_t kKeys = 5000;
constexpr std::uint64_t kOverhead = 240;
constexpr std::size_t kSweptPerWrite = 64;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

struct Operation {
  enum Kind { put, find, erase, erase_group, advance, reopen, crash } kind = find;
  std::vector<StoreEntry> entries;
  std::vector<BlockKey> keys;
  GroupKind group_kind = GroupKind::tenant;
  GroupTag tag{};
  std::chrono::seconds time{0};
};

Operation next_operation(std::mt19937_64& random) {
  Operation out;
  const std::uint64_t kind = random() % 10'000;
  if (kind < 4000) {
    out.kind = Operation::put;
    for (std::uint64_t i = 1 + random() % 6; i > 0; --i) {
      const std::uint64_t number = random() % kKeys;
      StoreEntry entry;
      entry.key = key_of(number);
      entry.value =
          Bytes(random() % (random() % 10 == 0 ? 9000 : 900), static_cast<std::byte>(random()));
      entry.tenant = tag_of(number % 25 == 0 ? 0 : 1 + random() % 5);
      entry.tokenizer = tag_of(random() % 3);
      if (random() % 2 == 0) entry.ttl = std::chrono::seconds(1 + random() % 300);
      out.entries.push_back(std::move(entry));
    }
  } else if (kind < 8500) {
    for (std::uint64_t i = 1 + random() % 18; i > 0; --i)
      out.keys.push_back(key_of(random() % kKeys));
  } else if (kind < 9300) {
    out.kind = Operation::erase;
    for (std::uint64_t i = 1 + random() % 8; i > 0; --i)
      out.keys.push_back(key_of(random() % kKeys));
  } else if (kind < 9330) {
    out.kind = Operation::erase_group;
    out.group_kind = random() % 2 == 0 ? GroupKind::tenant : GroupKind::tokenizer;
    out.tag = tag_of(random() % (out.group_kind == GroupKind::tenant ? 7 : 4));
  } else if (kind < 9960) {
    out.kind = Operation::advance;
    out.time = std::chrono::seconds(random() % 8);
  } else if (kind < 9990) {
    out.kind = Operation::reopen;
  } else {
    out.kind = Operation::crash;
  }
  return out;
}

// What lmdb_store.h promises, in the plainest way.
class Model {
 public:
  struct Entry {
    Bytes value;
    GroupTag tenant{};
    GroupTag tokenizer{};
    std::int64_t expires_s = 0;
    std::uint64_t sequence = 0;
    [[nodiscard]] bool is_live(std::int64_t now_s) const {
      return expires_s == 0 || expires_s > now_s;
    }
  };

  explicit Model(std::uint64_t quota_bytes) : quota_bytes_(quota_bytes) {}

  void put(const std::vector<StoreEntry>& given, std::int64_t now_s) {
    std::map<std::pair<std::int64_t, std::uint64_t>, BlockKey> expired;
    for (const auto& [key, entry] : entries) {
      if (!entry.is_live(now_s)) expired[{entry.expires_s, entry.sequence}] = key;
    }
    std::size_t swept = 0;
    for (const auto& [at, key] : expired) {
      if (swept++ < kSweptPerWrite) entries.erase(key);
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
      const StoreEntry& entry = given[i];
      const bool is_last =
          std::none_of(given.begin() + static_cast<std::ptrdiff_t>(i) + 1, given.end(),
                       [&](const StoreEntry& e) { return e.key == entry.key; });
      if (!is_last) continue;
      std::int64_t expires = 0;
      if (entry.ttl.count() > 0) {
        const auto ttl =
            std::chrono::duration_cast<std::chrono::seconds>(jittered_ttl(entry.ttl, entry.key));
        expires = now_s + std::max<std::int64_t>(1, ttl.count());
      }
      entries[entry.key] = {entry.value, entry.tenant, entry.tokenizer, expires, sequence_++};
      while (bytes_of(entry.tenant) > quota_bytes_) entries.erase(oldest_of(entry.tenant));
    }
  }
  std::uint64_t erase(const std::vector<BlockKey>& keys, std::int64_t now_s) {
    std::uint64_t erased = 0;
    for (const BlockKey& key : keys) {
      const auto at = entries.find(key);
      if (at == entries.end()) continue;
      erased += at->second.is_live(now_s) ? 1 : 0;
      entries.erase(at);
    }
    return erased;
  }
  std::uint64_t erase_group(GroupKind kind, const GroupTag& tag, std::int64_t now_s) {
    std::vector<BlockKey> keys;
    for (const auto& [key, entry] : entries) {
      if ((kind == GroupKind::tenant ? entry.tenant : entry.tokenizer) == tag) keys.push_back(key);
    }
    return erase(keys, now_s);
  }
  [[nodiscard]] std::uint64_t bytes_of(const GroupTag& tenant) const {
    std::uint64_t out = 0;
    for (const auto& [key, entry] : entries) {
      if (entry.tenant == tenant) out += entry.value.size() + kOverhead;
    }
    return out;
  }

  std::map<BlockKey, Entry> entries;

 private:
  [[nodiscard]] BlockKey oldest_of(const GroupTag& tenant) const {
    const auto older = [&](const auto& left, const auto& right) {
      const bool l = left.second.tenant == tenant;
      const bool r = right.second.tenant == tenant;
      return l != r ? l : left.second.sequence < right.second.sequence;
    };
    return std::ranges::min_element(entries, older)->first;
  }

  std::uint64_t quota_bytes_;
  std::uint64_t sequence_ = 1;
};

class LmdbModelTest : public ::testing::Test {
 protected:
  std::int64_t now_s() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch())
        .count();
  }

  // Every answer agrees with the model's. `may_evict`: an entry may be absent; then the model forgets it.
  void apply(const Operation& operation, Model& model, LmdbStore* store, bool may_evict) {
    const std::int64_t now = now_s();
    switch (operation.kind) {
      case Operation::put: {
        model.put(operation.entries, now);
        if (store == nullptr) return;
        const auto put = store->put_many(operation.entries, soon());
        ASSERT_TRUE(put) << put.error().message;
        break;
      }
      case Operation::find: {
        if (store == nullptr) return;
        const auto found = store->find_many(operation.keys, soon());
        ASSERT_TRUE(found) << found.error().message;
        for (std::size_t i = 0; i < operation.keys.size(); ++i) {
          const auto at = model.entries.find(operation.keys[i]);
          const bool expected = at != model.entries.end() && at->second.is_live(now);
          const auto& value = (*found)[i];
          if (value) {
            ASSERT_TRUE(expected) << "what was erased or is over was found";
            ASSERT_EQ(*value, at->second.value);
          } else if (expected) {
            ASSERT_TRUE(may_evict) << "lost";
            // Tenant 0 has little: nobody may push it out.
            ASSERT_NE(at->second.tenant, tag_of(0))
                << "evicted though it has no more than its part";
            model.entries.erase(at);
            ++evicted_;
          }
          ++compared_;
        }
        break;
      }
      case Operation::erase: {
        const std::uint64_t expected = model.erase(operation.keys, now);
        if (store == nullptr) return;
        const auto erased = store->erase_many(operation.keys, soon());
        ASSERT_TRUE(erased) << erased.error().message;
        ASSERT_LE(*erased, expected);
        ASSERT_TRUE(may_evict || *erased == expected) << *erased << " of " << expected;
        break;
      }
      case Operation::erase_group: {
        const std::uint64_t expected = model.erase_group(operation.group_kind, operation.tag, now);
        if (store == nullptr) return;
        const auto erased = store->erase_group(operation.group_kind, operation.tag, soon());
        ASSERT_TRUE(erased) << erased.error().message;
        ASSERT_LE(*erased, expected);
        ASSERT_TRUE(may_evict || *erased == expected) << *erased << " of " << expected;
        break;
      }
      case Operation::advance:
        clock_.advance(operation.time);
        break;
      case Operation::reopen:
      case Operation::crash:
        break;
    }
  }

  void compare_sizes(const Model& model, LmdbStore& store) {
    ASSERT_EQ(store.usage(soon())->entries, model.entries.size());
    for (std::uint64_t tenant = 0; tenant < 7; ++tenant) {
      ASSERT_EQ(store.tenant_usage(tag_of(tenant), soon())->bytes_used,
                model.bytes_of(tag_of(tenant)));
    }
  }

  void run(std::uint64_t operations, const LmdbStoreOptions& options, std::uint64_t seed,
           bool may_evict) {
    std::mt19937_64 random(seed);
    Model model(options.tenant_quota_bytes > 0 ? options.tenant_quota_bytes : ~std::uint64_t{0});
    auto open = [&] { return LmdbStore::open(options, clock_).value_or(nullptr); };
    auto store = open();
    ASSERT_TRUE(store);
    std::uint64_t crashes = 0;
    for (std::uint64_t i = 0; i < operations; ++i) {
      const Operation operation = next_operation(random);
      ASSERT_NO_FATAL_FAILURE(apply(operation, model, store.get(), may_evict))
          << "operation " << i << ", seed " << seed;
      if (operation.kind == Operation::reopen) {
        store.reset();
        store = open();
        ASSERT_TRUE(store);
      } else if (operation.kind == Operation::crash) {
        // A child goes on in our place with the next ones and dies without a good-bye; all of them
        // were acknowledged, so we take them for done.
        store.reset();
        const std::uint64_t share = 1 + random() % 30;
        const pid_t child = in_child([&] {
          auto own = open();
          for (std::uint64_t n = 0; own != nullptr && n < share; ++n) {
            apply(next_operation(random), model, own.get(), may_evict);
            if (HasFatalFailure()) return 1;
          }
          ::kill(::getpid(), SIGKILL);
          return 2;
        });
        ASSERT_EQ(exit_status(child), -SIGKILL) << "operation " << i << ", seed " << seed;
        for (std::uint64_t n = 0; n < share; ++n) {
          apply(next_operation(random), model, nullptr, may_evict);
        }
        i += share;
        ++crashes;
        store = open();
        ASSERT_TRUE(store);
      }
      if (!may_evict && i % 50 == 0) {
        ASSERT_NO_FATAL_FAILURE(compare_sizes(model, *store))
            << "operation " << i << ", seed " << seed;
      }
    }
    ASSERT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
    std::cout << operations << " operations, " << crashes << " crashes, " << compared_
              << " answers compared, " << evicted_ << " evictions seen\n";
    EXPECT_EQ(evicted_ > 0, may_evict);
  }

  LmdbStoreOptions options() const { return {.folder = folder_.path() / "store", .ttl = 0s}; }
  static std::uint64_t operations() {
    return from_environment("LEYDEN_TEST_OPERATIONS", 200'000) / 2;
  }
  static std::uint64_t seed() {
    const std::uint64_t out = from_environment("LEYDEN_TEST_SEED", std::random_device{}());
    std::cout << "seed " << out << '\n';
    return out;
  }

  TemporaryFolder folder_{fast_folder()};
  ManualClock clock_;
  std::uint64_t compared_ = 0;
  std::uint64_t evicted_ = 0;
};

TEST_F(LmdbModelTest, WithQuotasItAgreesExactly) {
  auto own = options();
  own.capacity_bytes = 64 * MiB;
  own.tenant_quota_bytes = 300 * KiB;
  run(operations(), own, seed(), false);
}

TEST_F(LmdbModelTest, InAFileThatIsAlwaysFullNothingIsWrongAndWhoHasLittleLosesNothing) {
  auto own = options();
  own.capacity_bytes = 4 * MiB;
  run(operations(), own, seed(), true);
}

}  // namespace
}  // namespace leyden::cache
