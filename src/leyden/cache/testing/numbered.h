#pragma once

// Keys, values and token IDs by number, so that each says by itself whether it is right. For tests only.
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/deadline.h"
#include "leyden/base/token_id.h"
#include "leyden/cache/group_tag.h"
#include "leyden/cache/store.h"

namespace leyden::cache::testing {

inline BlockKey key_of(std::uint64_t number) { return Hasher().field(number).finish(); }

inline std::vector<BlockKey> keys_of(std::uint64_t first, std::uint64_t count) {
  std::vector<BlockKey> out;
  for (std::uint64_t i = first; i < first + count; ++i) out.push_back(key_of(i));
  return out;
}

// Any but none: number 0 is one, too.
inline GroupTag tag_of(std::uint64_t number) {
  GroupTag tag{};
  tag.front() = static_cast<std::byte>(number);
  tag.back() = std::byte{1};
  return tag;
}

inline Bytes bytes_of(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  Bytes out(size);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  return out;
}

// Up to 3 KB.
inline Bytes value_of(std::uint64_t number) {
  return bytes_of(number, std::mt19937_64(number ^ 0x5eed)() % 3000);
}

// None to 299 of them, each below `vocabulary_size`.
inline TokenIds ids_of(std::uint64_t number, std::uint32_t vocabulary_size) {
  std::mt19937_64 random(number);
  TokenIds out(random() % 300);
  for (TokenId& id : out) id = static_cast<TokenId>(random() % vocabulary_size);
  return out;
}

inline std::vector<StoreEntry> entries_of(std::uint64_t first, std::uint64_t count,
                                          const GroupTag& tenant = {}) {
  std::vector<StoreEntry> out;
  for (std::uint64_t i = first; i < first + count; ++i)
    out.push_back({.key = key_of(i), .value = value_of(i), .tenant = tenant});
  return out;
}

// For what shall simply be done: this machine may be slow.
inline Deadline soon() { return Deadline::after(std::chrono::seconds(120)); }

// How many of [first, first + count) are there, each with its value_of(); nothing when one is wrong or the store does not
// answer.
inline std::optional<std::uint64_t> count_right(Store& store, std::uint64_t first,
                                                std::uint64_t count) {
  const auto found = store.find_many(keys_of(first, count), soon());
  if (!found) return std::nullopt;
  std::uint64_t out = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!(*found)[i]) continue;
    if (*(*found)[i] != value_of(first + i)) return std::nullopt;
    ++out;
  }
  return out;
}
// The same, where nothing else may happen.
inline std::uint64_t count_found(Store& store, std::uint64_t first, std::uint64_t count) {
  const auto right = count_right(store, first, count);
  EXPECT_TRUE(right) << "a wrong value in " << first << " + " << count << ", or no answer";
  return right.value_or(0);
}

// Whether it came to that within 100 steps of 10 ms: a second, or more where this machine stands still.
template <class F>
bool within_a_second(F&& condition) {
  for (int step = 0; step < 100; ++step) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

}  // namespace leyden::cache::testing
