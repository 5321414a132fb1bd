#include "leyden/tokenizer/load.h"

#include <unistd.h>

#include <map>
#include <string>
#include <tuple>

#include <nlohmann/json.hpp>

#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/huggingface_scores.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::tokenizer {
namespace {

using nlohmann::json;
using testing::PrintToString;

class LoadTokenizer : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "leyden-load-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<std::shared_ptr<const Tokenizer>> load(std::string_view content) {
    EXPECT_TRUE(write_file_atomically(folder_ / "x", content));
    return load_tokenizer(folder_ / "x", "x");
  }
  // One line that names the file, and the words that tell what is wrong.
  void expect_error(std::string_view content, Errc code, std::string_view words) {
    auto loaded = load(content);
    ASSERT_FALSE(loaded) << words;
    EXPECT_EQ(loaded.error().code, code) << loaded.error().message;
    EXPECT_NE(loaded.error().message.find(words), std::string::npos) << loaded.error().message;
    EXPECT_EQ(loaded.error().message.find('\n'), std::string::npos);
  }
  static std::string cached(const char* file) {
    return read_file(std::filesystem::path(LEYDEN_CACHE_DIR) / file).value();
  }

  std::filesystem::path folder_;
};

// A whole tokenizer.json of two letters.
json small() {
  return json::parse(
      R"({"normalizer": null, "added_tokens": [{"id": 3, "content": "<s>", "special": true}],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}, "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}})");
}

TEST_F(LoadTokenizer, ASmallTokenizerJson) {
  auto tokenizer = load(small().dump());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->encode("aab"), (TokenIds{0, 2}));
  EXPECT_EQ((*tokenizer)->vocabulary_size(), 4U);
  EXPECT_EQ((*tokenizer)->special_token("<s>"), 3U);
  EXPECT_EQ((*tokenizer)->token_id("ab"), 2U);
}

TEST_F(LoadTokenizer, AnAddedTokensIdFollowsFromItsPlace) {
  json file = small();
  file["added_tokens"][0]["id"] = 7;
  expect_error(file.dump(), Errc::corrupt, "its place makes it 3");
}

TEST_F(LoadTokenizer, AComponentThatIsNotKnownIsNamed) {
  auto with = [](auto&& change) {
    json file = small();
    change(file);
    return file.dump();
  };
  expect_error(with([](json& j) { j["normalizer"] = {{"type", "Nfx"}}; }), Errc::unsupported,
               "\"Nfx\"");
  expect_error(with([](json& j) { j["pre_tokenizer"] = {{"type", "Metaspice"}}; }),
               Errc::unsupported, "\"Metaspice\"");
  expect_error(with([](json& j) { j["pre_tokenizer"]["shape"] = true; }), Errc::unsupported,
               "\"shape\"");
  expect_error(with([](json& j) { j["model"]["type"] = "Trigram"; }), Errc::unsupported,
               "\"Trigram\"");
  expect_error(with([](json& j) { j["model"]["type"] = "WordLevel"; }), Errc::unsupported,
               "ByteLevel with the model \"WordLevel\"");
  expect_error(with([](json& j) { j["model"]["byte_fallback"] = true; }), Errc::unsupported,
               "byte_fallback");
  expect_error(with([](json& j) { j["model"]["dropout"] = 0.1; }), Errc::unsupported, "dropout");
  expect_error(with([](json& j) { j["decoder"]["type"] = "Guess"; }), Errc::unsupported,
               "\"Guess\"");
  expect_error(with([](json& j) { j["added_tokens"][0]["colour"] = true; }), Errc::unsupported,
               "\"colour\"");
  expect_error(with([](json& j) { j["version"] = "2.0"; }), Errc::unsupported, "version");
}

