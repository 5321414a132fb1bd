// The memory tier against plain models of it: what it knows, and whom it evicts. Another seed:
// --gtest_random_seed=N.
#include <array>
#include <cstring>
#include <deque>
#include <iostream>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/memory/allocated.h"
#include "leyden/cache/memory_tier.h"
#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

std::vector<BlockKey> make_keys(std::size_t count) {
  std::vector<BlockKey> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(Hasher().field(i).finish());
  return keys;
}

std::uint64_t seed_of(std::uint64_t number) {
  return static_cast<std::uint64_t>(::testing::UnitTest::GetInstance()->random_seed()) * 1000 +
         number;
}

// ---- What it knows

constexpr std::size_t kKeys = 3000;
constexpr std::size_t kTenants = 5;
constexpr std::size_t kTokenizers = 3;
constexpr std::size_t kQuota = 120 * KiB;  // Of the first tenant.

struct Known {
  TokenBlock block;  // Null: a failure.
  std::chrono::steady_clock::time_point expires;
  std::size_t tenant = 0;
  std::size_t tokenizer = 0;
  bool negative = false;
};

class Model {
 public:
  Model(std::uint64_t seed, std::size_t capacity, std::size_t shards) : random_(seed) {
    roomy_ = capacity >= 64 * MiB;
    capacity_ = capacity;
    MemoryTierOptions options{.capacity_bytes = capacity, .ttl = kTtl, .shard_count = shards};
    // With room enough nothing is evicted, so every answer is known.
    if (!roomy_) options.tenants[tag(0)] = {.quota_bytes = kQuota};
    tier_ = MemoryTier::make(options, clock_).value();
  }

  void run(std::size_t steps) {
    for (step_ = 0; step_ < steps && !::testing::Test::HasFatalFailure(); ++step_) {
      const std::size_t number = (random_() % kKeys) * (random_() % kKeys) / kKeys;  // Skewed.
      switch (random_() % 64) {
        case 0:
          erase(number);
          break;
        case 1:
          clock_.advance(std::chrono::milliseconds(random_() % 4000));
          break;
        case 2:
          if (random_() % 100 == 0) erase_group();
          break;
        case 3:
          put_failure(number);
          break;
        case 4:
          if (random_() % 1000 == 0) {
            tier_->clear();
            known_.clear();
          }
          break;
        default:
          random_() % 3 == 0 ? put(number) : find(number);
      }
      if (step_ % 64 == 0) check_bounds();
      if (step_ % 20'000 == 19'999) check_usage();
    }
  }

 private:
  static constexpr auto kTtl = 400s;

  static GroupTag tag(std::size_t number) {
    GroupTag out{};
    out[0] = static_cast<std::byte>(number + 1);
    return out;
  }
  // Null where it is not there any more by the model.
  const Known* alive(std::size_t number) const {
    const auto at = known_.find(number);
    return at != known_.end() && at->second.expires > clock_.now() ? &at->second : nullptr;
  }
  PutOptions options_for(Known& known) {
    known.tenant = random_() % kTenants;
    known.tokenizer = random_() % kTokenizers;
    return {.tenant = tag(known.tenant), .tokenizer = tag(10 + known.tokenizer)};
  }
  void remember(std::size_t number, Known known, std::chrono::seconds ttl) {
    known.expires = clock_.now() + jittered_ttl(ttl, keys_[number]);
    known_[number] = std::move(known);
  }

