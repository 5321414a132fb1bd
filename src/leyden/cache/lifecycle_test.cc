// What a thousand caches leave behind when they are closed: nothing.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <malloc.h>

#include "leyden/base/sanitized.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache {
namespace {

namespace fs = std::filesystem;
using testing::key_of;
using testing::soon;

constexpr int kWarmUp = 50;
constexpr int kCycles = 1000;
constexpr std::uint32_t kVocabulary = 50'000;
// 16 bytes a cycle; what the allocator keeps for itself and what others in this process take.
constexpr std::uint64_t kAllocatedMore = 16'000;
constexpr std::uint64_t kPrivateMore = 2 * MiB;

struct Held {
  std::uint64_t files = 0;
  std::uint64_t sockets = 0;
  std::uint64_t threads = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t private_bytes = 0;  // Resident and of nobody else.
};

Held held_now() {
  Held out;
  for (const auto& each : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // The iterator's own.
    const std::string target = fs::read_symlink(each.path(), gone).string();
    ++out.files;
    out.sockets += target.starts_with("socket:") ? 1 : 0;
  }
  for ([[maybe_unused]] const auto& each : fs::directory_iterator("/proc/self/task")) ++out.threads;
  out.allocated_bytes = ::mallinfo2().uordblks;
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string word; rollup >> word;) {
    std::uint64_t kib = 0;
    if (word.starts_with("Private_") && rollup >> kib) out.private_bytes += kib * KiB;
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, const Held& held) {
  return out << held.files << " files, " << held.sockets << " of them sockets, " << held.threads
             << " threads, " << held.allocated_bytes << " bytes allocated, " << held.private_bytes
             << " private";
}

// Opens, uses and closes a whole cache over what `open` gives. How many passages the store had.
std::ptrdiff_t cycle(const std::function<std::unique_ptr<Store>()>& open, const Clock& clock,
                     int number) {
  auto store = open();
  auto memory = MemoryTier::make({.capacity_bytes = 1 * MiB}, clock);
  EXPECT_TRUE(store != nullptr && memory);
  if (store == nullptr || !memory) return 0;
  TokenCacheOptions options;
  options.store_reads = StoreReads::always;
  TokenCache cache(**memory, store.get(), clock, options);
  const PassageScope scope{
      .codec = {.tokenizer_fingerprint = key_of(1), .vocabulary_size = kVocabulary},
      .tenant = testing::tag_of(1),
      .tokenizer = testing::tag_of(2)};
  // Some that the cycle before has written, and one that nobody has.
  const auto keys = testing::keys_of(static_cast<std::uint64_t>(number) % 20, 6);
  const auto found = cache.find_or_encode(
      keys, scope,
      [&](std::size_t i) -> Result<TokenIds> { return testing::ids_of(i, kVocabulary); }, soon());
  EXPECT_TRUE(found) << found.error().message;
  if (!found) return 0;
  if (number % 5 == 0) {
    EXPECT_TRUE(cache.erase_many(std::span(keys).first(1), soon()));
  }
  if (number % 3 != 0) {  // Else by their destructors.
    cache.close();
    store->close();
  }
  return std::ranges::count(*found, Source::store, &Found::source);
}

void expect_nothing_left(const std::function<std::unique_ptr<Store>()>& open) {
  const SystemClock clock;
  for (int i = 0; i < kWarmUp; ++i) (void)cycle(open, clock, i);
  const Held before = held_now();
  std::ptrdiff_t found = 0;
  for (int i = 0; i < kCycles; ++i) found += cycle(open, clock, i);
  EXPECT_GT(found, kCycles) << "the store was not used";
  // A thread that has been joined may still be listed for a moment.
  EXPECT_TRUE(testing::within_a_second([&] { return held_now().threads <= before.threads; }));
  const Held after = held_now();
  std::cout << "before: " << before << "\nafter:  " << after << '\n';
  EXPECT_EQ(after.files, before.files);
  EXPECT_EQ(after.sockets, before.sockets);
  EXPECT_LE(after.allocated_bytes, before.allocated_bytes + kAllocatedMore);
  // They keep what is freed, and look for leaks themselves.
  if (!kSanitized) {
    EXPECT_LE(after.private_bytes, before.private_bytes + kPrivateMore);
  }
}

TEST(Lifecycle, AThousandCachesOverLmdb) {
  const TemporaryFolder folder(fast_folder());
  const SystemClock clock;
  expect_nothing_left([&]() -> std::unique_ptr<Store> {
    return LmdbStore::open({.folder = folder.path() / "store", .capacity_bytes = 8 * MiB}, clock)
        .value_or(nullptr);
  });
}

TEST(Lifecycle, AThousandCachesOverRedis) {
  auto server = testing::RedisServer::start({});
  ASSERT_TRUE(server) << server.error().message;
  const SystemClock clock;
  auto options = RedisStoreOptions::from_url((*server)->url());
  ASSERT_TRUE(options);
  options->prefix = "leyden-test:lifecycle:";
  expect_nothing_left([&]() -> std::unique_ptr<Store> {
    return RedisStore::open(*options, clock).value_or(nullptr);
  });
}

}  // namespace
}  // namespace leyden::cache
