#include "leyden/llm/llamacpp/llama_engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "leyden/base/utf8.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/testing/counting_sink.h"
#include "leyden/tokenizer/load.h"

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;
using testing::CountingSink;
using tokenizer::EncodeOptions;
using tokenizer::Tokenizer;

std::filesystem::path model_path() {
  return std::filesystem::path(LEYDEN_CACHE_DIR) / "models" / "smollm2-135m.gguf";
}

// Like another tokenizer, but wrong in one way.
class WrongTokenizer final : public Tokenizer {
 public:
  enum class Fault { size, bytes, cuts };
  WrongTokenizer(const Tokenizer& right, Fault fault) : right_(right), fault_(fault) {}

  void encode_to(std::string_view text, const EncodeOptions& options,
                 TokenIds& out) const override {
    if (fault_ != Fault::cuts) return right_.encode_to(text, options, out);
    // Each byte for itself: decodes to the same text.
    for (const char& c : text) right_.encode_to(std::string_view(&c, 1), options, out);
  }
  [[nodiscard]] std::size_t count(std::string_view text,
                                  const EncodeOptions& options) const override {
    return encode(text, options).size();
  }
  [[nodiscard]] tokenizer::Encoding encode_with_offsets(
      std::string_view text, const EncodeOptions& options) const override {
    return right_.encode_with_offsets(text, options);
  }
  [[nodiscard]] Result<std::string> decode(TokenIdsView ids) const override {
    return right_.decode(ids);
  }
  [[nodiscard]] std::optional<std::string> token_bytes(TokenId id) const override {
    if (fault_ == Fault::bytes && id == 777) return "something else";
    return right_.token_bytes(id);
  }
  [[nodiscard]] std::optional<TokenId> token_id(std::string_view piece) const override {
    return right_.token_id(piece);
  }
  [[nodiscard]] bool is_safe_cut(std::string_view left, std::string_view right) const override {
    return right_.is_safe_cut(left, right);
  }
  [[nodiscard]] bool is_control(TokenId id) const override { return right_.is_control(id); }
  [[nodiscard]] std::optional<TokenId> special_token(std::string_view text) const override {
    return right_.special_token(text);
  }
  [[nodiscard]] std::size_t vocabulary_size() const override {
    return right_.vocabulary_size() + (fault_ == Fault::size ? 1 : 0);
  }
  [[nodiscard]] const Digest& fingerprint() const override { return right_.fingerprint(); }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  const Tokenizer& right_;
  Fault fault_;
  std::string name_ = "wrong-one";
};

class LlamaEngineTest : public ::testing::Test {
 protected:
  // One compute thread: several wait for each other by spinning, and crawl on a machine whose cores
  // are busy.
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(model_path())) return;
    auto loaded = tokenizer::load_tokenizer(model_path(), "smollm2-135m");
    if (!loaded) {
      failure_ = loaded.error().message;
      return;
    }
    tokenizer_ = *loaded;
    auto engine = LlamaEngine::load(
        {.model_file = model_path(), .context_tokens = 2048, .threads = 1, .waiting_max = 2},
        *tokenizer_, {});
    if (engine) {
      engine_ = std::move(*engine);
    } else {
      failure_ = engine.error().message;
    }
  }
  static void TearDownTestSuite() {
    engine_.reset();
    tokenizer_.reset();
  }
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(model_path()))
        << "no " << model_path() << ": `./dev test` fetches it";
    ASSERT_TRUE(engine_) << failure_;
  }

  static TokenIds ids(std::string_view text) {
    return tokenizer_->encode(text, {.special = tokenizer::SpecialPolicy::all()});
  }
  static TokenIds chat(std::string_view question) {
    return ids(fmt::format("<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n", question));
  }
  static TokenIds long_text(std::size_t tokens) {
    std::string text;
    for (std::size_t i = 0; i < tokens; ++i) text += fmt::format("Item {} is {}.\n", i, i * i);
    TokenIds all = ids(text);
    all.resize(tokens);
    return all;
  }
  static Generated run(GenerateRequest request) {
    auto result = generate_blocking(*engine_, std::move(request), {}, {});
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return *std::move(result);
  }
  static Errc refusal(GenerateRequest request) {
    auto result = generate_blocking(*engine_, std::move(request), {}, {});
    EXPECT_FALSE(result);
    return result ? Errc::internal : result.error().code;
  }
  static Error load_error(const std::filesystem::path& file, const Tokenizer& tokenizer) {
    auto engine = LlamaEngine::load({.model_file = file}, tokenizer, {});
    EXPECT_FALSE(engine);
    return engine ? Error{} : engine.error();
  }

  static inline std::shared_ptr<const Tokenizer> tokenizer_;
  static inline std::unique_ptr<LlamaEngine> engine_;
  static inline std::string failure_;
};

