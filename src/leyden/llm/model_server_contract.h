#pragma once

// What a ModelServer promises (model_server.h), asked of every implementation. For tests only: each includes it and instantiates
// ModelServerContract with its implementations.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/utf8.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/model_server.h"
#include "leyden/llm/testing/counting_sink.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm::contract {

// A server, and what must outlive it.
struct ServerFixture {
  virtual ~ServerFixture() = default;
  virtual ModelServer& server() = 0;
  virtual const tokenizer::Tokenizer& tokenizer() = 0;
};

struct ServerImplementation {
  std::string name;
  std::function<std::unique_ptr<ServerFixture>()> make;  // Null, where its parts are not there.
  bool tells_reuse = true;  // How many tokens of a prompt came from its cache.
  bool exact = true;        // Its IDs are the model's own.
};

// For the names of tests.
inline void PrintTo(const ServerImplementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

class ModelServerContract : public ::testing::TestWithParam<ServerImplementation> {
 protected:
  using Recorder = testing::CountingSink;

  void SetUp() override {
    fixture_ = GetParam().make();
    if (fixture_ == nullptr) GTEST_SKIP() << GetParam().name << " is not there";
  }
  ModelServer& server() { return fixture_->server(); }
  const tokenizer::Tokenizer& tokenizer() { return fixture_->tokenizer(); }
  TokenIds prompt(const std::string& text) { return tokenizer().encode(text); }
  Generated run(GenerateRequest request) {
    auto result = generate_blocking(server(), std::move(request), {}, {});
    if (result) return *std::move(result);
    ADD_FAILURE() << result.error().message;
    return {};
  }
  Error refusal(GenerateRequest request) {
    Recorder sink;
    auto refused = server().generate(std::move(request), sink);
    EXPECT_FALSE(refused);
    EXPECT_EQ(sink.ends, 0);
    return refused ? Error{} : refused.error();
  }
  static bool soon(const std::function<bool()>& come) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!come()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  std::unique_ptr<ServerFixture> fixture_;
};

TEST_P(ModelServerContract, GreedyTwiceIsEqualAndItsIdsAreItsText) {
  const TokenIds asked = prompt("The capital of France is a town that many people visit. It is");
  const Generated first = run({.prompt = asked, .max_tokens = 24});
  const Generated second = run({.prompt = asked, .max_tokens = 24});
  EXPECT_FALSE(first.ids.empty());
  EXPECT_EQ(first.ids, second.ids);
  EXPECT_EQ(first.text, second.text);
  EXPECT_TRUE(utf8::is_valid(first.text));
  const auto decoded = tokenizer().decode(first.ids);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(utf8::replace_invalid(*decoded), first.text);
  EXPECT_EQ(first.summary.ids_exact, GetParam().exact);
  EXPECT_EQ(first.summary.prompt_tokens, asked.size());
  if (GetParam().exact) {
    EXPECT_EQ(first.summary.generated_tokens, first.ids.size());
  }
  EXPECT_GT(second.summary.first_token_ms, 0);
  EXPECT_GE(second.summary.total_ms, second.summary.first_token_ms);
  if (GetParam().tells_reuse) {
    ASSERT_TRUE(second.summary.prompt_tokens_reused);
    EXPECT_GT(*second.summary.prompt_tokens_reused, 0U);
    EXPECT_LE(*second.summary.prompt_tokens_reused, asked.size());
  }
}

// Turn N's prompt and answer, as IDs, are the beginning of turn N + 1's, and are reused.
TEST_P(ModelServerContract, TheAnswerIsAPrefixOfTheNextTurn) {
  TokenIds asked = prompt("Once upon a time there was a little house at the edge of a wood, and");
  const Generated turn = run({.prompt = asked, .max_tokens = 16});
  const std::size_t before = asked.size();
  asked.insert(asked.end(), turn.ids.begin(), turn.ids.end());
  const TokenIds more = prompt(" Then, one day,");
  asked.insert(asked.end(), more.begin(), more.end());
  const Generated next = run({.prompt = asked, .max_tokens = 2});
  if (GetParam().tells_reuse && GetParam().exact) {
    EXPECT_GE(next.summary.prompt_tokens_reused.value(), before - 1);
  }
}

TEST_P(ModelServerContract, StopsAtTheLengthAndBeforeAStopToken) {
  const TokenIds asked = prompt("One, two, three, four, five, six, seven, eight, nine,");
  const Generated whole = run({.prompt = asked, .max_tokens = 12});
  if (whole.summary.finish == FinishReason::length && GetParam().exact) {
    EXPECT_EQ(whole.ids.size(), 12U);
  }
  const Generated one = run({.prompt = asked, .max_tokens = 1});
  EXPECT_LE(one.summary.generated_tokens, 1U);
  if (!GetParam().exact || whole.ids.size() < 4) return;
  const TokenId stop = whole.ids[3];
  const Generated cut = run({.prompt = asked, .max_tokens = 12, .stop_tokens = {stop}});
  EXPECT_EQ(cut.summary.finish, FinishReason::stop);
  EXPECT_EQ(cut.ids, TokenIds(whole.ids.begin(), std::ranges::find(whole.ids, stop)));
}

TEST_P(ModelServerContract, RefusesBadRequests) {
  const std::size_t size = server().info().vocabulary_size;
  const TokenIds good = prompt("Good.");
  const auto outside = static_cast<TokenId>(size);
  EXPECT_EQ(refusal({}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {outside}}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {0xFFFFFFFF}}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = good, .stop_tokens = {outside}}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = good, .max_tokens = 0}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = good, .sampling = {.temperature = -1}}).code,
            Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = good, .sampling = {.top_p = 0}}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.prompt = good, .documents = {{0, good.size() + 1}}}).code,
            Errc::invalid_argument);
  TokenIds with_control = good;
  for (std::size_t i = 0; i < size; ++i) {
    const auto id = static_cast<TokenId>(i);
    if (!tokenizer().is_control(id)) continue;
    with_control.push_back(id);
    const Error error = refusal({.prompt = with_control, .documents = {{1, with_control.size()}}});
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_NE(error.message.find("control token"), std::string::npos) << error.message;
    break;
  }
  const std::size_t window = server().info().context_tokens;
  if (window == 0) return;
  const Error error = refusal({.prompt = TokenIds(window - 1, good.front()), .max_tokens = 7});
  EXPECT_EQ(error.code, Errc::invalid_argument);
  for (const std::size_t number : {window - 1, std::size_t{7}, window})
    EXPECT_NE(error.message.find(std::to_string(number)), std::string::npos) << error.message;
}

