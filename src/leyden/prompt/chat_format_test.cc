#include "leyden/prompt/chat_format.h"

#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

std::string flat(const ChatFrame& frame, std::string_view content) {
  std::string text;
  for (const TemplatePart& part : frame.before) text += part.text;
  text += content;
  for (const TemplatePart& part : frame.after) text += part.text;
  return text;
}

// What the models' own Jinja templates give for a system and a user message with a generation prompt.
TEST(ChatFormat, LaysTurnsOutAsTheTemplatesDo) {
  EXPECT_EQ(
      flat(chat_frame(ChatFormat::chatml, "S"), "U"),
      "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(flat(chat_frame(ChatFormat::llama3, "S"), "U"),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_"
            "header_id|>user<|end_header_id|>\n\nU"
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
}

TEST(ChatFormat, IsToldByTheTemplatesMarks) {
  EXPECT_EQ(detect_chat_format(""), ChatFormat::plain);
  EXPECT_EQ(detect_chat_format("{{ '<|im_start|>' + role }}"), ChatFormat::chatml);
  EXPECT_EQ(detect_chat_format("{{ '<|start_header_id|>' }}"), ChatFormat::llama3);
  EXPECT_EQ(detect_chat_format("{{ '<start_of_turn>' }}").error().code, Errc::unsupported);
}

TEST(ChatFormat, ItsMarksAreSpecialTokensOfItsModel) {
  const auto& qwen = tokenizer::test_tokenizer("tokenizers/qwen2.5.json");
  ChatFrame frame = chat_frame(ChatFormat::chatml, "S");
  for (const auto& parts : {frame.before, frame.after}) {
    for (const TemplatePart& part : parts) {
      EXPECT_TRUE(!part.special || qwen.special_token(part.text)) << part.text;
    }
  }
}

}  // namespace
}  // namespace leyden::prompt
