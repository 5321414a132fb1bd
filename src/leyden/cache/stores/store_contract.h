#pragma once

// What every Store promises (store.h), asked of every implementation and of the fake that other tests use. For tests only: each includes
// it and instantiates StoreContract with its implementations.
#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/store.h"
#include "leyden/cache/testing/numbered.h"

namespace leyden::cache::contract {

using namespace std::chrono_literals;

using testing::bytes_of;
using testing::key_of;
using testing::soon;

// A store and what must outlive it.
struct Fixture {
  virtual ~Fixture() = default;
  virtual Store& store() = 0;
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<Fixture>()> make;
};

// For the names of tests.
inline void PrintTo(const Implementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

class StoreContract : public ::testing::TestWithParam<Implementation> {
 protected:
  Store& store() { return fixture_->store(); }
  std::optional<Bytes> find(std::uint64_t number) {
    auto found = store().find_many(std::vector{key_of(number)}, soon());
    if (!found || found->size() != 1) {
      ADD_FAILURE() << (found ? "wrong count" : found.error().message);
      return std::nullopt;
    }
    return std::move(found->front());
  }
  void put(std::uint64_t number, Bytes value) {
    auto put =
        store().put_many(std::vector<StoreEntry>{{key_of(number), std::move(value)}}, soon());
    EXPECT_TRUE(put) << put.error().message;
  }
  std::uint64_t erase(std::uint64_t number) {
    auto erased = store().erase_many(std::vector{key_of(number)}, soon());
    EXPECT_TRUE(erased);
    return erased.value_or(99);
  }

 private:
  std::unique_ptr<Fixture> fixture_ = GetParam().make();
};

TEST_P(StoreContract, AMissIsAnAnswer) { EXPECT_EQ(find(1), std::nullopt); }

TEST_P(StoreContract, NothingAskedIsNothingAnswered) {
  auto found = store().find_many({}, soon());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->empty());
  EXPECT_TRUE(store().put_many({}, soon()));
  EXPECT_EQ(store().erase_many({}, soon()).value(), 0U);
}

TEST_P(StoreContract, GivesBackTheBytesOfAnySize) {
  for (std::size_t size : {0UL, 1UL, 31UL, 1000UL, 2000UL, 2038UL, 4096UL, 5000UL, 100'000UL}) {
    put(size, bytes_of(size, size));
  }
  for (std::size_t size : {0UL, 1UL, 31UL, 1000UL, 2000UL, 2038UL, 4096UL, 5000UL, 100'000UL}) {
    EXPECT_EQ(find(size), bytes_of(size, size)) << size;
  }
}

TEST_P(StoreContract, AnswersInTheOrderOfTheKeys) {
  put(1, bytes_of(1, 10));
  put(3, bytes_of(3, 30));
  auto found = store().find_many(std::vector{key_of(3), key_of(2), key_of(1), key_of(3)}, soon());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 4U);
  EXPECT_EQ((*found)[0], bytes_of(3, 30));
  EXPECT_EQ((*found)[1], std::nullopt);
  EXPECT_EQ((*found)[2], bytes_of(1, 10));
  EXPECT_EQ((*found)[3], bytes_of(3, 30));
}

TEST_P(StoreContract, PuttingAgainReplaces) {
  put(1, bytes_of(1, 5000));
  put(1, bytes_of(2, 10));
  EXPECT_EQ(find(1), bytes_of(2, 10));
  EXPECT_EQ(store().usage(soon())->entries, 1U);
}

TEST_P(StoreContract, TheLastOfOneKeyInOneCallWins) {
  std::vector<StoreEntry> entries{{key_of(1), bytes_of(1, 10)}, {key_of(1), bytes_of(2, 20)}};
  ASSERT_TRUE(store().put_many(entries, soon()));
  EXPECT_EQ(find(1), bytes_of(2, 20));
  EXPECT_EQ(store().usage(soon())->entries, 1U);
}

TEST_P(StoreContract, EraseCountsWhatWasThere) {
  put(1, bytes_of(1, 10));
  put(2, bytes_of(2, 10));
  EXPECT_EQ(store().erase_many(std::vector{key_of(1), key_of(7), key_of(1)}, soon()).value(), 1U);
  EXPECT_EQ(find(1), std::nullopt);
  EXPECT_EQ(find(2), bytes_of(2, 10));
  EXPECT_EQ(erase(1), 0U);
}

TEST_P(StoreContract, UsageFollows) {
  auto empty = store().usage(soon());
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->entries, 0U);
  for (std::uint64_t i = 0; i < 100; ++i) put(i, bytes_of(i, 3000));
  auto full = store().usage(soon());
  ASSERT_TRUE(full);
  EXPECT_EQ(full->entries, 100U);
  EXPECT_GE(full->bytes_used, empty->bytes_used + 300'000);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(erase(i), 1U);
  auto after = store().usage(soon());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->entries, 0U);
  EXPECT_LE(after->bytes_used, empty->bytes_used + 100'000);
}

TEST_P(StoreContract, APassedDeadlineIsAnError) {
  put(1, bytes_of(1, 10));
  const Deadline past = Deadline::after(-1ms);
  EXPECT_EQ(store().find_many(std::vector{key_of(1)}, past).error().code, Errc::timed_out);
  EXPECT_EQ(store().put_many(std::vector<StoreEntry>{{key_of(2), {}}}, past).error().code,
            Errc::timed_out);
  EXPECT_EQ(store().erase_many(std::vector{key_of(1)}, past).error().code, Errc::timed_out);
  EXPECT_EQ(find(1), bytes_of(1, 10));
}

TEST_P(StoreContract, AnOversizedValueIsRefusedAndNothingOfItsCallIsStored) {
  std::vector<StoreEntry> entries{{key_of(1), bytes_of(1, 10)}, {key_of(2), Bytes(16 * MiB)}};
  EXPECT_EQ(store().put_many(entries, soon()).error().code, Errc::invalid_argument);
  EXPECT_EQ(find(1), std::nullopt);
}

TEST_P(StoreContract, AgreesWithAMap) {
  std::mt19937_64 random(3);
  std::map<std::uint64_t, Bytes> model;
  for (int step = 0; step < 300; ++step) {
    switch (random() % 3) {
      case 0: {
        std::vector<StoreEntry> entries;
        for (std::size_t i = random() % 20; i > 0; --i) {
          const std::uint64_t number = random() % 100;
          model[number] = bytes_of(random(), random() % 6000);
          entries.push_back({key_of(number), model[number]});
        }
        ASSERT_TRUE(store().put_many(entries, soon()));
        break;
      }
      case 1: {
        std::vector<BlockKey> keys;
        std::uint64_t expected = 0;
        for (std::size_t i = random() % 8; i > 0; --i) {
          const std::uint64_t number = random() % 100;
          keys.push_back(key_of(number));
          expected += model.erase(number);
        }
        ASSERT_EQ(store().erase_many(keys, soon()).value(), expected);
        break;
      }
      default: {
        std::vector<BlockKey> keys;
        for (std::uint64_t number = 0; number < 100; ++number) keys.push_back(key_of(number));
        auto found = store().find_many(keys, soon());
        ASSERT_TRUE(found);
        for (std::uint64_t number = 0; number < 100; ++number) {
          auto at = model.find(number);
          ASSERT_EQ((*found)[number], at == model.end() ? std::nullopt : std::optional(at->second));
        }
      }
    }
    ASSERT_EQ(store().usage(soon())->entries, model.size());
  }
}

TEST_P(StoreContract, ManyThreads) {
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 60; ++i) {
          const std::uint64_t number = random() % 30;
          if (i % 4 == 0) {
            std::vector<StoreEntry> entries{{key_of(number), bytes_of(number, 100 + number * 100)}};
            if (!store().put_many(entries, soon())) ++wrong;
          } else if (i % 13 == 0) {
            if (!store().erase_many(std::vector{key_of(number)}, soon())) ++wrong;
          } else {
            auto found = store().find_many(std::vector{key_of(number)}, soon());
            if (!found ||
                (found->front() && *found->front() != bytes_of(number, 100 + number * 100)))
              ++wrong;
          }
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace leyden::cache::contract