TEST_F(LlamaEngineTest, SaysWhatTheModelIs) {
  EXPECT_EQ(engine_->info().vocabulary_size, 49152U);
  EXPECT_EQ(engine_->info().context_tokens, 2048U);
  EXPECT_NE(engine_->info().chat_template.value().find("im_start"), std::string::npos);
  EXPECT_FALSE(engine_->info().name.empty());
}

TEST_F(LlamaEngineTest, GreedyTwiceIsEqualAndReusesAllButTheLastToken) {
  const TokenIds prompt = chat("What is the capital of France?");
  const Generated first = run({.prompt = prompt, .max_tokens = 24});
  const Generated second = run({.prompt = prompt, .max_tokens = 24});
  ASSERT_FALSE(first.ids.empty());
  EXPECT_NE(first.text.find("Paris"), std::string::npos) << first.text;
  EXPECT_EQ(first.ids, second.ids);
  EXPECT_EQ(second.summary.prompt_tokens, prompt.size());
  EXPECT_EQ(second.summary.prompt_tokens_reused, prompt.size() - 1);
  EXPECT_EQ(second.summary.generated_tokens, second.ids.size());
  EXPECT_GT(second.summary.first_token_ms, 0);
  EXPECT_GE(second.summary.total_ms, second.summary.first_token_ms);
}

TEST_F(LlamaEngineTest, IdsDecodeToTheText) {
  const Generated made = run(
      {.prompt = chat("Write 'hello' in Japanese, Russian and as an emoji."), .max_tokens = 48});
  const auto decoded = tokenizer_->decode(made.ids);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(utf8::replace_invalid(*decoded), made.text);
  EXPECT_TRUE(utf8::is_valid(made.text));
}

TEST_F(LlamaEngineTest, SharedPrefixIsCountedExactly) {
  TokenIds prompt = long_text(300);
  run({.prompt = prompt, .max_tokens = 4});
  TokenIds other(prompt.begin(), prompt.begin() + 123);
  const TokenId differing = prompt[123] == 7 ? 8 : 7;
  other.push_back(differing);
  other.insert(other.end(), prompt.begin() + 124, prompt.begin() + 200);
  EXPECT_EQ(run({.prompt = other, .max_tokens = 1}).summary.prompt_tokens_reused, 123U);
  // The first token differs: nothing is kept.
  other.front() = other.front() == 7 ? 8 : 7;
  EXPECT_EQ(run({.prompt = other, .max_tokens = 1}).summary.prompt_tokens_reused, 0U);
}

TEST_F(LlamaEngineTest, TheAnswerIsKeptForTheNextTurn) {
  TokenIds prompt = chat("Name three colours.");
  const Generated turn = run({.prompt = prompt, .max_tokens = 16});
  ASSERT_GE(turn.ids.size(), 2U);
  prompt.insert(prompt.end(), turn.ids.begin(), turn.ids.end());
  const std::size_t known = prompt.size();
  const TokenIds more = ids("<|im_end|>\n<|im_start|>user\nAnd one more?<|im_end|>\n");
  prompt.insert(prompt.end(), more.begin(), more.end());
  const Generated next = run({.prompt = prompt, .max_tokens = 1});
  // Its last token was delivered but, when the length ended it, not computed.
  const std::size_t computed = known - (turn.summary.finish == FinishReason::length ? 1 : 0);
  EXPECT_EQ(next.summary.prompt_tokens_reused, computed);
}