TEST_P(ModelServerContract, CancellingEndsItAndTheNextOneIsRight) {
  const TokenIds asked = prompt("Count: 1 2 3 4 5 6 7 8 9 10 11 12 13");
  const Generated before = run({.prompt = asked, .max_tokens = 8});
  Recorder sink;
  auto generation = server().generate({.prompt = asked, .max_tokens = 900}, sink);
  ASSERT_TRUE(generation) << generation.error().message;
  EXPECT_TRUE(soon([&] { return sink.tokens >= 3 || sink.ends > 0 || !GetParam().exact; }));
  (*generation)->cancel();
  (*generation)->wait();
  EXPECT_EQ(sink.ends, 1);
  ASSERT_TRUE(sink.summary) << sink.error->message;
  if (sink.summary->finish == FinishReason::cancelled && GetParam().exact) {
    EXPECT_EQ(sink.summary->generated_tokens, sink.tokens);
  }
  (*generation)->cancel();  // Again: nothing.
  EXPECT_EQ(sink.ends, 1);
  EXPECT_EQ(run({.prompt = asked, .max_tokens = 8}).ids, before.ids);
}

TEST_P(ModelServerContract, DroppedGenerationsAreHeardNoMore) {
  const TokenIds asked = prompt("Go on and on");
  for (int i = 0; i < 30; ++i) {
    Recorder sink;
    auto generation = server().generate({.prompt = asked, .max_tokens = 500}, sink);
    ASSERT_TRUE(generation) << generation.error().message;
    if (i % 3 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    generation->reset();
    EXPECT_EQ(sink.ends, 1);
  }
}

TEST_P(ModelServerContract, Deadlines) {
  Recorder sink;
  auto passed = server().generate({.prompt = prompt("Late"),
                                   .max_tokens = 200,
                                   .deadline = Deadline::after(std::chrono::milliseconds(0))},
                                  sink);
  ASSERT_TRUE(passed) << passed.error().message;
  (*passed)->wait();
  ASSERT_TRUE(sink.error);
  EXPECT_EQ(sink.error->code, Errc::timed_out);
}

TEST_P(ModelServerContract, SeveralAtOnceDontMix) {
  constexpr int kAtOnce = 6;
  std::vector<TokenIds> prompts;
  std::vector<Generated> alone;
  for (int i = 0; i < kAtOnce; ++i) {
    prompts.push_back(prompt("Number " + std::to_string(i) + " is followed by"));
    alone.push_back(run({.prompt = prompts.back(), .max_tokens = 6}));
  }
  std::vector<Generated> together(kAtOnce);
  {
    std::vector<std::jthread> threads;
    threads.reserve(kAtOnce);
    for (std::size_t i = 0; i < kAtOnce; ++i)
      threads.emplace_back([&, i] { together[i] = run({.prompt = prompts[i], .max_tokens = 6}); });
  }
  for (std::size_t i = 0; i < kAtOnce; ++i) EXPECT_EQ(together[i].ids, alone[i].ids) << i;
}

TEST_P(ModelServerContract, ClosingEndsAllAndGenerationsMayOutliveIt) {
  Recorder running;
  auto generation = server().generate({.prompt = prompt("Go on"), .max_tokens = 900}, running);
  ASSERT_TRUE(generation) << generation.error().message;
  server().close();
  server().close();
  (*generation)->wait();
  EXPECT_EQ(running.ends, 1);
  const Error refused = refusal({.prompt = prompt("More")});
  EXPECT_EQ(refused.code, Errc::cancelled);
  fixture_.reset();
  generation->reset();
  EXPECT_EQ(running.ends, 1);
}

}  // namespace leyden::llm::contract
