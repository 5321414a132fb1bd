#include "leyden/llm/generate.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;

// Answers with the prompt's own IDs, one by one, until cancelled; or fails where it is told to.
class EchoServer final : public ModelServer {
 public:
  class Run final : public Generation {
   public:
    Run(GenerateRequest request, GenerateSink& sink, bool fails, bool endless)
        : thread_([this, request = std::move(request), &sink, fails, endless] {
            GenerateSummary summary;
            summary.prompt_tokens = request.prompt.size();
            do {
              for (TokenId id : request.prompt) {
                if (cancelled_) {
                  summary.finish = FinishReason::cancelled;
                  sink.on_end(summary);
                  return;
                }
                sink.on_tokens({.ids = TokenIdsView(&id, 1), .text = "x", .logprobs = {}});
                ++summary.generated_tokens;
              }
            } while (endless);
            if (fails) {
              sink.on_error({Errc::timed_out, "late"});
            } else {
              sink.on_end(summary);
            }
          }) {}
    ~Run() override {
      cancel();
      wait();
    }
    void cancel() override { cancelled_ = true; }
    void wait() override {
      std::call_once(joined_, [&] { thread_.join(); });
    }

   private:
    std::atomic<bool> cancelled_ = false;
    std::once_flag joined_;
    std::thread thread_;
  };

  explicit EchoServer(bool fails = false, bool endless = false)
      : fails_(fails), endless_(endless) {}
  [[nodiscard]] const ModelInfo& info() const override { return info_; }
  [[nodiscard]] Result<std::unique_ptr<Generation>> generate(GenerateRequest request,
                                                             GenerateSink& sink) override {
    if (request.prompt.empty()) return fail(Errc::invalid_argument, "the prompt is empty");
    return std::make_unique<Run>(std::move(request), sink, fails_, endless_);
  }
  void close() override {}

 private:
  ModelInfo info_;
  bool fails_;
  bool endless_;
};

TEST(GenerateBlocking, CollectsIdsAndText) {
  EchoServer server;
  std::string heard;
  const auto result = generate_blocking(server, {.prompt = {4, 5, 6}},
                                        [&](std::string_view text) { heard += text; }, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->ids, (TokenIds{4, 5, 6}));
  EXPECT_EQ(result->text, "xxx");
  EXPECT_EQ(heard, "xxx");
  EXPECT_EQ(result->summary.generated_tokens, 3U);
}

TEST(GenerateBlocking, PassesFailuresOn) {
  EchoServer server(true);
  const auto late = generate_blocking(server, {.prompt = {1}}, {}, {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::timed_out);
  const auto refused = generate_blocking(server, {}, {}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
}

TEST(GenerateBlocking, ACancelledGenerationIsAValue) {
  EchoServer server(false, true);
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(20ms);
    stop.request_stop();
  });
  const auto result = generate_blocking(server, {.prompt = {1}}, {}, stop.get_token());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->summary.finish, FinishReason::cancelled);

  const auto at_once = generate_blocking(server, {.prompt = {1}}, {}, stop.get_token());
  ASSERT_TRUE(at_once);
  EXPECT_EQ(at_once->summary.finish, FinishReason::cancelled);
}

}  // namespace
}  // namespace leyden::llm