TEST_F(LlamaEngineTest, TheSameAnswerWhateverCameBefore) {
  const TokenIds prompt = long_text(200);
  const TokenIds other = chat("Tell me a long story about the sea.");
  run({.prompt = other, .max_tokens = 4});
  const Generated fresh = run({.prompt = prompt, .max_tokens = 24});
  EXPECT_LE(fresh.summary.prompt_tokens_reused, 1U);
  TokenIds longer = prompt;
  longer.insert(longer.end(), other.begin(), other.end());
  run({.prompt = longer, .max_tokens = 8});
  const Generated after = run({.prompt = prompt, .max_tokens = 24});
  EXPECT_EQ(after.summary.prompt_tokens_reused, prompt.size() - 1);
  EXPECT_EQ(after.ids, fresh.ids);
}

TEST_F(LlamaEngineTest, SeedsDecideWhenNotGreedy) {
  const TokenIds prompt = chat("Tell me a story.");
  const Sampling warm{.temperature = 1.2, .top_p = 0.95, .seed = 11};
  run({.prompt = prompt, .max_tokens = 1});
  const Generated a = run({.prompt = prompt, .max_tokens = 16, .sampling = warm});
  const Generated b = run({.prompt = prompt, .max_tokens = 16, .sampling = warm});
  EXPECT_EQ(a.ids, b.ids);
  Sampling other = warm;
  other.seed = 12;
  EXPECT_NE(run({.prompt = prompt, .max_tokens = 16, .sampling = other}).ids, a.ids);
}

TEST_F(LlamaEngineTest, StopsBeforeAStopToken) {
  const TokenIds prompt = chat("What is the capital of France?");
  const Generated whole = run({.prompt = prompt, .max_tokens = 12});
  ASSERT_GE(whole.ids.size(), 4U);
  const TokenId stop = whole.ids[3];
  const Generated cut = run({.prompt = prompt, .max_tokens = 12, .stop_tokens = {stop}});
  EXPECT_EQ(cut.summary.finish, FinishReason::stop);
  EXPECT_EQ(cut.ids, TokenIds(whole.ids.begin(), std::ranges::find(whole.ids, stop)));
  const Generated one = run({.prompt = prompt, .max_tokens = 1});
  EXPECT_EQ(one.summary.finish, FinishReason::length);
  EXPECT_EQ(one.ids.size(), 1U);
}

TEST_F(LlamaEngineTest, RefusesBadRequests) {
  EXPECT_EQ(refusal({}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {49152}}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {0xFFFFFFFF}}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {1}, .stop_tokens = {49152}}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {1}, .max_tokens = 0}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {1}, .documents = {{0, 2}}}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {1}, .max_tokens = ~std::size_t{0}}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {1}, .sampling = {.temperature = -1}}), Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {1}, .sampling = {.top_p = 0}}), Errc::invalid_argument);
  auto long_one =
      generate_blocking(*engine_, {.prompt = TokenIds(2000, 5), .max_tokens = 49}, {}, {});
  ASSERT_FALSE(long_one);
  EXPECT_NE(long_one.error().message.find("2000"), std::string::npos);
  EXPECT_NE(long_one.error().message.find("2048"), std::string::npos);
}

