#include "leyden/tokenizer/decoders/token_decoder.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

class Decoding {
 public:
  Decoding(std::vector<std::string> tokens, std::vector<DecoderStep> steps)
      : vocabulary_(tokens.size()) {
    for (TokenId id = 0; id < tokens.size(); ++id) {
      EXPECT_TRUE(vocabulary_.add(id, tokens[id], TokenKind::ordinary));
    }
    TokenizerSpec spec;
    spec.decoders = std::move(steps);
    spec.decodes_to_bytes = false;
    BpeSpec bpe;
    bpe.unknown = 0;
    spec.model = bpe;
    spec.added = {{.id = 0, .text = tokens[0], .special = true}};
    if (tokens.size() > 1) spec.added.push_back({.id = 1, .text = tokens[1], .special = true});
    decoder_ =
        make_decoder(decoder_spec(spec), {.vocabulary = &vocabulary_, .normalized = {}}).value();
  }
  // Whole and one by one, which must be the same.
  std::string operator()(const TokenIds& ids) const {
    std::string whole = decoder_->decode(ids).value();
    auto stream = decoder_->incremental();
    std::string parts;
    for (TokenId id : ids) parts += stream->push(id).value();
    parts += stream->finish();
    EXPECT_EQ(parts, whole);
    return whole;
  }

 private:
  Vocabulary vocabulary_;
  std::unique_ptr<TokenDecoder> decoder_;
};

TEST(TokenDecoder, LlamasStepsInHuggingFace) {
  Decoding decode(
      {"<unk>", "<s>", "▁Hello", "▁▁", "<0xE4>", "<0xB8>", "<0xAD>", "x"},
      {DecodeReplace{"▁", false, " "}, DecodeByteFallback{}, DecodeFuse{}, DecodeStrip{" ", 1, 0}});
  EXPECT_EQ(decode({2, 7}), "Hellox");
  EXPECT_EQ(decode({3, 2}), "  Hello");
  EXPECT_EQ(decode({4, 5, 6, 7}), "中x");
  EXPECT_EQ(decode({4, 5, 7}), "\uFFFD\uFFFDx");
  EXPECT_EQ(decode({4, 5, 6, 4}), "\uFFFD\uFFFD\uFFFD\uFFFD");  // One bad byte spoils the run.
  EXPECT_EQ(decode({}), "");
}

TEST(TokenDecoder, SentencePiecesOwn) {
  Decoding decode({"<unk>", "<s>", "▁Hello", "▁", "<0xE4>", "<0xB8>", "<0xAD>", "x"},
                  {DecodeSentencePiece{}});
  EXPECT_EQ(decode({1, 2, 1, 2}), "Hello Hello");
  EXPECT_EQ(decode({3, 2}), " Hello");
  EXPECT_EQ(decode({0, 2}), " \u2047  Hello");
  EXPECT_EQ(decode({4, 5, 6, 4, 7}), "中\uFFFDx");
  EXPECT_EQ(decode({4, 5}), "\uFFFD\uFFFD");
}

TEST(TokenDecoder, TheOthers) {
  EXPECT_EQ(Decoding({"un", "##able", "to", "."}, {DecodeWordPiece{}})({0, 1, 2, 3}), "unable to.");
  EXPECT_EQ(Decoding({"▁a", "▁b", "c"}, {DecodeMetaspace{}})({0, 1, 2, 0}), "a bc a");
  EXPECT_EQ(Decoding({"a</w>", "b"}, {DecodeBpe{"</w>"}})({1, 0, 1, 0}), "ba ba");
  EXPECT_EQ(
      Decoding({"<pad>", "a", "|", "b"}, {DecodeCtc{"<pad>", "|", true}})({1, 1, 0, 1, 2, 3, 3}),
      "aa b");
  EXPECT_EQ(Decoding({"Ã", "©", "x"}, {DecodeByteLevel{}})({0, 1, 2, 0}), "éx\uFFFD");
  EXPECT_EQ(Decoding({"a", "b"}, {})({0, 1}), "a b");
  EXPECT_EQ(Decoding({"a-", "-b"}, {DecodeFuse{}, DecodeReplace{"--", false, "+"}})({0, 1, 0}),
            "a+ba-");
  EXPECT_EQ(Decoding({"a1", "2b"}, {DecodeFuse{}, DecodeReplace{"[0-9]+", true, "#"}})({0, 1}),
            "a#b");
  EXPECT_EQ(Decoding({"  a ", " "}, {DecodeFuse{}, DecodeStrip{" ", 1, 2}})({0, 1, 1}), " a ");
  EXPECT_EQ(Decoding({" a ", "b"}, {DecodeStrip{" ", 1, 1}})({0, 1, 0}), "aba");
}

TEST(TokenDecoder, AnUnknownIdIsAnError) {
  Vocabulary vocabulary(1);
  ASSERT_TRUE(vocabulary.add(0, "a", TokenKind::ordinary));
  TokenizerSpec spec;
  spec.decodes_to_bytes = false;
  auto decoder =
      make_decoder(decoder_spec(spec), {.vocabulary = &vocabulary, .normalized = {}}).value();
  EXPECT_FALSE(decoder->decode(TokenIds{0, 7}));
  EXPECT_FALSE(decoder->incremental()->push(7));
}

}  // namespace
}  // namespace leyden::tokenizer