  void put(std::size_t number) {
    Known known;
    PutOptions options = options_for(known);
    const std::size_t size = random_() % 200 == 0 ? random_() % 9000 : random_() % 300;
    known.negative = random_() % 20 == 0;
    known.block = make_block(TokenIds(known.negative ? 0 : size, static_cast<TokenId>(step_)));
    std::chrono::seconds ttl = known.negative ? 2s : kTtl;
    if (random_() % 4 == 0) ttl = options.ttl = std::chrono::seconds(1 + random_() % 1000);
    options.negative = known.negative;
    tier_->put(keys_[number], known.block, options);
    remember(number, std::move(known), ttl);
  }
  void put_failure(std::size_t number) {
    Known known{.negative = true};
    tier_->put_failure(keys_[number], Errc::unsupported, options_for(known));
    remember(number, std::move(known), 2s);
  }
  void find(std::size_t number) {
    const auto found = tier_->find(keys_[number]);
    const Known* known = alive(number);
    if (found) {
      ASSERT_NE(known, nullptr) << "step " << step_;
      ASSERT_EQ(found->has_value(), known->block != nullptr) << "step " << step_;
      if (*found) {
        ASSERT_EQ(**found, known->block) << "step " << step_;
      }
    } else if (roomy_ && known != nullptr) {
      FAIL() << "lost at step " << step_;
    }
  }
  void erase(std::size_t number) {
    const bool was = tier_->erase(keys_[number]);
    const Known* known = alive(number);
    if (was) {
      ASSERT_NE(known, nullptr) << "step " << step_;
    }
    if (roomy_) {
      ASSERT_EQ(was, known != nullptr) << "step " << step_;
    }
    known_.erase(number);
  }
  void erase_group() {
    const bool tenant = random_() % 2 == 0;
    const std::size_t which = random_() % (tenant ? kTenants : kTokenizers);
    const std::uint64_t erased = tier_->erase_group(
        tenant ? GroupKind::tenant : GroupKind::tokenizer, tag(tenant ? which : 10 + which));
    std::uint64_t alive_ones = 0;
    for (auto at = known_.begin(); at != known_.end();) {
      if ((tenant ? at->second.tenant : at->second.tokenizer) == which) {
        alive_ones += at->second.expires > clock_.now() ? 1 : 0;
        at = known_.erase(at);  // So whoever finds it fails.
      } else {
        ++at;
      }
    }
    ASSERT_LE(erased, alive_ones) << "step " << step_;
    if (roomy_) {
      ASSERT_EQ(erased, alive_ones) << "step " << step_;
    }
  }

  void check_bounds() {
    const MemoryTierUsage usage = tier_->usage();
    ASSERT_LE(usage.bytes, capacity_) << "step " << step_;
    ASSERT_LE(usage.bytes_peak, capacity_) << "step " << step_;
    if (roomy_) return;
    ASSERT_LE(usage.negative_bytes, std::max<std::size_t>(capacity_ / 100, 16 * 192));
    for (const TenantUsage& tenant : usage.tenants) {
      if (tenant.tenant == tag(0)) {
        ASSERT_LE(tenant.bytes, kQuota) << "step " << step_;
      }
    }
  }
  // Looking at every key removes what has expired: then the counts are exact.
  void check_usage() {
    std::uint64_t entries = 0;
    std::uint64_t tokens = 0;
    std::uint64_t negative = 0;
    std::map<GroupTag, std::uint64_t> bytes;
    for (std::size_t number = 0; number < kKeys; ++number) {
      const auto found = tier_->find(keys_[number]);
      if (!found) continue;
      const Known* known = alive(number);
      ASSERT_NE(known, nullptr);
      ++entries;
      if (known->negative) {
        ++negative;
        continue;
      }
      tokens += (**found)->size();
      bytes[tag(known->tenant)] += MemoryTier::entry_bytes((**found)->size());
    }
    const MemoryTierUsage usage = tier_->usage();
    ASSERT_EQ(usage.entries, entries);
    ASSERT_EQ(usage.tokens, tokens);
    ASSERT_EQ(usage.negative_entries, negative);
    std::map<GroupTag, std::uint64_t> told;
    for (const TenantUsage& tenant : usage.tenants) told[tenant.tenant] = tenant.bytes;
    ASSERT_EQ(told, bytes);
  }

  std::mt19937_64 random_;
  ManualClock clock_;
  std::size_t capacity_ = 0;
  bool roomy_ = false;
  std::size_t step_ = 0;
  const std::vector<BlockKey> keys_ = make_keys(kKeys);
  std::map<std::size_t, Known> known_;
  std::unique_ptr<MemoryTier> tier_;
};

TEST(MemoryTierModel, AMillionRandomOperations) {
  constexpr std::size_t kSteps = 105'000;
  std::uint64_t number = 0;
  for (const std::size_t capacity : {4 * KiB, 64 * KiB, 256 * KiB, 1 * MiB, 64 * MiB}) {
    for (const std::size_t shards : {1U, 8U}) {
      const std::uint64_t seed = seed_of(++number);
      std::cout << "seed " << seed << ", " << capacity << " bytes, " << shards << " shards, "
                << kSteps << " operations\n";
      SCOPED_TRACE(seed);
      Model(seed, capacity, shards).run(kSteps);
      if (HasFatalFailure()) return;
    }
  }
}