TEST_F(LoadTokenizer, ABrokenTokenizerJsonIsAnError) {
  std::string whole = small().dump();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    auto loaded = load(whole.substr(0, length));
    ASSERT_FALSE(loaded) << length;
    ASSERT_EQ(loaded.error().code, Errc::corrupt) << loaded.error().message;
  }
  auto with = [](auto&& change) {
    json file = small();
    change(file);
    return file.dump();
  };
  expect_error(with([](json& j) { j["model"]["vocab"]["ab"] = 1; }), Errc::corrupt,
               "shares its ID");
  expect_error(with([](json& j) { j["model"]["vocab"]["ab"] = -1; }), Errc::corrupt,
               "no small number");
  expect_error(with([](json& j) { j["model"]["vocab"]["ab"] = 4'000'000'000U; }), Errc::corrupt,
               "no small number");
  expect_error(with([](json& j) { j["model"]["merges"] = {"a z"}; }), Errc::corrupt,
               "not in the vocabulary");
  expect_error(with([](json& j) { j["model"]["merges"] = {7}; }), Errc::corrupt, "not a pair");
  expect_error(with([](json& j) { j.erase("model"); }), Errc::corrupt, "no \"model\"");
  expect_error("[1, 2]", Errc::corrupt, "not a tokenizer");
  expect_error("{}", Errc::corrupt, "no \"model\"");
}

TEST_F(LoadTokenizer, WhatIsNoTokenizerSaysWhatToGive) {
  expect_error("", Errc::corrupt, "empty");
  expect_error("hello world\n", Errc::corrupt, "tokenizer.json");
  expect_error(std::string(100'000, '\0'), Errc::corrupt, "tokenizer.json");
  EXPECT_EQ(load_tokenizer(folder_ / "absent", "x").error().code, Errc::not_found);
  EXPECT_EQ(load_tokenizer(folder_, "x").error().code, Errc::invalid_argument);
}

TEST_F(LoadTokenizer, ARankFileThatWasTouchedIsRefused) {
  std::string ranks = cached("tokenizers/cl100k_base.tiktoken");
  expect_error(ranks.substr(0, ranks.size() / 2), Errc::unsupported, "none of the rank files");
}

// As Hugging Face's tokenizers 0.23.3 give them back.
TEST(HuggingFaceScores, AreReadAsTheReferenceReadsThem) {
  using huggingface::serde_number;
  EXPECT_EQ(serde_number("0"), 0x0.0p+0);
  EXPECT_EQ(serde_number("-0.0"), -0x0.0p+0);
  EXPECT_EQ(serde_number("-5"), -0x1.4000000000000p+2);
  EXPECT_EQ(serde_number("1.5e3"), 0x1.7700000000000p+10);
  EXPECT_EQ(serde_number("-14.90850369904781"), -0x1.dd12765976926p+3);
  EXPECT_EQ(serde_number("-7.665264124954511"), -0x1.ea93affaf86d8p+2);
  EXPECT_EQ(serde_number("-12.628958742281618"), -0x1.94206e1594404p+3);
  EXPECT_EQ(serde_number("1e-320"), 0x0.00000000007e8p-1022);
  EXPECT_EQ(serde_number("123456789012345678901234567890"), 0x1.8ee90ff6c373ep+96);
  EXPECT_EQ(serde_number("12345678901234567890.123"), 0x1.56a95319d63e1p+63);
  EXPECT_EQ(serde_number("18446744073709551615"), 0x1.0000000000000p+64);
  EXPECT_EQ(serde_number("18446744073709551616"), 0x1.0000000000000p+64);
  EXPECT_EQ(serde_number("0.1234567890123456789012345"), 0x1.f9add3746f65fp-4);
  EXPECT_EQ(serde_number("-3.0000000000000000000000001e-5"), -0x1.f75104d551d6ap-16);
  EXPECT_EQ(serde_number("9007199254740993"), 0x1.0000000000000p+53);
  EXPECT_EQ(serde_number("1e22"), 0x1.0f0cf064dd592p+73);
  EXPECT_EQ(serde_number("1e23"), 0x1.52d02c7e14af6p+76);
  EXPECT_EQ(serde_number("4.9e-324"), 0x0.0000000000001p-1022);
  EXPECT_EQ(serde_number("100e-2"), 0x1.0000000000000p+0);
  EXPECT_EQ(serde_number("-10.687546912437893"), -0x1.56006261ec5e6p+3);  // Not the nearest.
  EXPECT_EQ(serde_number("-1.1328656600337261"), -0x1.22037be09b36fp+0);  // Not the nearest.
  EXPECT_EQ(serde_number("-10.618619044356725"), -0x1.53cbba2a863cap+3);  // Not the nearest.
  EXPECT_EQ(serde_number("-15.068543347603393"), -0x1.e23181d18a13ep+3);  // Not the nearest.
  EXPECT_EQ(serde_number("-19.737716208221954"), -0x1.3bcdaf82c0adbp+4);  // Not the nearest.
  EXPECT_EQ(serde_number("-15.665403990723037"), -0x1.f54afd4f59110p+3);  // Not the nearest.
}

// Names and IDs of llama-models 0.3.0.
TEST_F(LoadTokenizer, MetasRankFilesHaveTheirSpecialTokens) {
  for (auto [file, size, names] :
       {std::tuple{"tokenizers/llama3.tiktoken", 128256U,
                   std::map<std::string, TokenId>{{"<|begin_of_text|>", 128000},
                                                  {"<|end_of_text|>", 128001},
                                                  {"<|eot_id|>", 128009},
                                                  {"<|image|>", 128011},
                                                  {"<|reserved_special_token_2|>", 128012},
                                                  {"<|reserved_special_token_245|>", 128255}}},
        std::tuple{"tokenizers/llama4.tiktoken", 202048U,
                   std::map<std::string, TokenId>{
                       {"<|begin_of_text|>", 200000},
                       {"<|eot|>", 200008},
                       {"<|finetune_right_pad|>", 200018},
                       {"<|text_post_train_reserved_special_token_68|>", 200079},
                       {"<|image_start|>", 200080},
                       {"<|patch|>", 200092},
                       {"<|vision_reserved_special_token_1047|>", 201133},
                       {"<|reasoning_thinking_end|>", 201143},
                       {"<|reserved_special_token_0|>", 201144},
                       {"<|reserved_special_token_903|>", 202047}}}}) {
    const Tokenizer& tokenizer = test_tokenizer(file);
    EXPECT_EQ(tokenizer.vocabulary_size(), size) << file;
    for (const auto& [text, id] : names) EXPECT_EQ(tokenizer.special_token(text), id) << text;
    const TokenId first = names.at("<|begin_of_text|>");
    EXPECT_EQ(tokenizer.encode("", {.add_special_tokens = true}), TokenIds{first});
  }
}

// GPT-2's letters, all of them, with the IDs that the bytes have as numbers.
json letters() {
  json vocab;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    bool printed = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    std::string letter;
    utf8::append(letter, static_cast<char32_t>(printed ? byte : next++));
    vocab[letter] = byte;
  }
  vocab["ab"] = 256;
  vocab["12"] = 257;
  vocab["\u00C3\u00A9"] = 258;  // "é" in letters.
  vocab["\u00C2\u00B2"] = 259;  // "²"
  json file = small();
  file["added_tokens"] = json::array();
  file["model"]["vocab"] = vocab;
  file["model"]["merges"] = {"a b", "1 2", "\u00C3 \u00A9", "\u00C2 \u00B2"};
  return file;
}

TEST_F(LoadTokenizer, BehindByteLevelItsLettersAreCut) {
  json file = letters();
  file["pre_tokenizer"] = {{"type", "Sequence"},
                           {"pretokenizers",
                            {{{"type", "ByteLevel"}, {"add_prefix_space", false}},
                             {{"type", "Digits"}, {"individual_digits", false}}}}};
  auto tokenizer = load(file.dump());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->encode("ab12é"), (TokenIds{256, 257, 258}));
  // The second byte of "²" is written as the number U+00B2: it is cut off from the first.
  EXPECT_EQ((*tokenizer)->encode("²"), (TokenIds{0xC2, 0xB2}));
  file["pre_tokenizer"]["pretokenizers"][1] = {{"type", "Metaspace"}, {"replacement", "_"}};
  expect_error(file.dump(), Errc::unsupported, "\"Metaspace\" behind ByteLevel");
}

TEST_F(LoadTokenizer, TheNormalizerByteLevelWritesLetters) {
  json file = letters();
  file["normalizer"] = {{"type", "Sequence"},
                        {"normalizers", {{{"type", "NFC"}}, {{"type", "ByteLevel"}}}}};
  file["pre_tokenizer"] = {{"type", "Split"},
                           {"pattern", {{"Regex", "[0-9]"}}},
                           {"behavior", "Isolated"},
                           {"invert", false}};
  auto tokenizer = load(file.dump());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->encode("ab12e\u0301²"), (TokenIds{256, '1', '2', 258, 259}));
  EXPECT_EQ((*tokenizer)->decode(TokenIds{256, '1', 258}).value(), "ab1é");
  file["normalizer"]["normalizers"] = {{{"type", "ByteLevel"}}, {{"type", "Lowercase"}}};
  expect_error(file.dump(), Errc::unsupported, "\"Lowercase\" behind ByteLevel");
}

