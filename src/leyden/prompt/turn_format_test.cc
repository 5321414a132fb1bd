#include "leyden/prompt/turn_format.h"

#include <filesystem>

#include "leyden/base/files.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

constexpr std::chrono::year_month_day kDate{std::chrono::year(2026), std::chrono::November,
                                            std::chrono::day(26)};
const std::string kSystem = "Be brief.";

const tokenizer::Tokenizer& qwen() { return tokenizer::test_tokenizer("tokenizers/qwen2.5.json"); }

std::shared_ptr<const TurnFormat> guessed(const tokenizer::Tokenizer& tokenizer = qwen()) {
  return TurnFormat::open(std::nullopt, tokenizer, kSystem, kDate).value();
}

std::shared_ptr<const TurnFormat> shown(const char* name, const tokenizer::Tokenizer& tokenizer,
                                        std::string bos = {}, std::string eos = {}) {
  const auto text = read_file(std::string(LEYDEN_CACHE_DIR) +
                              "/deps/llama-jinja-0.5.0/models/templates/" + name + ".jinja");
  auto format =
      TurnFormat::open(JinjaSource{.text = text.value(), .bos_token = bos, .eos_token = eos},
                       tokenizer, kSystem, kDate);
  EXPECT_TRUE(format) << name << ": " << format.error().message;
  return format.value();
}

bool is_there(const std::string& vocabulary) {
  return std::filesystem::exists(std::filesystem::path(LEYDEN_CACHE_DIR) / vocabulary);
}

// Special tokens by their text, the rest encoded as text between them: what encoding the rendered template gives.
TokenIds ids_of(std::string_view text, const tokenizer::Tokenizer& tokenizer = qwen()) {
  return tokenizer.encode(text, {.special = tokenizer::SpecialPolicy::all()});
}

TEST(TurnFormat, IsToldByTheTemplateElseByTheTokenizer) {
  EXPECT_EQ(guessed()->name(), "qwen3");
  EXPECT_EQ(guessed(tokenizer::test_tokenizer("deps/llama-0.5.0/vocab/ggml-vocab-llama-bpe.gguf"))
                ->name(),
            "llama3");
  EXPECT_EQ(guessed(tokenizer::test_tokenizer("tokenizers/cl100k_base.tiktoken"))->name(), "plain");
  for (const auto& [file, name] : {std::pair{"vocabularies/gemma3.json", "gemma3"},
                                   {"vocabularies/mistral-v3.model", "mistral-nemo"},
                                   {"vocabularies/deepseek-v3.json", "deepseek-v3"},
                                   {"vocabularies/gpt-oss.json", "gpt-oss"},
                                   {"vocabularies/llama3.1.json", "llama3"},
                                   {"vocabularies/qwen3.json", "qwen3"}}) {
    if (!is_there(file)) continue;
    EXPECT_EQ(guessed(tokenizer::test_tokenizer(file))->name(), name);
  }
  EXPECT_EQ(shown("Qwen-Qwen2.5-7B-Instruct", qwen())->name(), "qwen2.5");
  EXPECT_EQ(shown("Qwen-QwQ-32B", qwen())->name().substr(0, 6), "jinja:");
  EXPECT_EQ(shown("Qwen-QwQ-32B", qwen())->name().size(), 18U);

  const auto plain = TurnFormat::open(JinjaSource{}, qwen(), kSystem, kDate).value();
  EXPECT_EQ(plain->name(), "plain");
  EXPECT_EQ(rendered_text(plain->first().before) + "U" + rendered_text(plain->first().after),
            "Be brief.\nU\nAnswer:");
  EXPECT_TRUE(plain->first().stop_tokens.empty());
  EXPECT_EQ(plain->next().error().code, Errc::unsupported);
}

TEST(TurnFormat, SessionsOfOlderNamesGoOnWhereTheFramesAreTheSame) {
  EXPECT_TRUE(guessed()->continues("chatml"));
  EXPECT_TRUE(guessed()->continues("qwen3"));
  EXPECT_FALSE(guessed()->continues("qwen2.5"));
  EXPECT_FALSE(guessed()->continues("llama3"));
  EXPECT_FALSE(shown("Qwen-QwQ-32B", qwen())->continues("chatml"));  // It opens <think> itself.
  const auto& llama = tokenizer::test_tokenizer("deps/llama-0.5.0/vocab/ggml-vocab-llama-bpe.gguf");
  EXPECT_TRUE(
      shown("meta-llama-Llama-3.1-8B-Instruct", llama, "<|begin_of_text|>")->continues("llama3"));
  EXPECT_FALSE(guessed(llama)->continues("chatml"));
}

