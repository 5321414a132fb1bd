// Property, for every family of tokenizers: whatever the segments of a prompt are, the IDs that join() puts together are those of
// a fresh encoding of the whole. And: no text of a document becomes a control token.
//
//     LEYDEN_TEST_LISTS=1000000       so many random lists of segments for each vocabulary (default 4,000)
//     LEYDEN_TEST_VOCABULARIES=all    every vocabulary in the cache folder (default: one for each kind of cut)

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <list>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "leyden/prompt/join.h"
#include "leyden/prompt/segment.h"
#include "leyden/tokenizer/load.h"

namespace leyden::prompt {
namespace {

namespace fs = std::filesystem;
using tokenizer::Tokenizer;

std::vector<fs::path> vocabularies() {
  const fs::path cache = LEYDEN_CACHE_DIR;
  const fs::path folder = cache / "vocabularies";
  std::vector<fs::path> files;
  const char* all = std::getenv("LEYDEN_TEST_VOCABULARIES");
  if (all != nullptr && std::string_view(all) == "all") {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const fs::path& file = entry.path();
      const bool tokenizer =
          file.extension() == ".gguf" || file.extension() == ".tiktoken" ||
          file.extension() == ".model" ||
          (file.extension() == ".json" && !file.filename().string().ends_with(".config.json"));
      if (tokenizer) files.push_back(file);
    }
    std::ranges::sort(files);
    return files;
  }
  files.push_back(cache / "tokenizers/cl100k_base.tiktoken");
  files.push_back(cache / "tokenizers/o200k_base.tiktoken");
  for (const char* name :
       {"gpt-2.gguf", "llama3.json", "qwen3.json", "deepseek-v3.json", "llama2.json", "gemma3.json",
        "mistral-v3.model", "multilingual-e5-small.json", "bert-bge.gguf"}) {
    if (fs::exists(folder / name)) files.push_back(folder / name);
  }
  return files;
}

std::size_t list_count() {
  const char* lists = std::getenv("LEYDEN_TEST_LISTS");
  return lists == nullptr ? 4'000 : std::strtoull(lists, nullptr, 10);
}

// Where tokenizers' cuts are decided: whitespace of all kinds, what contracts, composes, joins or repeats, and what is cut in two.
constexpr std::string_view kHostile[] = {
    "",           " ",      "  ",     "\n",      "\n\n",   "\r\n",       "\r",         "\t",
    "\n ",        " \n",    "\v",     "\u00A0",  "\u3000", "\u2028",     "\u0085",     "\u200B",
    "/",          "//",     ".",      "...",     "-",      "--",         "'",          "'s",
    "'t",         "'re",    "'S",     "\u2019s", "don",    "a",          "A",          "Z\u0301",
    "e",          "\u0301", "\u0308", "\u0345",  "1",      "12",         "123",        "\u0661",
    "\u00BD",     "\u2167", "한",     "\u1112",  "\u1161", "\u11AB",     "漢字",       "か",
    "\u3099",     "ไทย",    "می",     "\u200C",  "\u200D", "\U0001F469", "\U0001F3FD", "\uFE0F",
    "\U0001F1E9", "\u00AD", "\uFEFF", "\uFFFD",  "\xE2",   "\x82\xAC",   "\xF0\x9F",   "\x98\x80",
    "\xC3",       "\xFF",   "▁",      "▁▁",      "_",      "##",         "<",          ">",
    "</",         "|",      "<|",     "|>",      "[",      "]",          "{",          "}",
    "I\u0307",    "ſ",      "K",      "ß",       "ﬁ",      "①",          "\u0000x",    "\x7F",
    "=====",      "aaaa",
};

class Joins : public testing::TestWithParam<fs::path> {
 protected:
  void SetUp() override {
    auto loaded = tokenizer::load_tokenizer(GetParam(), GetParam().filename().string());
    ASSERT_TRUE(loaded) << loaded.error().message;
    tokenizer_ = *std::move(loaded);
    for (TokenId id = 0; id < tokenizer_->vocabulary_size(); ++id) {
      auto text = tokenizer_->token_bytes(id);
      if (!text) continue;
      if (tokenizer_->is_control(id))
        controls_.emplace_back(id, *text);
      else
        words_.push_back(*std::move(text));
    }
  }

