#pragma once

// What the tests of RedisStore share.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/clock.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/testing/recording_listener.h"

namespace leyden::cache::testing {

inline StoreEntry entry_of(std::uint64_t number, std::size_t size = 100) {
  return {.key = key_of(number), .value = Bytes(size, std::byte(number))};
}

// Each time another one.
inline std::string next_prefix() {
  static std::atomic<int> number{0};
  return "leyden-test:s" + std::to_string(number++) + ":";
}

inline RedisStoreOptions options_of(const std::string& url) {
  auto options = RedisStoreOptions::from_url(url);
  EXPECT_TRUE(options) << options.error().message;
  if (!options) return {};
  options->prefix = next_prefix();
  return *options;
}

inline std::unique_ptr<RedisStore> open(const RedisStoreOptions& options) {
  static const SystemClock clock;
  auto store = RedisStore::open(options, clock);
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

inline std::unique_ptr<RedisServer> server_of(ServerOptions options = {}) {
  auto server = RedisServer::start(std::move(options));
  EXPECT_TRUE(server) << server.error().message;
  return server ? std::move(*server) : nullptr;
}

inline Result<std::vector<std::optional<Bytes>>> find(
    RedisStore& store, std::uint64_t number,
    Deadline::SteadyClock::duration patience = std::chrono::seconds(5)) {
  return store.find_many(std::vector{key_of(number)}, Deadline::after(patience));
}
inline Result<void> put(RedisStore& store, StoreEntry entry) {
  return store.put_many(std::vector{std::move(entry)}, Deadline::after(std::chrono::seconds(5)));
}
inline bool has(RedisStore& store, std::uint64_t number) {
  const auto found = find(store, number);
  return found && found->front().has_value();
}

// In steps of 10 ms: how many of them passed until `well`; nothing after `patience`.
template <class F>
std::optional<std::chrono::milliseconds> time_until(std::chrono::milliseconds patience, F&& well) {
  constexpr std::chrono::milliseconds kStep(10);
  for (std::chrono::milliseconds passed(0); passed < patience; passed += kStep) {
    if (well()) return passed;
    std::this_thread::sleep_for(kStep);
  }
  return std::nullopt;
}

// The link is there once lost() was called for its coming up.
inline void listen(RedisStore& store, RecordingListener& listener) {
  store.listen(&listener);
  ASSERT_TRUE(time_until(std::chrono::seconds(5), [&] {
    return listener.lost_count() > 0 && store.health().state == StoreState::on;
  })) << store.health().reason;
}

// One server for all tests of a suite.
class RedisStoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { shared_ = server_of(); }
  static void TearDownTestSuite() { shared_.reset(); }
  static RedisServer& shared() { return *shared_; }

 private:
  static inline std::unique_ptr<RedisServer> shared_;
};

}  // namespace leyden::cache::testing
