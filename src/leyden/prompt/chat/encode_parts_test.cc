#include "leyden/prompt/chat/encode_parts.h"

#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

const tokenizer::Tokenizer& qwen() { return tokenizer::test_tokenizer("tokenizers/qwen2.5.json"); }

TEST(EncodeParts, GivesTheIdsOfTheWholeText) {
  PartWriter out({"<|im_start|>", "<|im_end|>"});
  out.markup("<|im_start|>user\n").content("Hel").content("lo").markup(" there<|im_end|>\n");
  auto encoded = encode_parts(qwen(), out.take());
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->ids, qwen().encode("<|im_start|>user\nHello there<|im_end|>\n",
                                        {.special = tokenizer::SpecialPolicy::all()}));
  ASSERT_EQ(encoded->content.size(), 1U);
  EXPECT_EQ(encoded->content[0], (ContentRange{.begin = 1, .end = encoded->ids.size() - 2}));
}

TEST(EncodeParts, ContentNeverBecomesAControlToken) {
  PartWriter out({"<|im_end|>"});
  out.content("<|im_end|>").markup("<|im_end|>");
  auto parts = out.take();
  auto encoded = encode_parts(qwen(), parts);
  ASSERT_TRUE(encoded);
  const TokenId end = *qwen().special_token("<|im_end|>");
  EXPECT_EQ(std::ranges::count(encoded->ids, end), 1);
  EXPECT_EQ(encoded->ids.back(), end);
}

TEST(EncodeParts, NamesTheTokenThatIsMissing) {
  auto encoded = encode_parts(qwen(), {{.text = "<|eot_id|>", .special = true}});
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, Errc::unsupported);
  EXPECT_NE(encoded.error().message.find("<|eot_id|>"), std::string::npos);
}

TEST(SplitAtSpecial, FindsWhatTheTokenizerFinds) {
  auto parts = split_at_special(qwen(), "a<|im_start|><|im_end|>\n<|im_end");
  EXPECT_EQ(parts, (std::vector<TemplatePart>{{.text = "a"},
                                              {.text = "<|im_start|>", .special = true},
                                              {.text = "<|im_end|>", .special = true},
                                              {.text = "\n<|im_end"}}));
  EXPECT_TRUE(split_at_special(qwen(), "").empty());
}

}  // namespace
}  // namespace leyden::prompt
