#include "leyden/retrieval/vectors/vector_search.h"

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "leyden/base/files.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/vectors/testing/clustered_vectors.h"
#include "leyden/retrieval/vectors/vector_code.h"

namespace leyden::retrieval {
namespace {

using testing::ClusteredVectors;
namespace fs = std::filesystem;

constexpr std::size_t kDimensions = 24;

const sql::FileKind& file_kind() {
  static const sql::FileKind kind{
      .application_id = 0x4C595654,
      .schema_version = 1,
      .schema = "CREATE TABLE IF NOT EXISTS passages(id INTEGER PRIMARY KEY);" +
                std::string(kVectorSchema),
      .upgrades = {},
      .when_damaged = "delete it",
      .when_absent = " is not there"};
  return kind;
}

class VectorSearchTest : public ::testing::Test {
 protected:
  VectorSearchTest()
      : database_(*sql::Database::open(file(), file_kind())), make_(kDimensions, 10, 5) {
    set_ = open_set(1);
  }
  fs::path file() const { return folder_.path() / "index.sqlite"; }
  fs::path graph_file() const { return file().string() + ".vectors-" + std::to_string(set_.id); }

  VectorSet open_set(std::int64_t scope, std::string_view space = "space",
                     std::size_t dimensions = kDimensions) {
    auto transaction = sql::Transaction::begin(database_);
    auto set = open_vector_set(database_, scope, space, dimensions);
    EXPECT_TRUE(set) << set.error().message;
    EXPECT_TRUE(transaction->commit());
    return *set;
  }
  std::unique_ptr<VectorSearch> open(VectorSearchOptions options = small_graphs()) {
    options.index_file = file();
    auto out = VectorSearch::open(options);
    EXPECT_TRUE(out);
    return *std::move(out);
  }
  static VectorSearchOptions small_graphs() {
    VectorSearchOptions options;
    options.graph_from = 100;
    options.tail_max = 20;
    options.hnsw.ef_search = 64;
    return options;
  }
  void add(std::int64_t first, std::int64_t count) {
    auto transaction = sql::Transaction::begin(database_);
    VectorWriter writer(database_, set_);
    for (std::int64_t id = first; id < first + count; ++id) {
      ASSERT_TRUE(database_.execute("INSERT INTO passages VALUES(" + std::to_string(id) + ")"));
      vectors_[id] = make_.next();
      ASSERT_TRUE(writer.put(id, vectors_[id]));
    }
    ASSERT_TRUE(transaction->commit());
  }
  void remove(std::int64_t id) {
    ASSERT_TRUE(database_.execute("DELETE FROM passages WHERE id = " + std::to_string(id)));
    vectors_.erase(id);
  }
  // What a plain computation over codes finds.
  std::vector<VectorHit> plain(const Vector& query, std::size_t k,
                               const AllowPassage& allow = {}) const {
    std::vector<VectorHit> out;
    const QueryCode code(query);
    for (const auto& [id, vector] : vectors_) {
      if (allow && !allow(id)) continue;
      Bytes bytes(code_bytes(kDimensions));
      encode_vector(vector, bytes.data());
      out.push_back({id, code.inner_product(bytes.data())});
    }
    std::ranges::sort(out, is_before);
    out.resize(std::min(k, out.size()));
    return out;
  }
  std::shared_ptr<const VectorView> view(VectorSearch& search) {
    auto out = search.view(database_, set_);
    EXPECT_TRUE(out) << out.error().message;
    return *out;
  }
  MaintainReport maintain(VectorSearch& search) {
    auto out = search.maintain(database_, set_, {});
    EXPECT_TRUE(out) << out.error().message;
    return *out;
  }
  // With all of a small graph looked at, what it finds is what a scan finds: the same set as a fresh one has.
  void expect_exact(VectorSearch& search, std::size_t rounds = 10) {
    const auto now = view(search);
    EXPECT_EQ(now->size(), vectors_.size());
    for (std::size_t round = 0; round < rounds; ++round) {
      const Vector query = make_.next();
      EXPECT_EQ(*now->search(query, vectors_.size(), {}), plain(query, vectors_.size()));
    }
  }

