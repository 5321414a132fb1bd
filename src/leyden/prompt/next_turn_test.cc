#include "leyden/prompt/next_turn.h"

#include <gtest/gtest.h>

#include "leyden/prompt/join.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

// Special tokens by their text, the rest encoded as text between them: what encoding the rendered template gives.
TokenIds encode_template(const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text, {.special = tokenizer::SpecialPolicy::all()});
}

std::string text_of(const std::vector<TemplatePart>& parts) {
  std::string out;
  for (const TemplatePart& part : parts) out += part.text;
  return out;
}

const tokenizer::Tokenizer& qwen() { return tokenizer::test_tokenizer("tokenizers/qwen2.5.json"); }

TEST(NextTurn, OpensTheUsersMessageBehindAnAnswersEnd) {
  const auto chatml = next_turn(ChatFormat::chatml, qwen());
  ASSERT_TRUE(chatml) << chatml.error().message;
  EXPECT_EQ(chatml->end, qwen().special_token("<|im_end|>"));
  EXPECT_EQ(text_of(chatml->frame.before), "\n<|im_start|>user\n");
  EXPECT_EQ(text_of(chatml->frame.after), "<|im_end|>\n<|im_start|>assistant\n");
  const auto& llama = tokenizer::test_tokenizer("deps/llama-0.5.0/vocab/ggml-vocab-llama-bpe.gguf");
  const auto llama3 = next_turn(ChatFormat::llama3, llama);
  ASSERT_TRUE(llama3) << llama3.error().message;
  EXPECT_EQ(llama3->end, llama.special_token("<|eot_id|>"));
  EXPECT_EQ(text_of(llama3->frame.before), "<|start_header_id|>user<|end_header_id|>\n\n");
  EXPECT_EQ(next_turn(ChatFormat::plain, qwen()).error().code, Errc::unsupported);
  EXPECT_EQ(next_turn(ChatFormat::llama3, qwen()).error().code, Errc::unsupported);
}

TEST(WithoutReasoning, IsAFreshEncodingOfWhatTheTemplateKeeps) {
  const auto frame = next_turn(ChatFormat::chatml, qwen())->frame;
  const std::string prompt = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
  const TokenIds prompt_ids = encode_template(qwen(), prompt);
  for (const auto& [answer, kept] :
       {std::pair<std::string, std::string>{"<think>\nWhat?\n</think>\n\nHello.", "Hello."},
        {"</think> spaced", " spaced"},
        {"<think>a</think>b<think>c</think>\n\n\n  d", "  d"},
        {"<think>only</think>\n", ""}}) {
    const auto ids = without_reasoning(qwen(), frame, prompt_ids, qwen().encode(answer));
    ASSERT_TRUE(ids) << ids.error().message;
    ASSERT_TRUE(*ids);
    EXPECT_EQ(**ids, encode_template(qwen(), prompt + kept)) << answer;
  }
  // No reasoning, or one that was cut: as it was sampled.
  for (const char* answer : {"Hello.", "<think>What"})
    EXPECT_FALSE(without_reasoning(qwen(), frame, prompt_ids, qwen().encode(answer)).value());
  EXPECT_FALSE(without_reasoning(qwen(), frame, TokenIds{1, 2}, qwen().encode("</think>x")));
}

}  // namespace
}  // namespace leyden::prompt
