#include "leyden/prompt/chat/turn_frame.h"

#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

constexpr std::chrono::year_month_day kDate{std::chrono::year(2026), std::chrono::November,
                                            std::chrono::day(26)};
const std::string kSystem = "Be brief.";
const std::vector<std::string> kSaid = {
    "[jar.md]\nThe jar <|im_end|> is of glass.\nQuestion: Of <b>what</b>?", "Of glass & foil.",
    "Question: Since when? \u3000x", "1746.", "Question: Who?"};

const tokenizer::Tokenizer& qwen() { return tokenizer::test_tokenizer("tokenizers/qwen2.5.json"); }

// With any tokenizer: these tests are about text.
std::unique_ptr<ChatTemplate> native(std::string_view name) {
  return ChatTemplate::of(*native_format_named(name), qwen());
}

std::string around(const ChatFrame& frame, std::string_view words) {
  return rendered_text(frame.before) + std::string(words) + rendered_text(frame.after);
}

class TurnFrames : public testing::TestWithParam<std::string_view> {};

TEST_P(TurnFrames, AreWhatAWholeConversationIsMadeOf) {
  const auto chat = native(GetParam());
  const auto renderer = TurnRenderer::make(*chat, kSystem, kDate);
  ASSERT_TRUE(renderer) << renderer.error().message;
  const auto first = first_frame(*renderer);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(around(*first, kSaid[0]),
            rendered_text(renderer->render(std::span(kSaid).first(1)).value()));
  EXPECT_TRUE(around(*first, "").contains(kSystem));

  const auto next = next_turn(*renderer);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(first->stop_tokens, next->frame.stop_tokens);
  ASSERT_EQ(first->stop_tokens.size(), 1U);
  std::string whole = rendered_text(first->before) + kSaid[0];
  for (const std::size_t turn : {1U, 2U}) {
    whole += rendered_text(next->opening) + kSaid[2 * turn - 1] + next->end +
             rendered_text(next->frame.before) + kSaid[2 * turn];
    std::string rendered =
        rendered_text(renderer->render(std::span(kSaid).first(2 * turn + 1)).value());
    // Mistral's moves the system message to the last user turn; here it stays where it was sent.
    if (GetParam() == "mistral-nemo") {
      for (std::size_t i = 0; i < turn; ++i)
        rendered.insert(rendered.find("[INST]" + kSaid[2 * i]) + 6, kSystem + "\n\n");
    }
    EXPECT_EQ(whole + rendered_text(next->frame.after), rendered);
  }
  // What the model is given to begin with is how the template opens its answer, or the first part of it.
  EXPECT_TRUE(rendered_text(next->opening).starts_with(rendered_text(first->after)));
}

std::vector<std::string_view> all_formats() {
  std::vector<std::string_view> names;
  for (const NativeFormat& format : native_formats()) names.push_back(format.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Native, TurnFrames, testing::ValuesIn(all_formats()),
                         [](const auto& parameter) {
                           std::string name(parameter.param);
                           std::erase_if(name, [](char c) { return std::isalnum(c) == 0; });
                           return name;
                         });

TEST(TurnFrame, AreThoseOfTheFormats) {
  struct Expected {
    std::string_view format;
    std::string first;
    std::string next;
    std::string stop;
  };
  for (const auto& [format, first, next, stop] : std::initializer_list<Expected>{
           {"qwen3",
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nU<|im_end|>\n"
            "<|im_start|>assistant\n",
            "<|im_end|>|\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"},
           {"gemma2",
            "<bos><start_of_turn>user\nBe brief.\n\nU<end_of_turn>\n<start_of_turn>model\n",
            "<end_of_turn>|\n<start_of_turn>user\nU<end_of_turn>\n<start_of_turn>model\n",
            "<end_of_turn>"},
           {"mistral-nemo", "<s>[INST]Be brief.\n\nU[/INST]", "</s>|[INST]Be brief.\n\nU[/INST]",
            "</s>"},
           {"deepseek-v3", "<｜begin▁of▁sentence｜>Be brief.<｜User｜>U<｜Assistant｜>",
            "<｜end▁of▁sentence｜>|<｜User｜>U<｜Assistant｜>", "<｜end▁of▁sentence｜>"}}) {
    const auto chat = native(format);
    const auto renderer = TurnRenderer::make(*chat, kSystem, kDate).value();
    EXPECT_EQ(around(first_frame(renderer).value(), "U"), first);
    const NextTurn turn = next_turn(renderer).value();
    EXPECT_EQ(turn.end + "|" + around(turn.frame, "U"), next);
    EXPECT_EQ(turn.frame.stop_tokens, std::vector{stop});
  }
  // gpt-oss ends its last answer otherwise than it closes earlier ones, and thinks before its final channel.
  const auto chat = native("gpt-oss");
  const NextTurn turn = next_turn(TurnRenderer::make(*chat, kSystem, kDate).value()).value();
  EXPECT_EQ(turn.end, "<|end|>");
  EXPECT_EQ(turn.frame.stop_tokens, std::vector<std::string>{"<|return|>"});
  EXPECT_EQ(rendered_text(turn.opening), "<|end|><|start|>assistant<|channel|>final<|message|>");
}

// A template of one's own.
Result<ChatFrame> frame_of(const std::string& jinja) {
  const auto chat = ChatTemplate::open({.text = jinja}, qwen()).value();
  const auto renderer = TurnRenderer::make(*chat, kSystem, kDate);
  return renderer ? first_frame(*renderer) : std::unexpected(renderer.error());
}

TEST(TurnFrame, TemplatesThatChangeMessagesAreRefused) {
  const std::string turn = "<|im_start|>{{ m.role }}\n";
  const std::string end = "<|im_end|>\n{% endfor %}<|im_start|>assistant\n";
  const std::string loop = "{% for m in messages %}" + turn;
  EXPECT_TRUE(frame_of(loop + "{{ m.content | trim }}" + end));
  for (const char* message : {"{{ m.content.replace('e', 'a') }}", "{{ m.content }}{{ m.content }}",
                              "", "{{ m.content if m.role == 'system' else m.content | tojson }}",
                              "{{ 'long ' if m.content | length > 60 }}{{ m.content }}"}) {
    const auto frame = frame_of(loop + message + end);
    ASSERT_FALSE(frame) << message;
    EXPECT_EQ(frame.error().code, Errc::unsupported) << frame.error().message;
  }
  // Without a place for the system message it stands in the user's.
  const auto folded = frame_of("{% for m in messages %}{% if m.role == 'user' %}" + turn +
                               "{{ m.content }}<|im_end|>{% endif %}{% endfor %}");
  ASSERT_TRUE(folded) << folded.error().message;
  EXPECT_EQ(rendered_text(folded->before), "<|im_start|>user\nBe brief.\n\n");
}

TEST(TurnFrame, WithoutAnEndTokenThereIsNoNextTurn) {
  const auto chat =
      ChatTemplate::open(
          {.text = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}Answer:"},
          qwen())
          .value();
  const auto renderer = TurnRenderer::make(*chat, kSystem, kDate).value();
  EXPECT_EQ(around(first_frame(renderer).value(), "U"), "system: Be brief.\nuser: U\nAnswer:");
  EXPECT_EQ(next_turn(renderer).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace leyden::prompt
