// The client with a real llama-server: what doubles can't prove.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include <nlohmann/json.hpp>

#include "leyden/base/utf8.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/http/http_model_server.h"
#include "leyden/llm/testing/llama_server.h"
#include "leyden/net/http_fetch.h"
#include "leyden/tokenizer/load.h"

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::LlamaServer;

class LlamaServerLive : public ::testing::Test {
 protected:
  static std::filesystem::path model(std::string_view name) {
    return std::filesystem::path(LEYDEN_CACHE_DIR) / "models" / (std::string(name) + ".gguf");
  }
  void SetUp() override {
    if (!testing::have_llama_server()) GTEST_SKIP() << testing::kNoLlamaServer;
    auto loaded = tokenizer::load_tokenizer(model("smollm2-135m"), "smollm2-135m");
    ASSERT_TRUE(loaded) << loaded.error().message << ": `./dev test` fetches it";
    tokenizer_ = *std::move(loaded);
    auto started =
        LlamaServer::start({.model_file = model("smollm2-135m"), .context_tokens = 1024});
    ASSERT_TRUE(started) << started.error().message;
    theirs_ = *std::move(started);
    HttpModelOptions options;
    options.urls = {theirs_->url()};
    options.idle_timeout = options.first_byte_timeout = 5s;
    auto opened = HttpModelServer::open(std::move(options), *tokenizer_);
    ASSERT_TRUE(opened) << opened.error().message;
    ours_ = *std::move(opened);
  }
  Result<Generated> ask(const TokenIds& prompt, std::size_t tokens = 8) {
    return generate_blocking(*ours_, {.prompt = prompt, .max_tokens = tokens}, {}, {});
  }
  // All IDs of a greedy answer, as the server gives them in one piece.
  TokenIds in_one_piece(const TokenIds& prompt, std::size_t tokens) {
    const net::IoThread thread;
    auto client = net::HttpClient::open(thread, {.endpoint = {"127.0.0.1", theirs_->port(), ""}});
    if (!client) return {};
    net::HttpRequest request;
    request.method = "POST";
    request.target = "/completion";
    request.fields = {{"Content-Type", "application/json"}};
    request.body = json{{"prompt", prompt},
                        {"n_predict", tokens},
                        {"temperature", 0},
                        {"return_tokens", true},
                        {"samplers", {"temperature"}}}
                       .dump();
    const auto response = net::http_fetch(**client, std::move(request));
    if (!response) return {};
    return json::parse(response->body)["tokens"].get<TokenIds>();
  }

  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  std::unique_ptr<LlamaServer> theirs_;
  std::unique_ptr<HttpModelServer> ours_;
};

// Its streams lack IDs of characters in several tokens; none is lost to us.
TEST_F(LlamaServerLive, StreamedIdsAreThoseOfOnePiece) {
  std::size_t split = 0;
  for (const char* const text :
       {"🙃🙃🙃🙃🙃🙃🙃🙃", "안녕하세요 안녕하세요 안녕하세요", "日本の首都は日本の首都は",
        "Привет, мир! Привет,", "∑∫√∑∫√∑∫√", "def f(x):\n    return", "The capital of France is"}) {
    const TokenIds prompt = tokenizer_->encode(text);
    const auto made = ask(prompt, 24);
    ASSERT_TRUE(made) << made.error().message;
    TokenIds whole = in_one_piece(prompt, 24);
    ASSERT_FALSE(whole.empty());
    if (made->summary.finish == FinishReason::stop) whole.pop_back();  // The end token.
    EXPECT_EQ(made->ids, whole) << text;
    for (const TokenId id : whole) split += !utf8::is_valid(tokenizer_->token_bytes(id).value());
  }
  EXPECT_GT(split, 10U) << "there were parts of characters among them";
}

TEST_F(LlamaServerLive, KilledAndStartedAgain) {
  const TokenIds prompt = tokenizer_->encode("Once upon a time");
  const auto before = ask(prompt);
  ASSERT_TRUE(before) << before.error().message;
  std::atomic<bool> begun = false;
  std::jthread killer([&] {
    while (!begun) std::this_thread::sleep_for(1ms);
    theirs_->signal(SIGKILL);
  });
  const auto cut = generate_blocking(*ours_, {.prompt = prompt, .max_tokens = 900},
                                     [&](std::string_view) { begun = true; }, {});
  killer.join();
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Errc::unavailable) << cut.error().message;
  const auto away = ask(prompt);
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, Errc::unavailable) << away.error().message;
  theirs_->kill();
  ASSERT_TRUE(theirs_->restart());
  const auto after = ask(prompt);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->ids, before->ids);
  EXPECT_EQ(ours_->upstreams().front().changes, 1U) << "it is another start";
}

TEST_F(LlamaServerLive, StoppedForAWhile) {
  const TokenIds prompt = tokenizer_->encode("Once upon a time");
  theirs_->signal(SIGSTOP);
  const auto stopped = generate_blocking(
      *ours_, {.prompt = prompt, .max_tokens = 4, .deadline = Deadline::after(1s)}, {}, {});
  theirs_->signal(SIGCONT);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Errc::timed_out) << stopped.error().message;
  EXPECT_TRUE(ask(prompt));
}

TEST_F(LlamaServerLive, AnotherModelUnderTheSameAddressGetsNoIds) {
  const auto other = model("qwen2.5-coder-1.5b");
  if (!std::filesystem::exists(other)) GTEST_SKIP() << "no " << other;
  const TokenIds prompt = tokenizer_->encode("Once upon a time");
  ASSERT_TRUE(ask(prompt));
  ASSERT_TRUE(theirs_->restart(other));
  const auto refused = ask(prompt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported) << refused.error().message;
  const std::string log = theirs_->log();
  ASSERT_NE(log.find("launch_slot_"), std::string::npos) << "of the first model";
  EXPECT_EQ(log.find("launch_slot_"), log.rfind("launch_slot_")) << "and of the second";
}

}  // namespace
}  // namespace leyden::llm
