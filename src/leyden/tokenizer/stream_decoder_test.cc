#include "leyden/tokenizer/stream_decoder.h"

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::tokenizer {
namespace {

TEST(StreamDecoder, NeverGivesHalfACharacter) {
  for (const char* file : kTestTokenizers) {
    const Tokenizer& tokenizer = test_tokenizer(file);
    std::string text = "Hé 中文 한국어 😀👩‍👩‍👧 𐍈 end";
    StreamDecoder decoder(tokenizer);
    std::string out;
    for (TokenId id : tokenizer.encode(text)) {
      std::string part = decoder.push(id).value();
      ASSERT_TRUE(utf8::is_valid(part)) << file;
      out += part;
    }
    EXPECT_EQ(out + decoder.finish(), text) << file;
    EXPECT_EQ(decoder.finish(), "");
  }
}

TEST(StreamDecoder, WhatCanBecomeNoCharacterIsNotHeldBack) {
  const Tokenizer& tokenizer = test_tokenizer("tokenizers/cl100k_base.tiktoken");
  TokenId lead = 0;  // The token that is the byte 0xFF.
  for (TokenId id = 0; id < 256; ++id) {
    if (tokenizer.token_bytes(id) == "\xFF") lead = id;
  }
  StreamDecoder decoder(tokenizer);
  EXPECT_EQ(decoder.push(lead).value(), "\xFF");
  EXPECT_FALSE(decoder.push(4'000'000'000U));
}

}  // namespace
}  // namespace leyden::tokenizer
