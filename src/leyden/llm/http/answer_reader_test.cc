#include "leyden/llm/http/answer_reader.h"

#include <gtest/gtest.h>

#include <functional>

#include "leyden/llm/testing/byte_tokenizer.h"

namespace leyden::llm {
namespace {

using testing::ByteTokenizer;

struct Heard final : GenerateSink {
  TokenIds ids;
  std::string text;
  std::vector<float> logprobs;
  void on_tokens(const GeneratedTokens& next) override {
    ids.insert(ids.end(), next.ids.begin(), next.ids.end());
    text += next.text;
    logprobs.insert(logprobs.end(), next.logprobs.begin(), next.logprobs.end());
  }
  void on_end(const GenerateSummary&) override { ADD_FAILURE() << "not the reader's to say"; }
  void on_error(const Error&) override { ADD_FAILURE() << "not the reader's to say"; }
};

struct Answer {
  Heard heard;
  GenerateSummary summary;
  std::optional<Refusal> failure;
  bool whole = false;
};

class AnswerReaderTest : public ::testing::Test {
 protected:
  // What comes of a stream in pieces of that size, whose response ends after it.
  Answer read(std::string_view stream, std::size_t piece = 1 << 20) {
    Answer out;
    const PartialTokens partial(tokenizer_);
    AnswerReader reader({.facts = std::make_shared<ServerFacts>(facts_),
                         .request = request_,
                         .tokenizer = tokenizer_,
                         .partial = partial,
                         .allow_text = allow_text_,
                         .started = std::chrono::steady_clock::now()},
                        out.heard);
    net::HttpResponseHead head{.status = 200, .fields = {{"content-type", "text/event-stream"}}};
    bool more = reader.on_head(head);
    for (std::size_t at = 0; more && at < stream.size(); at += piece)
      more = reader.on_body(stream.substr(at, piece));
    if (more) reader.on_end();
    out.summary = reader.summary();
    out.failure = reader.failure();
    out.whole = reader.whole();
    return out;
  }
  static std::string event(std::string_view json) { return fmt::format("data: {}\n\n", json); }
  static std::string ids_event(std::string_view ids, std::string_view more = "") {
    return event(fmt::format(
        R"({{"model":"m","choices":[{{"index":0,"text":"?","token_ids":[{}]{}}}]}})", ids, more));
  }
  static std::string usage(int prompt, int generated, std::string_view more = "") {
    return event(
        fmt::format(R"({{"choices":[],"usage":{{"prompt_tokens":{},"completion_tokens":{}{}}}}})",
                    prompt, generated, more));
  }
  static constexpr const char* kDone = "data: [DONE]\n\n";

  void expect_failure(const Answer& answer, Errc code, std::string_view says) {
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->error.code, code) << answer.failure->error.message;
    EXPECT_NE(answer.failure->error.message.find(says), std::string::npos)
        << answer.failure->error.message;
  }

  ByteTokenizer tokenizer_;
  ServerFacts facts_{.kind = ServerKind::vllm, .model = "m", .ids = true};
  GenerateRequest request_{.prompt = {1, 2, 3}, .max_tokens = 100};
  bool allow_text_ = true;
};

TEST_F(AnswerReaderTest, IdsAndTextInAnySplit) {
  // "aü€!" in bytes, cut within characters; the end token is in the list, as vLLM has it.
  const std::string stream =
      ": ping\n\n" +
      event(
          R"({"model":"m","choices":[{"index":0,"text":"","prompt_token_ids":[1,2,3],"token_ids":[97]}]})") +
      ids_event("195") + ids_event("188,226") + ids_event("130,172,33") +
      ids_event("256", R"(,"finish_reason":"stop","stop_reason":null)") +
      usage(3, 8, R"(,"prompt_tokens_details":{"cached_tokens":2})") + kDone;
  for (const std::size_t piece : {1UL, 2UL, 7UL, 64UL, 1UL << 20}) {
    const Answer answer = read(stream, piece);
    ASSERT_FALSE(answer.failure) << answer.failure->error.message;
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.heard.text, "aü€!");
    EXPECT_EQ(answer.heard.ids, tokenizer_.encode("aü€!"));
    EXPECT_EQ(answer.summary.finish, FinishReason::stop);
    EXPECT_EQ(answer.summary.generated_tokens, 7U);
    EXPECT_EQ(answer.summary.prompt_tokens_reused, 2U);
    EXPECT_TRUE(answer.summary.ids_exact);
  }
}

