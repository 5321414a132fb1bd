#include "leyden/retrieval/vectors/hnsw_graph.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <xxhash.h>

#include "leyden/base/files.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/vectors/testing/clustered_vectors.h"
#include "leyden/retrieval/vectors/vector_hit.h"

namespace leyden::retrieval {
namespace {

using testing::ClusteredVectors;

constexpr std::string_view kIdentity = "0123456789abcdef";
constexpr std::size_t kDimensions = 32;

Bytes code_of(const Vector& vector) {
  Bytes out(code_bytes(vector.size()));
  encode_vector(vector, out.data());
  return out;
}

bool all(std::int64_t) { return true; }

std::unique_ptr<HnswGraph> graph_of(std::size_t count, std::uint64_t seed = 1,
                                    std::size_t dimensions = kDimensions) {
  auto graph = HnswGraph::make(dimensions, {});
  EXPECT_TRUE(graph);
  ClusteredVectors make(dimensions, 20, seed);
  for (std::size_t i = 1; i <= count; ++i)
    EXPECT_TRUE((*graph)->add(static_cast<std::int64_t>(i) * 3, code_of(make.next())));
  return *std::move(graph);
}

std::string saved(const HnswGraph& graph) {
  const TemporaryFolder folder(fast_folder());
  EXPECT_TRUE(graph.save(folder.path() / "graph", kIdentity));
  return *read_file(folder.path() / "graph");
}

Result<std::unique_ptr<HnswGraph>> parse(std::string_view file) {
  return HnswGraph::parse(as_bytes(file), kIdentity, kDimensions, {});
}

TEST(HnswGraph, FindsWhatAScanFinds) {
  // Seeds are fixed; vectors of the queries are not in the graph.
  ClusteredVectors make(64, 50, 7);
  auto graph = HnswGraph::make(64, {});
  ASSERT_TRUE(graph);
  std::vector<Bytes> codes;
  for (std::int64_t i = 0; i < 5000; ++i) {
    codes.push_back(code_of(make.next()));
    ASSERT_TRUE((*graph)->add(i + 1, codes.back()));
  }
  std::size_t same = 0;
  for (int round = 0; round < 100; ++round) {
    const Vector query = make.next();
    const QueryCode code(query);
    BestHits exact(10), found(10);
    for (std::size_t i = 0; i < codes.size(); ++i)
      exact.offer({static_cast<std::int64_t>(i) + 1, code.inner_product(codes[i].data())});
    for (const auto& hit : (*graph)->search(query, 10, all)) found.offer({hit.id, hit.score});
    std::set<std::int64_t> wanted;
    for (const auto& hit : exact.take()) wanted.insert(hit.passage);
    for (const auto& hit : found.take()) same += wanted.count(hit.passage);
  }
  EXPECT_GE(static_cast<double>(same) / 1000, 0.95);
}

TEST(HnswGraph, FindsOnlyWhatIsAllowed) {
  const auto graph = graph_of(500);
  const Vector query = ClusteredVectors(kDimensions, 20, 1).next();
  const auto hits = graph->search(query, 10, [](std::int64_t id) { return id % 2 == 0; });
  EXPECT_GE(hits.size(), 10U);
  for (const auto& hit : hits) EXPECT_EQ(hit.id % 2, 0);
  EXPECT_TRUE(graph->search(query, 10, [](std::int64_t) { return false; }).empty());
}

TEST(HnswGraph, IdsRise) {
  const auto graph = graph_of(3);
  const Bytes code = code_of(Vector(kDimensions, 0.1F));
  EXPECT_EQ(graph->add(9, code).error().code, Errc::invalid_argument);
  EXPECT_EQ(graph->add(10, Bytes(5)).error().code, Errc::invalid_argument);
  EXPECT_TRUE(graph->add(10, code));
  EXPECT_EQ(graph->size(), 4U);
  EXPECT_EQ(graph->last_id(), 10);
}

TEST(HnswGraph, AnEmptyOneIsSearchedAndSaved) {
  const auto graph = graph_of(0);
  EXPECT_TRUE(graph->search(Vector(kDimensions, 0.1F), 10, all).empty());
  auto again = parse(saved(*graph));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE((*again)->add(1, code_of(Vector(kDimensions, 0.1F))));
  EXPECT_EQ((*again)->search(Vector(kDimensions, 0.1F), 10, all).size(), 1U);
}

TEST(HnswGraph, TheSavedOneIsTheSame) {
  const auto graph = graph_of(3000);  // More than its first room.
  auto again = parse(saved(*graph));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)->size(), 3000U);
  EXPECT_EQ((*again)->last_id(), 9000);
  ClusteredVectors make(kDimensions, 20, 2);
  for (int round = 0; round < 20; ++round) {
    const Vector query = make.next();
    const auto key = [](const HnswGraph::Hit& hit) { return std::pair(hit.id, hit.score); };
    std::set<std::pair<std::int64_t, float>> before, after;
    for (const auto& hit : graph->search(query, 10, all)) before.insert(key(hit));
    for (const auto& hit : (*again)->search(query, 10, all)) after.insert(key(hit));
    EXPECT_EQ(before, after);
  }
  EXPECT_TRUE((*again)->add(9001, code_of(make.next())));
  EXPECT_EQ(saved(**parse(saved(*graph))), saved(*graph));
}

