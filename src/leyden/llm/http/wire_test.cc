// What is said to each kind of server, and how what it says is read: the facts are those of docs/model-servers.md.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "leyden/llm/http/wire_chunk.h"
#include "leyden/llm/http/wire_request.h"

namespace leyden::llm {
namespace {

using Json = nlohmann::json;

Json body_for(ServerKind kind, WireGenerate what) {
  const TokenIds prompt{1, 20, 300000};
  what.prompt_ids = prompt;
  what.prompt_text = "a \"quoted\"\nline";
  what.model = "m";
  return Json::parse(generate_post(kind, what).body);
}

TEST(WireRequest, VllmAndSglangGetIds) {
  for (const ServerKind kind : {ServerKind::vllm, ServerKind::sglang}) {
    const TokenIds stop{7, 8};
    const Json body = body_for(kind, {.max_tokens = 5,
                                      .sampling = {.temperature = 0.5, .top_p = 0.9, .seed = 3},
                                      .stop_tokens = stop,
                                      .logprobs = true,
                                      .cache_salt = "salt"});
    EXPECT_EQ(body["prompt"], Json({1, 20, 300000}));
    EXPECT_EQ(body["max_tokens"], 5);
    EXPECT_EQ(body["temperature"], 0.5);
    EXPECT_EQ(body["seed"], 3);
    EXPECT_EQ(body["stop_token_ids"], Json({7, 8}));
    EXPECT_EQ(body["cache_salt"], "salt");
    EXPECT_EQ(body["return_token_ids"], true);
    EXPECT_EQ(body["stream_options"]["include_usage"], true);
    EXPECT_EQ(body["logprobs"], 1);
    EXPECT_EQ(body["top_k"], -1) << "a model's folder may set another";
  }
}

TEST(WireRequest, LlamacppIsToldEverythingThatHasAnotherDefault) {
  const WirePost post = generate_post(ServerKind::llamacpp, {.max_tokens = 5});
  EXPECT_EQ(post.target, "/completion");
  const Json body = body_for(ServerKind::llamacpp, {.max_tokens = 5, .cache_salt = "salt"});
  EXPECT_EQ(body["n_predict"], 5) << "its default has no end";
  EXPECT_EQ(body["return_tokens"], true);
  EXPECT_EQ(body["cache_prompt"], true);
  EXPECT_EQ(body["samplers"], Json({"top_p", "temperature"}));
  EXPECT_FALSE(body.contains("cache_salt"));
}

TEST(WireRequest, TextServersGetOnlyWhatAllKnow) {
  const TokenIds stop{7};
  const Json body = body_for(ServerKind::openai, {.max_tokens = 5, .stop_tokens = stop});
  EXPECT_EQ(body["prompt"], "a \"quoted\"\nline");
  EXPECT_FALSE(body.contains("seed")) << "of no use without temperature";
  for (const char* const unknown : {"return_token_ids", "top_k", "stop_token_ids", "cache_salt"})
    EXPECT_FALSE(body.contains(unknown)) << unknown;
}

TEST(WireChunk, ATextCompletionWithIds) {
  WireReader reader(ServerKind::vllm);
  const auto first = reader.read(
      R"({"id":"cmpl-1","model":"m","choices":[)"
      R"({"index":1,"text":"","prompt_token_ids":[5,6],"token_ids":[],"finish_reason":null},)"
      R"({"index":0,"text":"ab","token_ids":[7,8],"logprobs":{"token_logprobs":[-0.5,-1]}}],)"
      R"("usage":null})");
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ((*first)->choices.size(), 2U);
  EXPECT_EQ((*first)->choices[0].index, 1U);
  EXPECT_EQ((*first)->choices[0].prompt_ids, (TokenIds{5, 6}));
  EXPECT_EQ((*first)->choices[1].ids, (TokenIds{7, 8}));
  EXPECT_EQ((*first)->choices[1].text, "ab");
  EXPECT_EQ((*first)->choices[1].logprobs, (std::vector<float>{-0.5F, -1}));
  EXPECT_FALSE((*first)->choices[1].finish);
  EXPECT_FALSE((*first)->usage.prompt_tokens);

  const auto end = reader.read(
      R"({"choices":[{"text":"","finish_reason":"stop","stop_reason":9}],)"
      R"("usage":{"prompt_tokens":2,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":0}}})");
  ASSERT_TRUE(end);
  EXPECT_EQ((*end)->choices[0].finish, WireFinish::stop);
  EXPECT_EQ((*end)->choices[0].stop_token, 9U);
  EXPECT_FALSE((*end)->choices[0].ids) << "nothing of the chunk before";
  EXPECT_FALSE((*end)->choices[0].prompt_ids);
  EXPECT_EQ((*end)->usage.cached_tokens, 0U) << "0 is not absent";
}

