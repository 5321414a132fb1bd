#include "leyden/rag/static_embedder.h"

#include <cstring>

#include <gtest/gtest.h>

#include "leyden/base/files.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/rag/safetensors.h"

namespace leyden::rag {
namespace {

using retrieval::TextRole;

std::string safetensors(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  std::string out(reinterpret_cast<const char*>(&size), sizeof size);
  return out + header + data;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string f32_matrix(std::size_t rows, std::size_t columns, const std::vector<float>& values) {
  return safetensors(
      fmt::format(R"({{"m":{{"dtype":"F32","shape":[{},{}],"data_offsets":[0,{}]}}}})", rows,
                  columns, values.size() * 4),
      bytes_of(values));
}

Result<Matrix> parse(std::string_view file) { return parse_safetensors_matrix(as_bytes(file)); }

TEST(Safetensors, ReadsHalvesAndFloats) {
  const std::vector<std::uint16_t> halves = {0x3C00, 0xC000, 0x3555, 0x0001, 0x8000, 0x7BFF};
  auto matrix = parse(safetensors(
      R"({"__metadata__":{"format":"pt"},"e":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}})",
      bytes_of(halves)));
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->rows, 2U);
  EXPECT_EQ(matrix->columns, 3U);
  EXPECT_EQ(matrix->values,
            (std::vector<float>{1, -2, 0.333251953125F, 5.9604644775390625e-8F, -0.0F, 65504}));
  matrix = parse(f32_matrix(1, 2, {0.5F, -3}));
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->values, (std::vector<float>{0.5F, -3}));
}

TEST(Safetensors, WhatIsNoneIsAnError) {
  const std::string good = f32_matrix(2, 2, {1, 2, 3, 4});
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(parse(std::string_view(good).substr(0, cut))) << cut;
  EXPECT_EQ(parse(f32_matrix(3, 2, {1, 2, 3, 4})).error().code, Errc::corrupt);
  EXPECT_EQ(parse(f32_matrix(0, 0, {})).error().code, Errc::corrupt);
  EXPECT_EQ(parse(f32_matrix(1, 1, {std::numeric_limits<float>::infinity()})).error().code,
            Errc::corrupt);
  EXPECT_EQ(parse(f32_matrix(std::size_t{1} << 63, 2, {1, 2})).error().code, Errc::corrupt);
  for (const char* header :
       {"[]", "{}x", R"({"m":3})", R"({"m":{"dtype":"F32","shape":[1,-1],"data_offsets":[0,4]}})",
        R"({"m":{"dtype":"F32","shape":[1,1],"data_offsets":[4,0]}})",
        R"({"m":{"dtype":"F32","shape":[1,1],"data_offsets":[0,400]}})"}) {
    EXPECT_EQ(parse(safetensors(header, "abcd")).error().code, Errc::corrupt) << header;
  }
  for (const char* header : {"{}", R"({"m":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]}})",
                             R"({"m":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})"}) {
    EXPECT_EQ(parse(safetensors(header, std::string(16, '\0'))).error().code, Errc::unsupported)
        << header;
  }
}

// A vocabulary of three words; their vectors are known.
constexpr const char* kTokenizer =
    R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":3,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":null,"pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"red":0,"green":1,"blue":2,"[UNK]":3}}})";

class StaticEmbedderTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<StaticEmbedder>> open(const std::string& weights) {
    folder_.write("weights", weights);
    folder_.write("tokenizer.json", kTokenizer);
    return StaticEmbedder::open({.weights = folder_.path() / "weights",
                                 .tokenizer = folder_.path() / "tokenizer.json",
                                 .name = "colours"});
  }
  TemporaryFolder folder_;
};

TEST_F(StaticEmbedderTest, IsTheDirectionOfTheMean) {
  auto embedder = open(f32_matrix(4, 2, {3, 0, 0, 4, -3, 0, 0, 0}));
  ASSERT_TRUE(embedder) << embedder.error().message;
  EXPECT_EQ((*embedder)->dimensions(), 2U);
  const std::string_view texts[] = {"red", "red green", "red blue", "", "nothing known"};
  auto vectors = (*embedder)->embed(texts, TextRole::passage, Deadline::never());
  ASSERT_TRUE(vectors);
  EXPECT_EQ(*vectors,
            (std::vector<retrieval::Vector>{{1, 0}, {0.6F, 0.8F}, {0, 0}, {0, 0}, {0, 0}}));
  EXPECT_EQ((*embedder)->embed(texts, TextRole::query, Deadline::after({})).error().code,
            Errc::timed_out);
}

TEST_F(StaticEmbedderTest, TheSpaceIsOfTheContent) {
  const std::string one = (*open(f32_matrix(4, 1, {1, 2, 3, 4})))->space();
  EXPECT_EQ((*open(f32_matrix(4, 1, {1, 2, 3, 4})))->space(), one);
  EXPECT_NE((*open(f32_matrix(4, 1, {1, 2, 3, 5})))->space(), one);
}

TEST_F(StaticEmbedderTest, FilesThatDontBelongTogether) {
  auto embedder = open(f32_matrix(2, 2, {1, 2, 3, 4}));
  ASSERT_FALSE(embedder);
  EXPECT_EQ(embedder.error().code, Errc::corrupt);
  EXPECT_EQ(StaticEmbedder::open({.weights = "/nowhere", .tokenizer = "/nowhere", .name = "x"})
                .error()
                .code,
            Errc::not_found);
}

}  // namespace
}  // namespace leyden::rag