TEST_F(LoadTokenizer, AGgufIsAnErrorWhereverItIsCutOff) {
  std::string whole = cached("deps/llama-0.5.0/vocab/ggml-vocab-qwen2.gguf");
  for (std::size_t i = 0; i < 60; ++i) {
    std::size_t length = i < 40 ? i : whole.size() / 61 * i;
    auto loaded = load(whole.substr(0, length));
    ASSERT_FALSE(loaded) << length;
    ASSERT_EQ(loaded.error().code, Errc::corrupt) << loaded.error().message;
  }
}

TEST_F(LoadTokenizer, AGgufWithWildLengthsIsAnErrorAndNoCrash) {
  std::string whole = cached("deps/llama-0.5.0/vocab/ggml-vocab-gpt-2.gguf").substr(0, 4096);
  for (std::size_t at = 4; at + 8 < whole.size(); at += 3) {
    std::string broken = whole;
    for (std::size_t i = 0; i < 8; ++i) broken[at + i] = '\xFF';
    ASSERT_FALSE(load(broken)) << at;
  }
}

TEST(LoadGguf, SaysWhatTheModelIs) {
  auto summary = read_gguf_summary(std::filesystem::path(LEYDEN_CACHE_DIR) /
                                   "deps/llama-0.5.0/vocab/ggml-vocab-qwen2.gguf");
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->architecture, "qwen2");
  EXPECT_GT(summary->context_length, 1000U);
}