TEST(WireChunk, LlamacppsOwn) {
  WireReader reader(ServerKind::llamacpp);
  const auto next =
      reader.read(R"({"index":0,"content":"a","tokens":[3],"stop":false,"id_slot":-1})");
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)->choices[0].ids, (TokenIds{3}));
  EXPECT_FALSE((*next)->last);
  const auto progress = reader.read(
      R"({"content":"","tokens":[0],"stop":false,"prompt_progress":{"total":9,"cache":7,"processed":7}})");
  ASSERT_TRUE(progress);
  EXPECT_FALSE((*progress)->choices[0].ids) << "the 0 is none";
  EXPECT_EQ((*progress)->usage.cached_tokens, 7U);
  const auto last = reader.read(
      R"({"content":"","tokens":[],"stop":true,"stop_type":"limit","tokens_evaluated":4,)"
      R"("tokens_predicted":1,"timings":{"cache_n":3}})");
  ASSERT_TRUE(last);
  EXPECT_TRUE((*last)->last);
  EXPECT_EQ((*last)->choices[0].finish, WireFinish::length);
  EXPECT_EQ((*last)->usage.cached_tokens, 3U);
}

TEST(WireChunk, ErrorsInEveryShape) {
  WireReader reader(ServerKind::vllm);
  for (const char* const json :
       {R"({"error":{"message":"bad","type":"BadRequestError","code":400}})",
        R"({"object":"error","message":"bad","type":"BadRequestError","param":null,"code":400})"}) {
    const auto chunk = reader.read(json);
    ASSERT_TRUE(chunk && (*chunk)->error) << json;
    EXPECT_EQ((*chunk)->error->message, "bad");
    EXPECT_EQ((*chunk)->error->type, "BadRequestError");
    EXPECT_EQ((*chunk)->error->status, 400);
  }
  for (const char* const json : {R"({"error":{"message":"bad"}})", R"({"error":"bad"})",
                                 R"({"detail":"bad"})", R"({"message":"bad"})"}) {
    const auto error = parse_error(json);
    ASSERT_TRUE(error) << json;
    EXPECT_EQ(error->message, "bad");
    EXPECT_FALSE(error->status);
  }
  EXPECT_FALSE(parse_error("<html>502 Bad Gateway</html>"));
  EXPECT_FALSE(parse_error(""));
  EXPECT_FALSE(parse_error("[1]"));
}

TEST(WireChunk, WhatNoServerSaysIsCorrupt) {
  WireReader reader(ServerKind::vllm);
  for (const char* const json :
       {"", "{", "[]", "null", "{\"choices\":7}", R"({"choices":[7]})",
        R"({"choices":[{"token_ids":[-1]}]})", R"({"choices":[{"token_ids":["1"]}]})",
        R"({"choices":[{"token_ids":[4294967296]}]})", R"({"choices":[{"token_ids":{}}]})",
        R"({"choices":[{"text":5}]})", R"({"usage":{"prompt_tokens":-1}})",
        R"({"choices":[{"index":-1}]})", R"({"choices":[{"token_ids":[1.5]}]})"}) {
    const auto chunk = reader.read(json);
    ASSERT_FALSE(chunk) << json;
    EXPECT_EQ(chunk.error().code, Errc::corrupt);
  }
  EXPECT_FALSE(reader.read(std::string(100'000, '[')));
  EXPECT_TRUE(reader.read("{}")) << "and it can go on";
}

}  // namespace
}  // namespace leyden::llm