  TemporaryFolder folder_{fast_folder()};
  sql::Database database_;
  ClusteredVectors make_;
  VectorSet set_;
  std::map<std::int64_t, Vector> vectors_;
};

TEST_F(VectorSearchTest, AnEmptySetHasNothing) {
  const auto search = open();
  EXPECT_EQ(view(*search)->search(make_.next(), 10, {})->size(), 0U);
  EXPECT_FALSE(maintain(*search).made_anew);
}

TEST_F(VectorSearchTest, AScanIsThePlainComputation) {
  const auto search = open({});
  for (std::int64_t first = 1; first < 500; first += 99) {
    add(first, 99);
    expect_exact(*search, 3);
  }
  const AllowPassage odd = [](std::int64_t id) { return id % 2 == 1; };
  const Vector query = make_.next();
  EXPECT_EQ(*view(*search)->search(query, 7, odd), plain(query, 7, odd));
  EXPECT_EQ(view(*search)->search(query, 0, {})->size(), 0U);
  EXPECT_EQ(view(*search)->search(Vector(3), 1, {}).error().code, Errc::invalid_argument);
}

TEST_F(VectorSearchTest, AViewStaysAsItIs) {
  const auto search = open();
  add(1, 150);
  (void)maintain(*search);
  const auto before = view(*search);
  const Vector query = make_.next();
  const auto found = *before->search(query, 50, {});
  add(1001, 100);
  remove(5);
  (void)maintain(*search);
  EXPECT_EQ(*before->search(query, 50, {}), found);
  EXPECT_EQ(before->size(), 150U);
  EXPECT_EQ(view(*search)->size(), 249U);
}

TEST_F(VectorSearchTest, GrowsStepByStepToWhatAFreshOneHas) {
  const auto search = open();
  std::mt19937_64 random(3);
  std::int64_t next = 1;
  for (int step = 0; step < 30; ++step) {
    const auto count = static_cast<std::int64_t>(1 + random() % 60);
    add(next, count);
    next += count;
    while (vectors_.size() > 50 && random() % 3 != 0)
      remove(std::next(vectors_.begin(), static_cast<long>(random() % vectors_.size()))->first);
    if (random() % 2 == 0) (void)maintain(*search);
    expect_exact(*search, 2);
    if (step % 10 == 9) expect_exact(*open(), 2);  // With the file as it lies there.
  }
  EXPECT_GT(view(*search)->in_graph(), 0U);
  fs::remove(graph_file());
  expect_exact(*open());
}

TEST_F(VectorSearchTest, AGraphIsMadeExtendedAndMadeAnew) {
  auto search = open();
  add(1, 99);
  EXPECT_EQ(maintain(*search).added, 0U);
  EXPECT_FALSE(fs::exists(graph_file()));
  add(100, 1);
  auto report = maintain(*search);
  EXPECT_TRUE(report.made_anew);
  EXPECT_EQ(report.added, 100U);
  EXPECT_EQ(view(*search)->in_graph(), 100U);
  add(101, 20);  // A tail that may stay one.
  EXPECT_EQ(maintain(*search).added, 0U);
  EXPECT_EQ(view(*search)->in_graph(), 100U);
  add(121, 1);
  report = maintain(*search);
  EXPECT_FALSE(report.made_anew);
  EXPECT_EQ(report.added, 21U);
  add(122, 20);
  for (std::int64_t id = 1; id <= 36; ++id) remove(id);  // Of 121: less than 30 %.
  EXPECT_EQ(maintain(*search).added, 0U);
  remove(37);
  report = maintain(*search);
  EXPECT_TRUE(report.made_anew);
  EXPECT_EQ(report.why_made_anew, "much of it had been removed");
  EXPECT_EQ(view(*search)->in_graph(), 104U);
  expect_exact(*search);
}

TEST_F(VectorSearchTest, AnotherProcessFindsTheGraph) {
  add(1, 200);
  (void)maintain(*open());
  add(201, 5);
  const auto search = open();
  EXPECT_EQ(view(*search)->in_graph(), 200U);
  EXPECT_EQ(view(*search)->size(), 205U);
  expect_exact(*search);
}

// Killed between the table's commit and the graph's saving: the file is behind, or was never there.
TEST_F(VectorSearchTest, AGraphThatIsBehindIsCaughtUpWith) {
  add(1, 200);
  (void)maintain(*open());
  const std::string behind = *read_file(graph_file());
  add(201, 100);
  for (std::int64_t id = 10; id < 20; ++id) remove(id);
  (void)maintain(*open());
  ASSERT_TRUE(write_file_atomically(graph_file(), behind));
  const auto search = open();
  expect_exact(*search);
  EXPECT_EQ(view(*search)->in_graph(), 190U);
  EXPECT_EQ(maintain(*search).added, 100U);
  expect_exact(*search);
}

TEST_F(VectorSearchTest, ADamagedGraphIsMadeAnew) {
  add(1, 200);
  (void)maintain(*open());
  std::string file = *read_file(graph_file());
  file[file.size() / 2] ^= 1;
  ASSERT_TRUE(write_file_atomically(graph_file(), file));
  const auto search = open();
  EXPECT_EQ(view(*search)->in_graph(), 0U);
  expect_exact(*search);
  const auto report = maintain(*search);
  EXPECT_TRUE(report.made_anew);
  EXPECT_NE(report.why_made_anew.find("checksum"), std::string::npos);
  EXPECT_EQ(view(*open())->in_graph(), 200U);
}

// An index file put back from a copy gives IDs again: a graph that knows others by them is not used.
TEST_F(VectorSearchTest, AGraphOfALostStateIsNotUsed) {
  add(1, 150);
  ASSERT_TRUE(database_.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  fs::copy_file(file(), folder_.path() / "copy");
  const auto vectors = vectors_;
  add(1001, 50);
  (void)maintain(*open());
  const std::string graph = *read_file(graph_file());

  database_ = *sql::Database::open(folder_.path() / "copy", file_kind());
  vectors_ = vectors;
  expect_exact(*open());
  EXPECT_EQ(view(*open())->in_graph(), 0U);
  add(1001, 60);  // Other vectors with the same IDs.
  expect_exact(*open());
  EXPECT_EQ(view(*open())->in_graph(), 0U);
}

TEST_F(VectorSearchTest, FewAllowedAreFoundExactly) {
  const auto search = open();
  add(1, 400);
  (void)maintain(*search);
  remove(40);
  add(1001, 10);
  const Vector query = make_.next();
  for (const std::int64_t every : {2, 10, 40, 1000}) {
    const AllowPassage allow = [every](std::int64_t id) { return id % every == 0; };
    EXPECT_EQ(*view(*search)->search(query, 400, allow), plain(query, 400, allow)) << every;
  }
  EXPECT_TRUE(view(*search)->search(query, 5, [](std::int64_t) { return false; })->empty());
}

TEST_F(VectorSearchTest, AChangedVectorIsFoundAsItIsNow) {
  const auto search = open();
  add(1, 150);
  (void)maintain(*search);
  vectors_[7] = make_.next();
  {
    auto transaction = sql::Transaction::begin(database_);
    VectorWriter writer(database_, set_);
    ASSERT_TRUE(writer.put(7, vectors_[7]));
    EXPECT_EQ(writer.put(7, Vector(3)).error().code, Errc::invalid_argument);
    ASSERT_TRUE(transaction->commit());
  }
  expect_exact(*search);
}

TEST_F(VectorSearchTest, WhatIsNotCommittedIsNotSeen) {
  const auto search = open();
  add(1, 10);
  {
    auto transaction = sql::Transaction::begin(database_);
    EXPECT_FALSE(search->view(database_, set_));  // In a transaction: refused.
  }
  expect_exact(*search);
}

TEST_F(VectorSearchTest, AnotherSpaceReplacesASet) {
  const auto search = open();
  add(1, 120);
  (void)maintain(*search);
  const VectorSet old = set_;
  set_ = open_set(1, "another");
  EXPECT_NE(set_.identity, old.identity);
  vectors_.clear();
  EXPECT_EQ(view(*search)->size(), 0U);
  auto gone = search->view(database_, old);
  ASSERT_TRUE(gone);
  EXPECT_EQ((*gone)->size(), 0U);
  EXPECT_EQ((*find_vector_set(database_, 1))->space, "another");
  EXPECT_EQ(*find_vector_set(database_, 9), std::nullopt);
  EXPECT_FALSE(open_vector_set(database_, 1, "x", 0));
}

TEST_F(VectorSearchTest, MemoryIsBounded) {
  auto options = small_graphs();
  options.memory_bytes_max = 20'000;
  const auto search = open(options);
  add(1, 150);  // 150 × (28 + 32) bytes
  EXPECT_GT(view(*search)->memory_bytes(), 0U);
  EXPECT_EQ(maintain(*search).added, 0U);  // A graph would not fit.
  const std::size_t one = search->memory_bytes();
  EXPECT_LE(one, 20'000U);
  const VectorSet first = set_;
  for (std::int64_t scope = 2; scope < 8; ++scope) {
    set_ = open_set(scope);
    add(scope * 1000, 150);
    EXPECT_GT(view(*search)->size(), 0U);
    EXPECT_LE(search->memory_bytes(), 20'000U);
  }
  EXPECT_TRUE(search->view(database_, first));  // Read again.
  add(20'000, 1000);
  const auto refused = search->view(database_, set_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
}

TEST_F(VectorSearchTest, SearchesGoOnDuringAnUpdate) {
  const auto search = open();
  add(1, 120);
  (void)maintain(*search);
  std::atomic<bool> over{false};
  std::atomic<std::size_t> searches{0};
  std::vector<std::jthread> readers;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    readers.emplace_back([&, seed] {
      auto database = sql::Database::open(file(), file_kind());
      ClusteredVectors make(kDimensions, 10, seed);
      do {
        auto now = search->view(*database, set_);
        ASSERT_TRUE(now) << now.error().message;
        const auto hits = (*now)->search(make.next(), 10, {});
        ASSERT_EQ(hits->size(), 10U);
        ++searches;
      } while (!over);
    });
  }
  for (std::int64_t first = 1000; first < 2000; first += 50) {
    add(first, 50);
    remove(first + 3);
    (void)maintain(*search);
  }
  over = true;
  readers.clear();
  EXPECT_GT(searches.load(), 0U);
  expect_exact(*search);
}

TEST_F(VectorSearchTest, ACancelledMaintenanceLosesNothing) {
  const auto search = open();
  add(1, 150);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(search->maintain(database_, set_, stop.get_token()).error().code, Errc::cancelled);
  expect_exact(*search);
  (void)maintain(*search);
  add(200, 50);
  EXPECT_EQ(search->maintain(database_, set_, stop.get_token()).error().code, Errc::cancelled);
  expect_exact(*search);
  EXPECT_EQ(maintain(*search).added, 50U);
}

}  // namespace
}  // namespace leyden::retrieval