TEST(TurnFormat, TokensOfAnotherTokenizerAreNamed) {
  const auto format = shown("meta-llama-Llama-3.1-8B-Instruct", qwen(), "<|begin_of_text|>");
  EXPECT_EQ(format->next().error().code, Errc::unsupported);
  EXPECT_TRUE(format->next().error().message.contains("<|eot_id|>"));
}

TEST(WithoutReasoning, IsAFreshEncodingOfWhatTheTemplateKeeps) {
  const auto format = guessed();
  const std::string prompt = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
  const TokenIds prompt_ids = ids_of(prompt);
  for (const auto& [answer, kept] :
       {std::pair<std::string, std::string>{"<think>\nWhat?\n</think>\n\nHello.", "Hello."},
        {"</think> spaced", " spaced"},
        {"<think>a</think>b<think>c</think>\n\n\n  d", "  d"},
        {"<think>only</think>\n", ""}}) {
    const auto ids = format->without_reasoning(prompt_ids, qwen().encode(answer));
    ASSERT_TRUE(ids) << ids.error().message;
    ASSERT_TRUE(*ids);
    EXPECT_EQ(**ids, ids_of(prompt + kept)) << answer;
  }
  // No reasoning, or one that was cut: as it was sampled.
  for (const char* answer : {"Hello.", "<think>What"})
    EXPECT_FALSE(format->without_reasoning(prompt_ids, qwen().encode(answer)).value());
  EXPECT_FALSE(format->without_reasoning(TokenIds{1, 2}, qwen().encode("</think>x")));
  // Qwen 2.5's template drops nothing.
  EXPECT_EQ(shown("Qwen-Qwen2.5-7B-Instruct", qwen())
                ->without_reasoning(prompt_ids, qwen().encode("</think>x")),
            std::nullopt);
}

TEST(WithoutReasoning, IsRefusedWhereItIsNotKnownWhatTheTemplateDoes) {
  const std::string jinja =
      "{% for m in messages %}{% if '</think>' in m.content %}{{ raise_exception('no') }}{% endif "
      "%}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor "
      "%}<|im_start|>assistant\n{{ '' }}";
  const auto format = TurnFormat::open(JinjaSource{.text = jinja}, qwen(), kSystem, kDate).value();
  ASSERT_TRUE(format->next()) << format->next().error().message;
  EXPECT_TRUE(format->continues("chatml"));
  EXPECT_EQ(format->check_reasoning().error().code, Errc::unsupported);
  EXPECT_FALSE(format->without_reasoning(TokenIds{1}, TokenIds{2}));
}

// What the templates themselves make of an answer with reasoning.
TEST(WithoutReasoning, WorksThroughEachTemplate) {
  struct Case {
    const char* file;
    const char* vocabulary;
    std::string given;    // What follows the user's words in the prompt,
    std::string sampled;  // and then the answer.
    std::string kept;     // Both of them, once another turn follows.
    std::string bos;
    std::string eos;
  };
  const std::vector<Case> cases = {
      {"Qwen-QwQ-32B", "tokenizers/qwen2.5.json",
       "<|im_end|>\n<|im_start|>assistant\n<think>\n</think>", "Why?\n</think>\n\nIt is.",
       "<|im_end|>\n<|im_start|>assistant\nIt is.", "", "<|im_end|>"},
      {"deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "vocabularies/deepseek-v3.json",
       "<｜Assistant｜><think>\n</think>", "Why?\n</think>\n\nIt is.", "<｜Assistant｜>\n\nIt is.",
       "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"},
      {"openai-gpt-oss-120b", "vocabularies/gpt-oss.json", "<|end|><|start|>assistant",
       "<|channel|>analysis<|message|>Why?<|end|><|start|>assistant<|channel|>final<|message|>It "
       "is.",
       "<|end|><|start|>assistant<|channel|>final<|message|>It is.", "<|startoftext|>",
       "<|return|>"}};
  for (const auto& [file, vocabulary, given, sampled, kept, bos, eos] : cases) {
    if (!is_there(vocabulary)) continue;
    SCOPED_TRACE(file);
    const auto& tokenizer = tokenizer::test_tokenizer(vocabulary);
    const auto format = shown(file, tokenizer, bos, eos);
    ASSERT_TRUE(format->next()) << format->next().error().message;
    EXPECT_TRUE(format->check_reasoning());
    EXPECT_EQ(rendered_text(format->first().after), given);
    const TokenIds prompt = ids_of("Hello" + given, tokenizer);
    const auto ids = format->without_reasoning(prompt, ids_of(sampled, tokenizer));
    ASSERT_TRUE(ids) << ids.error().message;
    ASSERT_TRUE(*ids);
    EXPECT_EQ(**ids, ids_of("Hello" + kept, tokenizer));
    EXPECT_EQ(format->without_reasoning(prompt, ids_of("It is.", tokenizer)), std::nullopt);
  }
}

}  // namespace
}  // namespace leyden::prompt