// llama.cpp's own test vectors: texts in .inp, one line of IDs for each in .out.
TEST(LoadGguf, EncodesLlamaCppsTestVectors) {
  for (const char* model : {"gpt-2", "llama-bpe", "qwen2"}) {
    std::string base = std::string("deps/llama-0.5.0/vocab/ggml-vocab-") + model + ".gguf";
    const Tokenizer& tokenizer = test_tokenizer(base);
    auto folder = std::filesystem::path(LEYDEN_CACHE_DIR);
    std::string inputs = read_file(folder / (base + ".inp")).value();
    std::string outputs = read_file(folder / (base + ".out")).value();
    constexpr std::string_view kSeparator = "\n__ggml_vocab_test__\n";
    std::size_t cases = 0;
    for (std::size_t in = 0, out = 0; in < inputs.size(); ++cases) {
      std::size_t end = std::min(inputs.find(kSeparator, in), inputs.size());
      std::string text = inputs.substr(in, end - in);
      in = end + kSeparator.size();
      std::size_t line_end = std::min(outputs.find('\n', out), outputs.size());
      std::string expected = outputs.substr(out, line_end - out);
      out = line_end + 1;
      std::string ids;
      for (TokenId id : tokenizer.encode(text)) ids += " " + std::to_string(id);
      EXPECT_EQ(ids, expected) << model << ": " << PrintToString(text);
    }
    EXPECT_GT(cases, 30U);
  }
}

}  // namespace
}  // namespace leyden::tokenizer