// ---- Whom it evicts

// One shard of the memory tier, one tenant, no expiry, as plainly as it can be said: lists and maps.
class PlainTier {
 public:
  PlainTier(std::size_t capacity, const std::vector<BlockKey>& keys)
      : capacity_(capacity), keys_(keys) {}

  bool find(std::size_t number) {
    const auto at = entries_.find(number);
    if (at == entries_.end()) return false;
    at->second.reads = std::min(at->second.reads + 1, 3);
    return true;
  }

  // Of something that is not there.
  void put(std::size_t number, std::size_t tokens) {
    const std::size_t bytes = MemoryTier::entry_bytes(tokens);
    if (bytes > capacity_) return;
    bool to_main = false;
    if (const auto ghost = take_ghost(number)) {
      ++ghost_hits[ghost->from];
      const double all = static_cast<double>(std::max<std::size_t>(queued(), 1));
      const double age = static_cast<double>(evicted_[ghost->from] - ghost->stamp) / all;
      if (age <= 0.1) {
        const double step = static_cast<double>(bytes) / all;
        share = std::clamp(share + (ghost->from == kSmall ? step : -step), 0.01, 0.9);
      }
      to_main = age <= 0.9;
    }
    if (!fits(bytes)) {
      if ((bytes > capacity_ / 10 && !to_main) || !make_room(bytes)) {
        add_ghost(number, kSmall, evicted_[kSmall]);
        return;
      }
    }
    if (entries_.size() == places_) grow();
    entries_[number] = {.bytes = bytes};
    (to_main ? main_ : small_).push_front(number);
    (to_main ? main_bytes_ : small_bytes_) += bytes;
  }

  [[nodiscard]] std::size_t bytes() const { return queued() + table(places_) + kGroups; }
  [[nodiscard]] std::size_t queued() const { return small_bytes_ + main_bytes_; }
  [[nodiscard]] std::size_t entries() const { return entries_.size(); }

  double share = 0.1;
  std::uint64_t evictions = 0;
  std::array<std::uint64_t, 2> ghost_hits{};

 private:
  enum From : std::size_t { kSmall, kMain };
  struct Entry {
    std::size_t bytes = 0;
    int reads = 0;
  };
  struct Ghost {
    std::uint32_t name = 0;
    From from = kSmall;
    std::size_t stamp = 0;
  };
  // One tenant and one tokenizer: a node of 80 and libstdc++'s table of 13 pointers each.
  static constexpr std::size_t kGroups = 2 * (80 + 112);

  static std::size_t table(std::size_t places) {
    return allocated(places * 8) + allocated(places * 8);
  }
  bool fits(std::size_t more) const {
    const std::size_t places =
        entries_.size() < places_ ? places_ : std::max<std::size_t>(16, places_ * 2);
    return queued() + more + table(places) + kGroups <= capacity_;
  }
  bool make_room(std::size_t more) {
    int spared = 0;
    int gone = 0;
    while (!fits(more)) {
      if (entries_.empty()) {
        if (places_ == 0) return false;
        places_ = 0;
        ghosts_.clear();
        continue;
      }
      const bool from_small =
          main_.empty() ||
          (!small_.empty() &&
           small_bytes_ > static_cast<std::size_t>(share * static_cast<double>(queued())));
      std::list<std::size_t>& queue = from_small ? small_ : main_;
      const std::size_t number = queue.back();
      Entry& entry = entries_[number];
      if (entry.reads > 0 && spared < 256) {
        ++spared;
        entry.reads = from_small ? 0 : entry.reads - 1;
        queue.pop_back();
        (from_small ? small_bytes_ : main_bytes_) -= entry.bytes;
        main_.push_front(number);
        main_bytes_ += entry.bytes;
        continue;
      }
      if (gone++ == 1024) return false;
      ++evictions;
      const From from = from_small ? kSmall : kMain;
      add_ghost(number, from, evicted_[from]);
      evicted_[from] += entry.bytes;
      (from_small ? small_bytes_ : main_bytes_) -= entry.bytes;
      queue.pop_back();
      entries_.erase(number);
    }
    return true;
  }