TEST_F(LlamaEngineTest, CancelDuringPrefillIsQuickAndLeavesTheCacheRight) {
  const TokenIds prompt = long_text(1500);
  run({.prompt = chat("Hi"), .max_tokens = 1});
  CountingSink sink;
  auto generation = engine_->generate({.prompt = prompt, .max_tokens = 8}, sink);
  ASSERT_TRUE(generation);
  std::this_thread::sleep_for(300ms);
  const auto asked = std::chrono::steady_clock::now();
  (*generation)->cancel();
  (*generation)->wait();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 2s);
  ASSERT_TRUE(sink.summary);
  EXPECT_EQ(sink.summary->finish, FinishReason::cancelled);
  EXPECT_EQ(sink.ends, 1);
  // What was computed before may be reused, and the answer is that of a fresh start.
  TokenIds part(prompt.begin(), prompt.begin() + 400);
  const Generated after = run({.prompt = part, .max_tokens = 12});
  TokenIds away = chat("Something else entirely");
  run({.prompt = away, .max_tokens = 1});
  EXPECT_EQ(run({.prompt = part, .max_tokens = 12}).ids, after.ids);
}

TEST_F(LlamaEngineTest, CancelDuringGeneration) {
  CountingSink sink;
  auto generation =
      engine_->generate({.prompt = chat("Count to a thousand."), .max_tokens = 1500}, sink);
  ASSERT_TRUE(generation);
  while (sink.tokens < 3 && sink.ends == 0) std::this_thread::sleep_for(1ms);
  (*generation)->cancel();
  (*generation)->wait();
  ASSERT_TRUE(sink.summary);
  EXPECT_EQ(sink.summary->finish, FinishReason::cancelled);
  EXPECT_EQ(sink.summary->generated_tokens, sink.tokens);
  (*generation)->cancel();  // Again: nothing.
  EXPECT_EQ(sink.ends, 1);
}

TEST_F(LlamaEngineTest, Deadlines) {
  CountingSink running, waiting;
  auto first = engine_->generate(
      {.prompt = long_text(1900), .max_tokens = 100, .deadline = Deadline::after(400ms)}, running);
  auto second = engine_->generate(
      {.prompt = chat("Hi"), .max_tokens = 8, .deadline = Deadline::after(100ms)}, waiting);
  ASSERT_TRUE(first && second);
  (*second)->wait();
  EXPECT_EQ(running.ends, 0);  // The one that waited did not wait for the other's end.
  (*first)->wait();
  ASSERT_TRUE(running.error && waiting.error);
  EXPECT_EQ(running.error->code, Errc::timed_out);
  EXPECT_EQ(waiting.error->code, Errc::timed_out);
}

TEST_F(LlamaEngineTest, OverloadIsSaidAndWaitingOnesCanBeCancelled) {
  CountingSink running, one, two, three;
  auto a = engine_->generate({.prompt = long_text(1500), .max_tokens = 400}, running);
  auto b = engine_->generate({.prompt = chat("b"), .max_tokens = 4}, one);
  auto c = engine_->generate({.prompt = chat("c"), .max_tokens = 4}, two);
  auto d = engine_->generate({.prompt = chat("d"), .max_tokens = 4}, three);
  ASSERT_TRUE(a && b && c);
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().code, Errc::overloaded);
  EXPECT_EQ(three.ends, 0);
  (*b)->cancel();
  (*b)->wait();
  EXPECT_EQ(running.ends, 0);
  EXPECT_EQ(one.summary->finish, FinishReason::cancelled);
  a->reset();  // Cancels and waits.
  EXPECT_EQ(running.ends, 1);
  (*c)->wait();
  EXPECT_FALSE(two.error);
}

