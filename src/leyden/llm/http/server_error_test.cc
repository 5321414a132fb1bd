#include "leyden/llm/http/server_error.h"

#include <gtest/gtest.h>

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;

TEST(ShownMessage, KeepsWhatHelps) {
  const std::string useful =
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
      "(4000 in the prompt).";
  EXPECT_EQ(shown_message(useful, "some prompt"), useful);
  EXPECT_EQ(shown_message("two\nlines", ""), "two lines");
}

TEST(ShownMessage, NeverShowsThePrompt) {
  for (const char* const message :
       {"The input_ids [101, 202, 303] contains values greater than the vocab size",
        "Token id 101 is out of vocabulary", "bad ids: 101,202,303", "got 101, 202 and so on",
        R"(invalid value: {"prompt": [101, 202]})", "invalid value 'the secret 101 plan'"}) {
    const std::string shown = shown_message(message, "the secret plan");
    EXPECT_EQ(shown.find("101"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
  }
  // Quoted without quotation marks.
  const std::string shown =
      shown_message("cannot parse my very secret plan for the day", "my very secret plan");
  EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
}

TEST(ShownMessage, IsBounded) {
  EXPECT_LE(shown_message(std::string(10 * MiB, 'x'), "").size(), 210U);
  std::string wide;
  for (int i = 0; i < 1000; ++i) wide += "ü";
  const std::string shown = shown_message(wide, "");
  EXPECT_TRUE(shown.ends_with("ü…")) << shown;
  EXPECT_EQ(shown_message("", ""), "");
  EXPECT_EQ(shown_message("[", ""), "…");
  EXPECT_EQ(shown_message("a [1, 2", ""), "a …");
}

TEST(RetryAfter, SecondsAndDates) {
  // 1994-11-06 08:49:37 GMT.
  const auto now = std::chrono::system_clock::from_time_t(784111777);
  EXPECT_EQ(parse_retry_after("120", now), 120s);
  EXPECT_EQ(parse_retry_after("0", now), 0s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), 10s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:27 GMT", now), 0s) << "in the past";
  EXPECT_EQ(parse_retry_after("4294967295", now), 24h) << "bounded";
  for (const char* const bad : {"", "soon", "-1", "1.5", "12 s", "99999999999999999999"})
    EXPECT_FALSE(parse_retry_after(bad, now)) << bad;
}

TEST(Refusals, StatusDecides) {
  const auto refusal = [](unsigned status, std::string body, net::HttpFields fields = {}) {
    return refusal_of(net::HttpResponseHead{.status = status, .fields = std::move(fields)}, body,
                      "");
  };
  const Refusal busy = refusal(429, "", {{"retry-after", "3"}});
  EXPECT_EQ(busy.error.code, Errc::overloaded);
  EXPECT_TRUE(busy.retryable);
  EXPECT_EQ(busy.retry_after, 3s);
  EXPECT_TRUE(refusal(503, R"({"error":{"message":"Loading model","code":503}})").retryable);
  const Refusal key = refusal(401, R"({"error":{"message":"Invalid API Key"}})");
  EXPECT_EQ(key.error.code, Errc::invalid_argument);
  EXPECT_FALSE(key.retryable);
  EXPECT_NE(key.error.message.find("LEYDEN_LLM_API_KEY"), std::string::npos);
  EXPECT_NE(key.error.message.find("Invalid API Key"), std::string::npos);
  const Refusal gone = refusal(
      404, R"({"error":{"message":"The model `m` does not exist.","type":"NotFoundError"}})");
  EXPECT_EQ(gone.error.code, Errc::not_found);
  EXPECT_TRUE(gone.model_gone);
  EXPECT_EQ(refusal(500, "<html>").error.code, Errc::unavailable);
  EXPECT_FALSE(refusal(500, "<html>").retryable) << "it may have begun";
  EXPECT_EQ(refusal(504, "").error.code, Errc::timed_out);
}

}  // namespace
}  // namespace leyden::llm