TEST_F(AnswerReaderTest, TheEndTokenIsNotDelivered) {
  request_.stop_tokens = {'x'};
  // Ended by a stop token, which is ordinary text elsewhere.
  Answer answer = read(ids_event("97,120,98") +
                       ids_event("120", R"(,"finish_reason":"stop","stop_reason":120)") + kDone);
  EXPECT_EQ(answer.heard.text, "axb");
  // A control token at the end of what the length ended is part of the answer.
  answer = read(ids_event("97,257", R"(,"finish_reason":"length")") + kDone);
  EXPECT_EQ(answer.heard.ids, (TokenIds{97, 257}));
  EXPECT_EQ(answer.summary.generated_tokens, 2U);
  // One that another token ended is, too.
  answer = read(ids_event("97,257", R"(,"finish_reason":"stop","stop_reason":256)") + kDone);
  EXPECT_EQ(answer.heard.ids, (TokenIds{97, 257}));
}

TEST_F(AnswerReaderTest, LlamacppIsEndedAtAStopToken) {
  facts_.kind = ServerKind::llamacpp;
  request_.stop_tokens = {'x'};
  const Answer answer =
      read(event(R"({"content":"","tokens":[0],"stop":false,"tokens_predicted":0,)"
                 R"("prompt_progress":{"total":3,"cache":2,"processed":3,"time_ms":1}})") +
           event(R"({"content":"ab","tokens":[97,98],"stop":false,"tokens_predicted":2})") +
           event(R"({"content":"xc","tokens":[120,99],"stop":false,"tokens_predicted":4})"));
  ASSERT_FALSE(answer.failure);
  EXPECT_EQ(answer.heard.text, "ab");
  EXPECT_EQ(answer.summary.finish, FinishReason::stop);
  EXPECT_EQ(answer.summary.prompt_tokens_reused, 2U) << "told before the answer";
  EXPECT_FALSE(answer.whole) << "the server goes on: its connection is to be closed";
}

// It tells of the last ID of a character only (seen in 2026), and counts all.
TEST_F(AnswerReaderTest, LlamacppsMissingIdsAreFoundFromTheText) {
  facts_.kind = ServerKind::llamacpp;
  const Answer answer = read(
      event(R"({"content":"a","tokens":[97],"tokens_predicted":1})") +
      event(R"({"content":"€","tokens":[172],"tokens_predicted":4})") +
      event(R"({"content":"","tokens":[256],"tokens_predicted":5})") +
      event(
          R"({"content":"","tokens":[],"stop":true,"stop_type":"eos","tokens_evaluated":3,"tokens_predicted":5})"));
  ASSERT_FALSE(answer.failure) << answer.failure->error.message;
  EXPECT_EQ(answer.heard.ids, tokenizer_.encode("a€"));
  EXPECT_EQ(answer.heard.text, "a€");
  EXPECT_EQ(answer.summary.generated_tokens, 4U);
}

