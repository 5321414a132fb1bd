#include "leyden/rag/warm_up.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include "leyden/base/files.h"
#include "leyden/cache/testing/fake_store.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::rag {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using cache::testing::FakeStore;
using cache::testing::Mood;

class WarmUpTest : public testing::Test {
 protected:
  static constexpr int kFiles = 100;

  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "leyden-warm-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "docs");
    for (int i = 0; i < kFiles; ++i) {
      ASSERT_TRUE(write_file_atomically(folder_ / "docs" / fmt::format("{:03}.md", i),
                                        fmt::format("# Jar {0}\n\nJar {0} is of glass.\n", i)));
    }
    index_ = retrieval::open_sqlite_index({.file = folder_ / "index.sqlite"}).value();
    ASSERT_TRUE(index_->update(folder_ / "docs", {}, {}, {}));
    request_.backoff = 1ms;
    request_.store_timeout = 500ms;
  }
  void TearDown() override { fs::remove_all(folder_); }

  WarmUpReport warm() {
    auto report = warm_up(*index_, encoder_, cache_, request_, on_progress_);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(WarmUpReport{});
  }
  std::size_t stored() {
    return store_.values.with([](const auto& all) { return all.size(); });
  }

  fs::path folder_;
  SystemClock clock_;
  std::unique_ptr<retrieval::Index> index_;
  std::unique_ptr<cache::MemoryTier> memory_ = cache::MemoryTier::make({}, clock_).value();
  FakeStore store_;
  cache::TokenCache cache_{*memory_, &store_, clock_, {.write_back = {.write_timeout = 200ms}}};
  PassageEncoder encoder_{tokenizer::test_tokenizer("tokenizers/o200k_base.tiktoken"), cache_,
                          Secret{}};
  WarmUpRequest request_;
  std::function<void(const WarmUpProgress&)> on_progress_;
  std::jthread mender_;
};

TEST_F(WarmUpTest, AllIsInTheStoreAfterwardsAndCountedApart) {
  std::uint64_t last = 0;
  on_progress_ = [&](const WarmUpProgress& progress) {
    EXPECT_GE(progress.passages_done, last);
    EXPECT_EQ(progress.passages_total, kFiles);
    last = progress.passages_done;
  };
  const WarmUpReport first = warm();
  EXPECT_TRUE(first.complete());
  EXPECT_EQ(first.passages, kFiles);
  EXPECT_EQ(first.encoded, kFiles);
  EXPECT_EQ(first.documents.size(), kFiles);
  EXPECT_EQ(first.documents.front().document, "000.md");
  EXPECT_GT(first.tokens, first.documents.front().tokens);
  EXPECT_EQ(stored(), kFiles);
  EXPECT_GT(last, 0U);
  last = 0;
  const WarmUpReport second = warm();
  EXPECT_EQ(second.passages, kFiles);
  EXPECT_EQ(second.encoded, 0U);
  EXPECT_EQ(second.tokens, first.tokens);
  const cache::CacheStats stats = cache_.stats();
  EXPECT_EQ(stats.lookups, 0U);
  EXPECT_EQ(stats.warm_up.lookups, 2U * kFiles);
}

TEST_F(WarmUpTest, OnlyTheDocumentsAskedFor) {
  request_.documents = {"007.md", "none.md", "042.md"};
  const WarmUpReport report = warm();
  EXPECT_EQ(report.passages, 2U);
  EXPECT_EQ(report.unknown_documents, std::vector<std::string>{"none.md"});
  EXPECT_FALSE(report.complete());
}

TEST_F(WarmUpTest, AStoreThatComesBackInTimeIsWrittenAtTheNextAttempt) {
  store_.mood = Mood::failing;
  request_.attempts = 1000;
  on_progress_ = [&](const WarmUpProgress&) {
    // Well again after the first writes failed.
    if (store_.calls_put == 0) {
      mender_ = std::jthread([&] {
        while (store_.calls_put < 3) std::this_thread::sleep_for(1ms);
        store_.mood = Mood::well;
      });
    }
  };
  const WarmUpReport report = warm();
  EXPECT_TRUE(report.complete());
  EXPECT_GE(report.retries, 2U);
  EXPECT_EQ(stored(), kFiles);
}

// That a passage was erased once, long ago, does not keep it from the store at a later attempt.
TEST_F(WarmUpTest, WhatWasErasedBeforeIsWrittenAtTheNextAttempt) {
  EXPECT_TRUE(warm().complete());
  const auto keys = store_.values.with([](const auto& all) {
    std::vector<cache::BlockKey> out;
    for (const auto& [key, value] : all) out.push_back(key);
    return out;
  });
  ASSERT_TRUE(cache_.erase_many(keys, Deadline::after(60s)));
  EXPECT_EQ(stored(), 0U);
  store_.calls_put = 0;
  store_.mood = Mood::failing;
  mender_ = std::jthread([&] {
    while (store_.calls_put == 0) std::this_thread::sleep_for(1ms);
    store_.mood = Mood::well;
  });
  request_.attempts = 1000;
  const WarmUpReport report = warm();
  EXPECT_TRUE(report.complete());
  EXPECT_GE(report.retries, 1U);
  EXPECT_EQ(stored(), kFiles);
}

TEST_F(WarmUpTest, AStoreThatStaysAwayIsReportedAndMemoryIsWarm) {
  store_.mood = Mood::failing;
  const WarmUpReport report = warm();
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.passages, kFiles);
  EXPECT_EQ(report.passages_not_stored, kFiles);
  EXPECT_FALSE(report.store_reason.empty());
  EXPECT_EQ(report.retries, 2U);  // Three attempts for the first batch, one for each later one.
  EXPECT_EQ(memory_->usage().entries, kFiles);
}

TEST_F(WarmUpTest, DoesNotWaitForItsNextAttemptWhenInterrupted) {
  std::stop_source stop;
  request_.stop = stop.get_token();
  request_.attempts = 1000;
  request_.backoff = 24h;
  store_.mood = Mood::failing;
  mender_ = std::jthread([&] {
    while (store_.calls_put == 0) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);
    stop.request_stop();
  });
  const WarmUpReport report = warm();
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.passages, 64U);
  EXPECT_EQ(report.passages_not_stored, 64U);
  EXPECT_EQ(report.retries, 0U);
}

TEST_F(WarmUpTest, EndsWhenInterrupted) {
  std::stop_source stop;
  request_.stop = stop.get_token();
  on_progress_ = [&](const WarmUpProgress& progress) {
    if (progress.passages_done > 0) stop.request_stop();
  };
  const WarmUpReport report = warm();
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.passages, 64U);
  EXPECT_EQ(report.passages_failed, 0U);
  EXPECT_EQ(stored(), 64U);
}

}  // namespace
}  // namespace leyden::rag