  std::string text(std::mt19937_64& random) const {
    std::string made;
    for (std::size_t parts = random() % 5; parts > 0; --parts) {
      switch (random() % 8) {
        case 0:
          if (!controls_.empty()) made += controls_[random() % controls_.size()].second;
          break;
        case 1:
        case 2: {  // A token of the vocabulary, or what a knife leaves of it.
          std::string_view word = words_[random() % words_.size()];
          if (random() % 2 == 0) word = word.substr(random() % (word.size() + 1));
          if (random() % 3 == 0) word = word.substr(0, random() % (word.size() + 1));
          made += word;
          break;
        }
        case 3: {  // A run.
          const std::string_view piece = kHostile[random() % std::size(kHostile)];
          for (std::size_t i = random() % 9; i > 0; --i) made += piece;
          break;
        }
        default:
          made += kHostile[random() % std::size(kHostile)];
      }
    }
    return made;
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<std::pair<TokenId, std::string>> controls_;
  std::vector<std::string> words_;
};

TEST_P(Joins, EqualAFreshEncoding) {
  std::mt19937_64 random(std::random_device{}());
  const auto seed = random();
  random.seed(seed);
  std::size_t side_by_side = 0;
  std::size_t segments = 0;
  const std::size_t lists = list_count();
  for (std::size_t list = 0; list < lists; ++list) {
    std::list<std::string> texts;
    std::list<TokenIds> ids;
    std::vector<Piece> pieces;
    const bool laid_out = random() % 4 == 0;
    for (std::size_t i = random() % 7; i > 0; --i) {
      if (!controls_.empty() && random() % 6 == 0) {
        const TokenId control = controls_[random() % controls_.size()].first;
        pieces.push_back({.text = {}, .ids = ids.emplace_back(TokenIds{control}), .special = true});
        continue;
      }
      const std::string& made = texts.emplace_back(
          laid_out ? layout_segment(text(random), text(random), text(random)) : text(random));
      pieces.push_back(Piece::of(made, ids.emplace_back(encode_text(*tokenizer_, made))));
    }
    const Joined joined = join(*tokenizer_, pieces);
    if (joined.ids != join_plain(*tokenizer_, pieces)) {
      std::string told;
      for (const Piece& piece : pieces)
        told += testing::PrintToString(piece.special ? "<control>" : piece.text) + " + ";
      FAIL() << "list " << list << " of seed " << seed << ": " << told;
    }
    segments += pieces.size();
    side_by_side += pieces.size() - joined.reencoded_pieces;
  }
  std::printf(
      "%s: %zu lists, %zu segments, %.0f %% joined by their IDs, 0 differences (seed %llu)\n",
      GetParam().filename().c_str(), lists, segments,
      100.0 * static_cast<double>(side_by_side) / static_cast<double>(segments),
      static_cast<unsigned long long>(seed));
}

// Whether a token stands for what the vocabulary can't write; that may come out of any text.
bool is_unknown(const Tokenizer& tokenizer, TokenId id) {
  const TokenIds ids = tokenizer.encode("\U0010FFFD\u0378");
  return std::ranges::find(ids, id) != ids.end();
}

TEST_P(Joins, TextOfDocumentsBecomesNoControlToken) {
  std::set<TokenId> controls;
  for (const auto& [id, text] : controls_) {
    if (!is_unknown(*tokenizer_, id)) controls.insert(id);
  }
  for (const auto& [id, mark] : controls_) {
    for (const std::string& text :
         {mark, "a" + mark + "b", mark + mark, " " + mark + " ", mark + "\n" + mark + "user\n",
          mark.substr(0, mark.size() - 1)}) {
      for (const std::string& segment :
           {layout_segment("a.md", "", text), layout_segment(text, text, "b")}) {
        const TokenIds whole = encode_text(*tokenizer_, segment);
        const Piece pieces[] = {Piece::of(segment, whole), Piece::of(segment, whole)};
        for (const TokenId got : join(*tokenizer_, pieces).ids)
          ASSERT_FALSE(controls.contains(got)) << testing::PrintToString(mark);
      }
    }
  }
  std::printf("%s: %zu control tokens\n", GetParam().filename().c_str(), controls.size());
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, Joins, testing::ValuesIn(vocabularies()), [](const auto& p) {
  std::string name = p.param.filename().string();
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name + "_" + std::to_string(p.index);
});

}  // namespace
}  // namespace leyden::prompt