  // Sets of eight, the newest first; as many sets as there are eights of places.
  std::uint32_t name_of(std::size_t number) const {
    std::uint32_t name = 0;
    std::memcpy(&name, keys_[number].bytes.data() + 20, sizeof(name));
    return name;
  }
  std::deque<Ghost>& set_of(std::uint32_t name) { return ghosts_[name % (places_ / 8)]; }
  std::optional<Ghost> take_ghost(std::size_t number) {
    if (places_ == 0) return std::nullopt;
    auto& set = set_of(name_of(number));
    for (auto at = set.begin(); at != set.end(); ++at) {
      if (at->name != name_of(number)) continue;
      const Ghost ghost = *at;
      set.erase(at);
      return ghost;
    }
    return std::nullopt;
  }
  void add_ghost(std::size_t number, From from, std::size_t stamp) {
    if (places_ > 0) add_ghost({name_of(number), from, stamp});
  }
  void add_ghost(const Ghost& ghost) {
    auto& set = set_of(ghost.name);
    std::erase_if(set, [&](const Ghost& other) { return other.name == ghost.name; });
    set.push_front(ghost);
    if (set.size() > 8) set.pop_back();
  }
  void grow() {
    places_ = std::max<std::size_t>(16, places_ * 2);
    for (auto& [index, set] : std::exchange(ghosts_, {})) {
      for (auto at = set.rbegin(); at != set.rend(); ++at) add_ghost(*at);
    }
  }

  const std::size_t capacity_;
  const std::vector<BlockKey>& keys_;
  std::map<std::size_t, Entry> entries_;
  std::list<std::size_t> small_;
  std::list<std::size_t> main_;
  std::size_t small_bytes_ = 0;
  std::size_t main_bytes_ = 0;
  std::size_t places_ = 0;
  std::map<std::size_t, std::deque<Ghost>> ghosts_;
  std::array<std::size_t, 2> evicted_{};
};

TEST(MemoryTierModel, EvictsLikeThePlainSimulation) {
  constexpr std::size_t kAccesses = 60'000;
  const std::vector<BlockKey> keys = make_keys(20'000);
  std::uint64_t number = 100;
  for (const std::size_t capacity : {1 * KiB, 2 * KiB, 16 * KiB, 128 * KiB, 512 * KiB, 2 * MiB}) {
    const std::uint64_t seed = seed_of(++number);
    std::cout << "seed " << seed << ", " << capacity << " bytes, " << kAccesses << " accesses\n";
    std::mt19937_64 random(seed);
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      sizes.push_back(i % 300 == 0 ? random() % 20'000 : random() % 500);
    }
    ManualClock clock;
    auto tier =
        MemoryTier::make({.capacity_bytes = capacity, .ttl = 0s, .shard_count = 1}, clock).value();
    PlainTier plain(capacity, keys);
    std::size_t hits = 0;
    for (std::size_t i = 0; i < kAccesses; ++i) {
      // Popular ones, a walk of which each is seen several times, and a scan.
      const std::size_t walk = i / 8 + random() % 64;
      const std::size_t which = random() % 8 < 4   ? (random() % 4000) * (random() % 4000) / 4000
                                : random() % 8 < 7 ? walk
                                                   : i;
      const std::size_t key = which % keys.size();
      const bool hit = tier->find(keys[key]).has_value();
      ASSERT_EQ(hit, plain.find(key)) << "access " << i;
      hits += hit ? 1 : 0;
      if (!hit) {
        tier->put(keys[key], make_block(TokenIds(sizes[key])));
        plain.put(key, sizes[key]);
      }
    }
    const MemoryTierUsage usage = tier->usage();
    EXPECT_EQ(usage.evictions, plain.evictions);
    EXPECT_EQ(usage.ghost_hits_small, plain.ghost_hits[0]);
    EXPECT_EQ(usage.ghost_hits_main, plain.ghost_hits[1]);
    EXPECT_EQ(usage.entries, plain.entries());
    if (usage.entries > 0) {  // Without, the tenant is forgotten.
      EXPECT_EQ(usage.bytes, plain.bytes());
      EXPECT_NEAR(usage.small_share_target, plain.share, 1e-9);
    }
    EXPECT_GT(hits, capacity >= 16 * KiB ? kAccesses / 50 : 0) << capacity;
  }
}

}  // namespace
}  // namespace leyden::cache