TEST(HnswGraph, ADamagedOrForeignFileIsCorrupt) {
  const auto graph = graph_of(50);
  const std::string file = saved(*graph);
  ASSERT_TRUE(parse(file));
  for (std::size_t cut = 0; cut < file.size(); cut += 97)
    EXPECT_EQ(parse(std::string_view(file).substr(0, cut)).error().code, Errc::corrupt);
  for (std::size_t at = 0; at < file.size(); at += 31) {
    std::string bad = file;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    EXPECT_EQ(parse(bad).error().code, Errc::corrupt) << at;
  }
  const auto code = [&](std::string_view identity, std::size_t dimensions, HnswOptions options) {
    return HnswGraph::parse(as_bytes(file), identity, dimensions, options).error().code;
  };
  EXPECT_EQ(code("another identity", kDimensions, {}), Errc::corrupt);
  EXPECT_EQ(code(kIdentity, kDimensions + 4, {}), Errc::corrupt);
  EXPECT_EQ(code(kIdentity, kDimensions, {.links = 8}), Errc::corrupt);
  EXPECT_EQ(HnswGraph::load("/nonexistent/graph", kIdentity, kDimensions, {}).error().code,
            Errc::not_found);
}

// As a hostile file would be: its checksum fits. What is taken must be safe to search.
TEST(HnswGraph, NoNumberInAFileIsTrusted) {
  const auto graph = graph_of(60);
  const std::string file = saved(*graph);
  std::mt19937_64 random(11);
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bad = file;
    for (std::uint64_t edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t at = 32 + random() % (bad.size() - 40);
      bad[at] = static_cast<char>(random());
    }
    const XXH64_hash_t sum = XXH3_64bits(bad.data(), bad.size() - 8);
    std::memcpy(bad.data() + bad.size() - 8, &sum, sizeof sum);
    auto taken = parse(bad);
    if (!taken) {
      ++refused;
      continue;
    }
    EXPECT_LE((*taken)->search(Vector(kDimensions, 0.2F), 10, all).size(), 128U);
    EXPECT_TRUE((*taken)->add(1'000'000'000'000, code_of(Vector(kDimensions, 0.2F))));
  }
  EXPECT_GT(refused, 500U);
}

TEST(HnswGraph, OptionsOutOfRangeAreNamed) {
  EXPECT_EQ(HnswGraph::make(kDimensions, {.links = 1}).error().message, "links is 1: 2 to 128");
  EXPECT_FALSE(HnswGraph::make(0, {}));
  EXPECT_FALSE(HnswGraph::make(kVectorDimensionsMax + 1, {}));
}

TEST(HnswGraph, AFileThatCantBeWrittenIsUnavailable) {
  EXPECT_EQ(graph_of(1)->save("/nonexistent/graph", kIdentity).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace leyden::retrieval
