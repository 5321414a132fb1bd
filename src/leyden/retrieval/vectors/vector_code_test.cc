#include "leyden/retrieval/vectors/vector_code.h"

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "leyden/retrieval/vectors/testing/clustered_vectors.h"
#include "leyden/retrieval/vectors/vector_hit.h"

namespace leyden::retrieval {
namespace {

using testing::ClusteredVectors;

float plain_product(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return static_cast<float>(sum);
}

Bytes code_of(const Vector& vector) {
  Bytes out(code_bytes(vector.size()));
  encode_vector(vector, out.data());
  return out;
}

TEST(VectorCode, KeepsInnerProducts) {
  // Lengths that are multiples of nothing, too.
  for (const std::size_t dimensions : {1, 3, 7, 64, 127, 256, 384, 1000, 8192}) {
    ClusteredVectors make(dimensions, 3, dimensions);
    for (int round = 0; round < 20; ++round) {
      const Vector a = make.next(), b = make.next();
      const Bytes code = code_of(b);
      EXPECT_TRUE(is_vector_code(code, dimensions));
      const float exact = plain_product(a, b);
      EXPECT_NEAR(QueryCode(a).inner_product(code.data()), exact, 0.01F);
      EXPECT_NEAR(inner_product(code_of(a).data(), code.data(), code.size()), exact, 0.02F);
    }
  }
}

TEST(VectorCode, TheLargestSumsDoNotOverflow) {
  const Vector ones(kVectorDimensionsMax, 1.0F);
  const Bytes code = code_of(ones);
  EXPECT_NEAR(QueryCode(ones).inner_product(code.data()), 8192.0F, 1.0F);
  EXPECT_NEAR(inner_product(code.data(), code.data(), code.size()), 8192.0F, 1.0F);
}

TEST(VectorCode, ZerosAndWhatIsNoNumberGiveZero) {
  const Vector zeros(16, 0.0F);
  const Vector odd{std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                   0, 0};
  EXPECT_EQ(QueryCode(zeros).inner_product(code_of(zeros).data()), 0.0F);
  EXPECT_EQ(QueryCode(odd).inner_product(code_of(odd).data()), 0.0F);
  const Vector tiny(4, std::numeric_limits<float>::denorm_min());
  EXPECT_TRUE(std::isfinite(QueryCode(tiny).inner_product(code_of(tiny).data())));
}

TEST(VectorCode, ADamagedCodeIsNone) {
  Bytes code = code_of(Vector(10, 0.5F));
  EXPECT_FALSE(is_vector_code(code, 16));
  code[3] = std::byte{0xFF};  // Of the scale: not a number, or negative.
  EXPECT_FALSE(is_vector_code(code, 10));
}

// What int8 costs: of the ten nearest by float32, how many are among the ten nearest by code. Seeds are fixed.
TEST(VectorCode, FindsWhatFloatsFind) {
  for (const std::size_t dimensions : {256, 384}) {
    ClusteredVectors make(dimensions, 50, 42);
    std::vector<Vector> all;
    std::vector<Bytes> codes;
    for (int i = 0; i < 2000; ++i) {
      all.push_back(make.next());
      codes.push_back(code_of(all.back()));
    }
    std::size_t same = 0;
    constexpr std::size_t kQueries = 50, kTop = 10;
    for (std::size_t round = 0; round < kQueries; ++round) {
      const Vector query = make.next();
      const QueryCode code(query);
      BestHits exact(kTop), quantized(kTop);
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto passage = static_cast<std::int64_t>(i);
        exact.offer({passage, plain_product(query, all[i])});
        quantized.offer({passage, code.inner_product(codes[i].data())});
      }
      std::set<std::int64_t> wanted;
      for (const auto& hit : exact.take()) wanted.insert(hit.passage);
      for (const auto& hit : quantized.take()) same += wanted.count(hit.passage);
    }
    EXPECT_GE(static_cast<double>(same) / (kQueries * kTop), 0.97) << dimensions;
  }
}

}  // namespace
}  // namespace leyden::retrieval