TEST_F(AnswerReaderTest, WhatCantBeFoundIsAskedForInOnePiece) {
  facts_.kind = ServerKind::llamacpp;
  request_.max_tokens = 10;
  Heard heard;
  const PartialTokens partial(tokenizer_);
  AnswerReader reader({.facts = std::make_shared<ServerFacts>(facts_),
                       .request = request_,
                       .tokenizer = tokenizer_,
                       .partial = partial,
                       .started = std::chrono::steady_clock::now()},
                      heard);
  const net::HttpResponseHead stream{.status = 200,
                                     .fields = {{"Content-Type", "text/event-stream"}}};
  const net::HttpResponseHead json{.status = 200, .fields = {{"Content-Type", "application/json"}}};
  ASSERT_TRUE(reader.on_head(stream));
  ASSERT_TRUE(reader.on_body(event(R"({"content":"a","tokens":[97],"tokens_predicted":1})")));
  // Which bytes were replaced?
  EXPECT_FALSE(
      reader.on_body(event("{\"content\":\"\xEF\xBF\xBD"
                           R"(b","tokens":[98],"tokens_predicted":4})")));
  ASSERT_FALSE(reader.failure());
  EXPECT_EQ(reader.still_to_ask(), StillToAsk::piece);
  EXPECT_EQ(reader.so_far(), TokenIds{97});
  EXPECT_EQ(reader.tokens_left(), 9U);
  reader.go_on();
  ASSERT_TRUE(reader.on_head(json));
  ASSERT_TRUE(reader.on_body(
      R"({"content":"?","tokens":[226,130,98],"stop":true,"stop_type":"limit","tokens_evaluated":4,"tokens_predicted":3})"));
  reader.on_end();
  ASSERT_FALSE(reader.failure()) << reader.failure()->error.message;
  EXPECT_EQ(reader.still_to_ask(), StillToAsk::stream);
  reader.go_on();
  ASSERT_TRUE(reader.on_head(stream));
  EXPECT_FALSE(reader.on_body(
      event(R"({"content":"c","tokens":[99],"tokens_predicted":1})") +
      event(
          R"({"content":"","tokens":[],"stop":true,"stop_type":"limit","tokens_evaluated":7,"tokens_predicted":1})")));
  ASSERT_FALSE(reader.failure()) << reader.failure()->error.message;
  EXPECT_EQ(reader.still_to_ask(), StillToAsk::nothing);
  EXPECT_EQ(heard.ids, (TokenIds{97, 226, 130, 98, 99}));
  EXPECT_EQ(reader.summary().generated_tokens, 5U);
}

TEST(PartialTokensTest, OnlyWhatCanBeNothingElse) {
  const ByteTokenizer tokenizer;
  const PartialTokens partial(tokenizer);
  EXPECT_EQ(partial.only_split("\xE2\x82", 2), (TokenIds{0xE2, 0x82}));
  EXPECT_FALSE(partial.only_split("\xE2\x82", 1)) << "no token has both";
  EXPECT_FALSE(partial.only_split("\xE2\x82", 3));
  EXPECT_FALSE(partial.only_split("\xE2\x82\xAC", 3)) << "the character is whole: it was told of";
  EXPECT_FALSE(partial.only_split("a\xE2", 2)) << "so was a";
  EXPECT_FALSE(partial.only_split("", 1));
  EXPECT_FALSE(partial.only_split(std::string(100, '\xE2'), 100));
}

TEST_F(AnswerReaderTest, NoMoreTokensThanAsked) {
  request_.max_tokens = 2;
  const Answer answer = read(ids_event("97,98,99,100"));
  ASSERT_FALSE(answer.failure);
  EXPECT_EQ(answer.heard.text, "ab");
  EXPECT_EQ(answer.summary.finish, FinishReason::length);
}

TEST_F(AnswerReaderTest, ACutAnswerIsIncomplete) {
  const std::string begun = ids_event("97");
  expect_failure(read(""), Errc::unavailable, "incomplete");
  expect_failure(read(begun), Errc::unavailable, "incomplete");
  expect_failure(read(begun + ids_event("98", R"(,"finish_reason":"stop")")), Errc::unavailable,
                 "incomplete");
  expect_failure(read(begun + "data: {\"choices\""), Errc::unavailable, "incomplete");
  expect_failure(read(begun + kDone), Errc::corrupt, "finish_reason");
  EXPECT_FALSE(read(begun).failure->retryable) << "something was generated";
}

TEST_F(AnswerReaderTest, LiesAreFound) {
  const std::string end = ids_event("98", R"(,"finish_reason":"length")");
  expect_failure(read(end + usage(4, 1) + kDone), Errc::corrupt, "4 tokens of prompt, 3");
  expect_failure(read(end + usage(3, 2) + kDone), Errc::corrupt, "2 generated tokens, it gave 1");
  expect_failure(
      read(event(
          R"({"choices":[{"index":0,"text":"","prompt_token_ids":[1,9,3],"token_ids":[]}]})")),
      Errc::corrupt, "difference at token 1");
  expect_failure(read(ids_event("9999")), Errc::corrupt, "lacks");
  expect_failure(read(event(R"({"choices":[{"index":1,"text":"a","token_ids":[97]}]})")),
                 Errc::corrupt, "several choices");
  expect_failure(read(end + ids_event("97") + kDone), Errc::corrupt, "goes on");
  const Answer swapped = read(event(R"({"model":"other","choices":[]})"));
  expect_failure(swapped, Errc::unavailable, "another model than m");
  EXPECT_FALSE(swapped.failure->retryable) << "it has begun";
  EXPECT_TRUE(swapped.failure->model_gone);
  for (const Answer& each : {read(end + usage(4, 1) + kDone), read(ids_event("9999"))})
    EXPECT_EQ(each.failure->error.message.find("9999"), std::string::npos);
}

TEST_F(AnswerReaderTest, AnOldServerGivesTextOnly) {
  const std::string stream =
      event(R"({"choices":[{"index":0,"text":"a€"}]})") +
      event(R"({"choices":[{"index":0,"text":"b","finish_reason":"stop"}]})") + usage(3, 5) + kDone;
  const Answer answer = read(stream);
  ASSERT_FALSE(answer.failure) << answer.failure->error.message;
  EXPECT_FALSE(answer.summary.ids_exact);
  EXPECT_EQ(answer.heard.text, "a€b");
  EXPECT_EQ(answer.heard.ids, tokenizer_.encode("a€b"));
  EXPECT_EQ(answer.summary.generated_tokens, 5U) << "as the server counted";
  allow_text_ = false;
  expect_failure(read(stream), Errc::unsupported, "no token IDs");
  allow_text_ = true;
  expect_failure(read(ids_event("97") + event(R"({"choices":[{"index":0,"text":"a"}]})")),
                 Errc::corrupt, "stop before");
}

TEST_F(AnswerReaderTest, Errors) {
  const std::string error =
      event(R"({"error":{"message":"engine died [1, 2, 3]","type":"x","code":503}})");
  const Answer early = read(error + kDone);
  expect_failure(early, Errc::unavailable, "engine died …");
  EXPECT_TRUE(early.failure->retryable);
  EXPECT_FALSE(read(ids_event("97") + error + kDone).failure->retryable);
  expect_failure(read(event("no JSON")), Errc::corrupt, "no JSON object");
  expect_failure(read("data: " + std::string(17 * MiB, 'x')), Errc::corrupt, "");

  Heard heard;
  const PartialTokens partial(tokenizer_);
  const auto reader = [&](net::HttpResponseHead head, std::string_view body) {
    AnswerReader made({.facts = std::make_shared<ServerFacts>(facts_),
                       .request = request_,
                       .tokenizer = tokenizer_,
                       .partial = partial,
                       .started = std::chrono::steady_clock::now()},
                      heard);
    if (made.on_head(head) && made.on_body(body)) made.on_end();
    return made.failure()->error;
  };
  EXPECT_EQ(reader({.status = 200, .fields = {{"Content-Type", "text/html"}}}, "<html>").code,
            Errc::corrupt);
  EXPECT_EQ(reader({.status = 302, .fields = {}}, "").code, Errc::unsupported);
  EXPECT_EQ(reader({.status = 429, .fields = {}}, "").code, Errc::overloaded);
}

TEST_F(AnswerReaderTest, Logprobs) {
  request_.logprobs = true;
  const Answer answer = read(
      ids_event("97,98", R"(,"logprobs":{"token_logprobs":[-1,-2]})") +
      ids_event("256", R"(,"logprobs":{"token_logprobs":[-3]},"finish_reason":"stop")") + kDone);
  EXPECT_EQ(answer.heard.logprobs, (std::vector<float>{-1, -2}));
}

}  // namespace
}  // namespace leyden::llm