TEST_F(LlamaEngineTest, CloseWhileRunning) {
  auto engine = LlamaEngine::load(
      {.model_file = model_path(), .context_tokens = 1024, .threads = 1}, *tokenizer_, {});
  ASSERT_TRUE(engine) << engine.error().message;
  CountingSink running, waiting;
  auto a = (*engine)->generate({.prompt = long_text(800), .max_tokens = 100}, running);
  auto b = (*engine)->generate({.prompt = chat("b"), .max_tokens = 4}, waiting);
  ASSERT_TRUE(a && b);
  (*engine)->close();
  (*engine)->close();
  (*a)->wait();
  (*b)->wait();
  EXPECT_EQ(running.summary->finish, FinishReason::cancelled);
  EXPECT_EQ(waiting.summary->finish, FinishReason::cancelled);
  auto refused = (*engine)->generate({.prompt = {1}}, waiting);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::cancelled);
  engine->reset();  // Before the generations: they may outlive it.
  EXPECT_EQ(running.ends + waiting.ends, 2);
}

TEST_F(LlamaEngineTest, AHundredGenerationsOpenedAndDropped) {
  const TokenIds prompt = chat("Hi");
  for (int i = 0; i < 100; ++i) {
    CountingSink sink;
    auto generation = engine_->generate({.prompt = prompt, .max_tokens = 100}, sink);
    ASSERT_TRUE(generation);
    generation->reset();
    EXPECT_EQ(sink.ends, 1);
  }
}

TEST_F(LlamaEngineTest, RefusesATokenizerThatDisagrees) {
  using Fault = WrongTokenizer::Fault;
  const std::pair<Fault, std::string> cases[] = {
      {Fault::size, "49153"}, {Fault::bytes, "777"}, {Fault::cuts, "probe text"}};
  for (const auto& [fault, says] : cases) {
    const WrongTokenizer wrong(*tokenizer_, fault);
    const Error error = load_error(model_path(), wrong);
    EXPECT_EQ(error.code, Errc::unsupported);
    EXPECT_NE(error.message.find(says), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("wrong-one"), std::string::npos) << error.message;
    EXPECT_LT(error.message.size(), 250U);
  }
}

TEST_F(LlamaEngineTest, LoadingCanBeCancelledAndBadFilesAreNamed) {
  auto cancelled =
      LlamaEngine::load({.model_file = model_path()}, *tokenizer_, [](float) { return false; });
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, Errc::cancelled);

  EXPECT_EQ(load_error("/nowhere/model.gguf", *tokenizer_).code, Errc::not_found);
  EXPECT_EQ(load_error("/tmp", *tokenizer_).code, Errc::invalid_argument);
  EXPECT_EQ(load_error(std::filesystem::path(LEYDEN_SOURCE_DIR) / "README.md", *tokenizer_).code,
            Errc::corrupt);
  EXPECT_EQ(load_error("", *tokenizer_).code, Errc::invalid_argument);
  EXPECT_EQ(load_error(std::filesystem::path(LEYDEN_CACHE_DIR) /
                           "deps/llama-0.5.0/vocab/ggml-vocab-gpt-2.gguf",
                       *tokenizer_)
                .code,
            Errc::unsupported);
}

TEST_F(LlamaEngineTest, TruncatedFilesAreCorruptAtAnyLength) {
  const auto copy =
      std::filesystem::temp_directory_path() / fmt::format("leyden-truncated-{}.gguf", ::getpid());
  std::filesystem::copy_file(model_path(), copy, std::filesystem::copy_options::overwrite_existing);
  const std::uint64_t whole = std::filesystem::file_size(copy);
  std::vector<std::uint64_t> lengths = {whole - 1, whole - 32, whole - 4096};
  for (std::uint64_t i = 11; i > 0; --i) lengths.push_back(whole * i / 12);
  for (std::uint64_t small : {1'000'000, 100'000, 5'000, 100, 24, 12, 8, 4, 3, 0}) {
    lengths.push_back(small);
  }
  ASSERT_GE(lengths.size(), 20U);
  for (const std::uint64_t length : lengths) {
    std::filesystem::resize_file(copy, length);  // Only ever shorter.
    const Error error = load_error(copy, *tokenizer_);
    EXPECT_EQ(error.code, Errc::corrupt) << length << ": " << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
  }
  std::filesystem::remove(copy);
}

}  // namespace
}  // namespace leyden::llm
