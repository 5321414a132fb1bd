#include "leyden/rag/invalidation.h"

#include <chrono>
#include <filesystem>

#include <unistd.h>

#include <gtest/gtest.h>

#include "leyden/base/files.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/rag/warm_up.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::rag {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class InvalidationTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kFiles = 12;

  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "leyden-invalidate-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "docs" / "deep");
    for (std::uint64_t i = 0; i < kFiles; ++i) {
      ASSERT_TRUE(write_file_atomically(
          folder_ / "docs" / fmt::format("{}{:02}.md", i % 3 == 0 ? "deep/" : "", i),
          fmt::format("# Jar {0}\n\nJar {0} is of glass.\n", i)));
    }
    index_ = retrieval::open_sqlite_index({.file = folder_ / "index.sqlite"}).value();
    store_ =
        cache::LmdbStore::open({.folder = folder_ / "tokens", .capacity_bytes = 16 * MiB}, clock_)
            .value();
    cache_ = std::make_unique<cache::TokenCache>(*memory_, store_.get(), clock_);
    for (const char* tenant : {"acme", "globex"}) {
      const retrieval::Scope scope{.tenant = tenant};
      ASSERT_TRUE(index_->update(folder_ / "docs", {.scope = scope}, {}, {}));
      for (const auto* tokenizer : tokenizers_) {
        PassageEncoder encoder(*tokenizer, *cache_, Secret{});
        ASSERT_TRUE(warm_up(*index_, encoder, *cache_, {.scope = scope}, {})->complete());
      }
    }
    expect_left(4 * kFiles);
  }
  void TearDown() override {
    cache_.reset();
    store_.reset();
    fs::remove_all(folder_);
  }

  void expect_left(std::uint64_t blocks) {
    EXPECT_EQ(memory_->usage().entries, blocks);
    EXPECT_EQ(store_->usage(Deadline::after(30s))->entries, blocks);
  }
  InvalidationReport invalidate(const std::string& document) {
    std::vector<Digest> fingerprints;
    for (const auto* tokenizer : tokenizers_) fingerprints.push_back(tokenizer->fingerprint());
    auto report = rag::invalidate(*index_, *cache_, Secret{}, fingerprints, {.tenant = "acme"},
                                  document, Deadline::after(30s));
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(InvalidationReport{});
  }
  fs::path folder_;
  const std::vector<const tokenizer::Tokenizer*> tokenizers_{
      &tokenizer::test_tokenizer("tokenizers/o200k_base.tiktoken"),
      &tokenizer::test_tokenizer("tokenizers/cl100k_base.tiktoken")};
  std::unique_ptr<retrieval::Index> index_;
  SystemClock clock_;
  std::unique_ptr<cache::MemoryTier> memory_ = cache::MemoryTier::make({}, clock_).value();
  std::unique_ptr<cache::LmdbStore> store_;
  std::unique_ptr<cache::TokenCache> cache_;
};

TEST_F(InvalidationTest, ADocumentAFolderAndACollectionByAllTokenizersAndOfOneTenant) {
  InvalidationReport report = invalidate("01.md");
  EXPECT_EQ(report.documents, 1U);
  EXPECT_EQ(report.passages, 1U);
  EXPECT_EQ(report.erased, 2U);
  expect_left(4 * kFiles - 2);
  EXPECT_EQ(invalidate("01.md").erased, 0U);
  EXPECT_EQ(invalidate("none.md").documents, 0U);

  report = invalidate("deep/");
  EXPECT_EQ(report.documents, kFiles / 3);
  EXPECT_EQ(report.erased, 2 * kFiles / 3);

  report = invalidate("");
  EXPECT_EQ(report.documents, kFiles);
  EXPECT_EQ(report.erased, 2 * kFiles - 2 - 2 * kFiles / 3);
  expect_left(2 * kFiles);  // The other tenant's.
}

TEST_F(InvalidationTest, ATenantAndATokenizer) {
  auto tenant = cache_->erase_group(cache::GroupKind::tenant, cache::tenant_tag(Secret{}, "acme"),
                                    Deadline::after(30s));
  ASSERT_TRUE(tenant);
  EXPECT_EQ(tenant->in_store, 2 * kFiles);
  expect_left(2 * kFiles);
  auto tokenizer = cache_->erase_group(
      cache::GroupKind::tokenizer, cache::tokenizer_tag(Secret{}, tokenizers_[0]->fingerprint()),
      Deadline::after(30s));
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->in_store, kFiles);
  expect_left(kFiles);
}

}  // namespace
}  // namespace leyden::rag
