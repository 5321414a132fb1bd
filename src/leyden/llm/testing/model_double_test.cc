// That the double says what servers say (the contracts of the four dialects), and is wrong as told.
#include "leyden/llm/testing/model_double.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/utf8.h"
#include "leyden/llm/testing/byte_tokenizer.h"
#include "leyden/net/testing/http_client_fixture.h"

namespace leyden::llm::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Faults = DoubleFaults;

const WireIds kPrompt{72, 101, 108, 108, 111};

struct Events {
  std::vector<json> said;
  bool done = false;
  std::string text() const {
    std::string out;
    for (const json& event : said) {
      if (event.contains("content")) out += event["content"].get<std::string>();
      if (event.contains("choices") && !event["choices"].empty())
        out += event["choices"][0]["text"].get<std::string>();
    }
    return out;
  }
  WireIds ids(std::size_t choice = 0) const {
    WireIds out;
    const auto add = [&](const json& ids) {
      for (const json& id : ids) out.push_back(id.get<std::int64_t>());
    };
    for (const json& event : said) {
      if (event.contains("tokens")) add(event["tokens"]);
      for (const json& part : event.value("choices", json::array())) {
        if (part["index"] == choice && part.contains("token_ids")) add(part["token_ids"]);
      }
    }
    return out;
  }
};

Events events(const std::string& body) {
  Events out;
  std::size_t at = 0;
  while (at < body.size()) {
    const std::size_t end = body.find('\n', at);
    const std::string line = body.substr(at, end - at);
    at = end == std::string::npos ? body.size() : end + 1;
    if (line == "data: [DONE]") {
      out.done = true;
    } else if (line.starts_with("data: ")) {
      out.said.push_back(json::parse(line.substr(6)));
    }
  }
  return out;
}

class ModelDoubleTest : public net::testing::HttpClientFixture {
 protected:
  DoubleOptions options(Dialect dialect) {
    return {.dialect = dialect, .tokenizer = tokenizer_, .end_token = ByteTokenizer::kEnd};
  }
  net::HttpResponse get(const ModelDouble& server, const std::string& path,
                        net::HttpFields fields = {}) {
    return fetch(server, "GET", path, "", std::move(fields));
  }
  net::HttpResponse post(const ModelDouble& server, const std::string& path, const json& body,
                         net::HttpFields fields = {}) {
    return fetch(server, "POST", path, body.dump(), std::move(fields));
  }
  net::HttpResponse fetch(const ModelDouble& server, const std::string& method,
                          const std::string& path, std::string body, net::HttpFields fields) {
    auto answer = net::http_fetch(*client(server), asked(method, path, std::move(body), fields));
    EXPECT_TRUE(answer) << answer.error().error.message;
    return answer ? *answer : net::HttpResponse{};
  }
  Errc failure_of(const ModelDouble& server, const json& body) {
    auto asking = asked("POST", "/v1/completions", body.dump(), {});
    auto answer = net::http_fetch(*client(server), asking);
    EXPECT_FALSE(answer);
    return answer ? Errc::internal : answer.error().error.code;
  }
  std::unique_ptr<net::HttpClient> client(const ModelDouble& server, std::size_t connections = 64) {
    net::HttpClientOptions options;
    options.endpoint = server.endpoint();
    options.connections_max = connections;
    return open(options);
  }
  static net::HttpRequest asked(const std::string& method, const std::string& path,
                                std::string body, net::HttpFields fields) {
    net::HttpRequest out;
    out.method = method;
    out.target = path;
    out.body = std::move(body);
    out.fields = std::move(fields);
    out.limits.error_body_bytes = 4 * MiB;
    return out;
  }
  static json ask(const json& prompt, bool stream = false) {
    json out = {{"prompt", prompt}, {"max_tokens", 64}, {"temperature", 0}, {"stream", stream}};
    out["return_token_ids"] = true;
    out["return_tokens"] = true;
    if (stream) out["stream_options"] = {{"include_usage", true}};
    return out;
  }
  static json said(const net::HttpResponse& answer) {
    return json::parse(answer.body, nullptr, false);
  }

  ByteTokenizer tokenizer_;
};

TEST_F(ModelDoubleTest, EachSaysWhatItIs) {
  ModelDouble vllm(options(Dialect::vllm));
  const json of_vllm = said(get(vllm, "/v1/models"))["data"][0];
  EXPECT_EQ(of_vllm["owned_by"], "vllm");
  EXPECT_EQ(of_vllm["max_model_len"], 4096);
  EXPECT_EQ(get(vllm, "/health").body, "");
  EXPECT_TRUE(said(get(vllm, "/version"))["version"].is_string());
  EXPECT_NE(get(vllm, "/metrics").body.find("\nprocess_start_time_seconds 1"), std::string::npos);
  EXPECT_EQ(get(vllm, "/props").head.status, 404U);

  ModelDouble sglang(options(Dialect::sglang));
  const json of_sglang = said(get(sglang, "/v1/models"))["data"][0];
  EXPECT_EQ(of_sglang["owned_by"], "sglang");
  EXPECT_EQ(of_sglang["max_model_len"], 4096);
  EXPECT_EQ(said(get(sglang, "/get_model_info"))["model_path"], "double");
  EXPECT_TRUE(said(get(sglang, "/server_info"))["version"].is_string());

  ModelDouble llamacpp(options(Dialect::llamacpp));
  const json of_llamacpp = said(get(llamacpp, "/v1/models"))["data"][0];
  EXPECT_EQ(of_llamacpp["owned_by"], "llamacpp");
  EXPECT_EQ(of_llamacpp["meta"]["n_vocab"], 258);
  EXPECT_EQ(of_llamacpp["meta"]["n_ctx_train"], 4096);
  const json props = said(get(llamacpp, "/props"));
  EXPECT_EQ(props["default_generation_settings"]["n_ctx"], 4096);
  for (const char* name : {"chat_template", "model_path", "build_info"})
    EXPECT_TRUE(props[name].is_string()) << name;
  EXPECT_EQ(said(get(llamacpp, "/health"))["status"], "ok");

  ModelDouble openai(options(Dialect::openai));
  const json of_openai = said(get(openai, "/v1/models"))["data"][0];
  EXPECT_EQ(of_openai["owned_by"], "system");
  EXPECT_FALSE(of_openai.contains("max_model_len"));
  EXPECT_EQ(get(openai, "/version").head.status, 404U);
  EXPECT_EQ(post(openai, "/tokenize", {{"prompt", "x"}}).head.status, 404U);
  EXPECT_EQ(openai.counts().requests.at("/version"), 1U);
}

TEST_F(ModelDoubleTest, TokenizersThatParseSpecialTokens) {
  const std::string text = "a<|turn|>é";
  const json all = {97, 257, 195, 169};
  ModelDouble vllm(options(Dialect::vllm));
  const json by_vllm = said(post(vllm, "/tokenize", {{"prompt", text}}));
  EXPECT_EQ(by_vllm["tokens"], all);
  EXPECT_EQ(by_vllm["count"], 4);
  EXPECT_EQ(by_vllm["max_model_len"], 4096);
  EXPECT_EQ(said(post(vllm, "/detokenize", {{"tokens", all}})), json({{"prompt", text}}));

  ModelDouble sglang(options(Dialect::sglang));
  EXPECT_EQ(said(post(sglang, "/tokenize", {{"prompt", text}}))["tokens"], all);
  EXPECT_EQ(said(post(sglang, "/tokenize", {{"prompt", {"a", "bc"}}}))["count"], json({1, 2}));
  EXPECT_EQ(said(post(sglang, "/detokenize", {{"tokens", all}, {"skip_special_tokens", false}})),
            json({{"text", text}}));

  ModelDouble llamacpp(options(Dialect::llamacpp));
  EXPECT_EQ(said(post(llamacpp, "/tokenize", {{"content", text}})), json({{"tokens", all}}));
  const json plain =
      said(post(llamacpp, "/tokenize", {{"content", text}, {"parse_special", false}}));
  EXPECT_EQ(plain["tokens"].size(), text.size());
  EXPECT_EQ(said(post(llamacpp, "/detokenize", {{"tokens", all}})), json({{"content", text}}));
}

TEST_F(ModelDoubleTest, AStreamIsTheWholeAnswerInPieces) {
  std::size_t stopped = 0;
  std::size_t cut_within_a_character = 0;
  for (const Dialect dialect : {Dialect::vllm, Dialect::sglang}) {
    ModelDouble server(options(dialect));
    for (std::int64_t i = 0; i < 24; ++i) {
      WireIds prompt = kPrompt;
      prompt.push_back(i);
      const json whole = said(post(server, "/v1/completions", ask(prompt)));
      const json& choice = whole["choices"][0];
      const Events stream = events(post(server, "/v1/completions", ask(prompt, true)).body);
      EXPECT_TRUE(stream.done);
      EXPECT_EQ(json(stream.ids()), choice["token_ids"]);
      EXPECT_EQ(stream.text(), choice["text"].get<std::string>());
      EXPECT_EQ(choice["prompt_token_ids"], json(prompt));
      EXPECT_EQ(stream.said[0]["choices"][0]["prompt_token_ids"], json(prompt));
      EXPECT_FALSE(stream.said[1]["choices"][0].value("prompt_token_ids", json()).is_array());
      const json& last = stream.said.back();
      EXPECT_TRUE(last["choices"].empty());
      EXPECT_EQ(last["usage"]["prompt_tokens"], prompt.size());
      EXPECT_EQ(last["usage"]["completion_tokens"], stream.ids().size());
      EXPECT_EQ(whole["usage"]["completion_tokens"], stream.ids().size());

      auto ids = choice["token_ids"].get<TokenIds>();
      const bool by_itself = choice["finish_reason"] == "stop";
      EXPECT_EQ(by_itself, ids.back() == ByteTokenizer::kEnd);
      EXPECT_EQ(by_itself, ids.size() < 64);
      EXPECT_EQ(ids, server.answer(TokenIds(prompt.begin(), prompt.end()), 64).ids);
      if (by_itself) ids.pop_back(), ++stopped;
      // vLLM does not say what is broken at the end.
      const std::string text = utf8::replace_invalid(*tokenizer_.decode(ids));
      EXPECT_TRUE(text.starts_with(stream.text()));
      EXPECT_TRUE(dialect == Dialect::vllm || text == stream.text());
      for (const json& event : stream.said) {
        if (!event["choices"].empty() && event["choices"][0]["text"] == "")
          ++cut_within_a_character;
      }
    }
    EXPECT_EQ(server.counts().generations_ended, 48U);
  }
  EXPECT_GT(stopped, 2U);
  EXPECT_GT(cut_within_a_character, 100U);
}

TEST_F(ModelDoubleTest, LlamaCppInItsOwnWords) {
  ModelDouble server(options(Dialect::llamacpp));
  DoubleOptions kind = options(Dialect::llamacpp);
  kind.llamacpp_drops_split_ids = false;
  ModelDouble all(kind);
  const json whole = said(post(server, "/completion", ask(kPrompt)));
  const Events stream = events(post(server, "/completion", ask(kPrompt, true)).body);
  EXPECT_FALSE(stream.done);
  const json& last = stream.said.back();
  EXPECT_EQ(last["stop"], true);
  EXPECT_EQ(last["content"], "");
  EXPECT_EQ(last["tokens"], json::array());
  EXPECT_EQ(last["tokens_evaluated"], kPrompt.size());
  EXPECT_EQ(last["tokens_predicted"], whole["tokens"].size());
  EXPECT_EQ(last["stop_type"], whole["stop_type"]);
  EXPECT_EQ(last["timings"]["cache_n"], kPrompt.size() - 1);
  EXPECT_EQ(stream.said[0]["stop"], false);
  EXPECT_TRUE(whole["content"].get<std::string>().starts_with(stream.text()));
  // The IDs of a character's first bytes are not said in a stream.
  EXPECT_LT(stream.ids().size(), whole["tokens"].size());
  EXPECT_EQ(json(events(post(all, "/completion", ask(kPrompt, true)).body).ids()), whole["tokens"]);

  json quiet = ask(kPrompt);
  quiet.erase("return_tokens");
  EXPECT_EQ(said(post(server, "/completion", quiet))["tokens"], json::array());
  EXPECT_EQ(said(post(server, "/completion", ask(json::array({kPrompt, kPrompt})))).size(), 2U);
  const json mixed = said(post(server, "/completion", ask({12, "text", 34})));
  EXPECT_EQ(mixed["tokens_evaluated"], 6);

  const Events oai = events(post(server, "/v1/completions", ask(kPrompt, true)).body);
  EXPECT_TRUE(oai.done);
  EXPECT_TRUE(oai.ids().empty());
  EXPECT_EQ(oai.said.back()["usage"]["completion_tokens"], whole["tokens"].size());
}

TEST_F(ModelDoubleTest, OpenAiSpeaksText) {
  ModelDouble server(options(Dialect::openai));
  const auto refused = post(server, "/v1/completions", ask(kPrompt));
  EXPECT_EQ(refused.head.status, 400U);
  EXPECT_EQ(said(refused)["error"]["type"], "invalid_request_error");
  const Events stream = events(post(server, "/v1/completions", ask("Hello", true)).body);
  EXPECT_TRUE(stream.done);
  EXPECT_TRUE(stream.ids().empty());
  EXPECT_FALSE(stream.said[0]["choices"][0].contains("token_ids"));
  EXPECT_EQ(json(stream.text()),
            said(post(server, "/v1/completions", ask("Hello")))["choices"][0]["text"]);
  EXPECT_EQ(stream.said.back()["usage"]["prompt_tokens"], 5);
}

TEST_F(ModelDoubleTest, SeveralChoicesAndStops) {
  ModelDouble server(options(Dialect::vllm));
  json two = ask(kPrompt, true);
  two["n"] = 2;
  two["temperature"] = 1;
  two["logprobs"] = 0;
  const Events stream = events(post(server, "/v1/completions", two).body);
  EXPECT_NE(stream.ids(0), stream.ids(1));
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(stream.said[i]["choices"][0]["index"], i);
    EXPECT_EQ(stream.said[i]["choices"][0]["prompt_token_ids"], json(kPrompt));
    EXPECT_LT(stream.said[i]["choices"][0]["logprobs"]["token_logprobs"][0], 0);
  }
  // Ended by a token that was asked for, and by a word.
  const TokenIds ids = server.answer(TokenIds(kPrompt.begin(), kPrompt.end()), 64).ids;
  json by_token = ask(kPrompt);
  by_token["stop_token_ids"] = {ids[9]};
  const json stopped = said(post(server, "/v1/completions", by_token))["choices"][0];
  EXPECT_EQ(stopped["finish_reason"], "stop");
  EXPECT_EQ(stopped["stop_reason"], ids[9]);
  EXPECT_EQ(stopped["token_ids"].back(), ids[9]);
  const std::string text =
      said(post(server, "/v1/completions", ask(kPrompt)))["choices"][0]["text"];
  const std::string word = text.substr(text.size() / 2, 1);
  ASSERT_TRUE(utf8::is_valid(word)) << text;
  json by_word = ask(kPrompt);
  by_word["stop"] = word;
  const json worded = said(post(server, "/v1/completions", by_word))["choices"][0];
  EXPECT_EQ(worded["stop_reason"], word);
  EXPECT_EQ(worded["text"], text.substr(0, text.find(word)));
}

TEST_F(ModelDoubleTest, IdsAreChecked) {
  const auto status = [&](const ModelDouble& server, const json& prompt, std::string* body) {
    const auto answer = post(server, "/v1/completions", ask(prompt));
    if (body != nullptr) *body = answer.body;
    return answer.head.status;
  };
  std::string body;
  const std::int64_t big = std::int64_t{1} << 40;
  ModelDouble vllm(options(Dialect::vllm));
  EXPECT_EQ(status(vllm, {1, 258}, &body), 400U);
  EXPECT_EQ(json::parse(body)["error"]["message"], "Token id 258 is out of vocabulary");
  EXPECT_EQ(json::parse(body)["error"]["code"], 400);
  for (const json& prompt : {json({1, -1}), json({1, big}), json({1, 18446744073709551615U}),
                             json::array(), json(""), json({1, "a"}), json({1, 2.5})}) {
    EXPECT_EQ(status(vllm, prompt, nullptr), 400U) << prompt;
  }
  ModelDouble sglang(options(Dialect::sglang));
  EXPECT_EQ(status(sglang, {7, 8, 258}, &body), 400U);
  EXPECT_EQ(json::parse(body)["object"], "error");  // At top level.
  EXPECT_NE(body.find("[7, 8, 258]"), std::string::npos);
  EXPECT_EQ(status(sglang, {7, -8}, nullptr), 200U);
  EXPECT_EQ(status(sglang, json::array(), &body), 400U);
  EXPECT_EQ(json::parse(body)["message"], "Prompt cannot be empty");
  ModelDouble llamacpp(options(Dialect::llamacpp));
  EXPECT_EQ(status(llamacpp, {7, -8}, &body), 400U);
  EXPECT_EQ(json::parse(body)["error"]["type"], "invalid_request_error");
  EXPECT_EQ(status(llamacpp, json::array(), nullptr), 200U);
}

TEST_F(ModelDoubleTest, TheWindow) {
  const WireIds full(4096, 65);
  ModelDouble vllm(options(Dialect::vllm));
  EXPECT_NE(post(vllm, "/v1/completions", ask(full)).body.find("maximum context length is 4096"),
            std::string::npos);
  ModelDouble llamacpp(options(Dialect::llamacpp));
  const json error = said(post(llamacpp, "/completion", ask(full)))["error"];
  EXPECT_EQ(error["type"], "exceed_context_size_error");
  EXPECT_EQ(error["n_prompt_tokens"], 4096);
  EXPECT_EQ(error["n_ctx"], 4096);
  const WireIds nearly(4090, 65);
  json endless = ask(nearly);
  endless.erase("max_tokens");
  endless["ignore_eos"] = true;
  const json cut = said(post(llamacpp, "/completion", endless));
  EXPECT_EQ(cut["tokens_predicted"], 6);
  EXPECT_EQ(cut["truncated"], true);
}

TEST_F(ModelDoubleTest, PrefixesAreKeptPerSalt) {
  ModelDouble server(options(Dialect::vllm));
  const auto cached = [&](const WireIds& prompt, const char* salt) {
    json body = ask(prompt);
    body["cache_salt"] = salt;
    return said(post(server, "/v1/completions",
                     body))["usage"]["prompt_tokens_details"]["cached_tokens"]
        .get<int>();
  };
  EXPECT_EQ(cached(kPrompt, "a"), 0);
  EXPECT_EQ(cached(kPrompt, "a"), 4);
  EXPECT_EQ(cached(kPrompt, "b"), 0);
  WireIds next = kPrompt;
  for (const TokenId id : server.answer(TokenIds(kPrompt.begin(), kPrompt.end()), 64).ids)
    next.push_back(id);
  const auto known = static_cast<int>(next.size());
  next.push_back(65);
  EXPECT_EQ(cached(next, "a"), known);
  ASSERT_EQ(server.seen().size(), 4U);
  EXPECT_EQ(server.seen()[2].body["cache_salt"], "b");
  server.swap_model("other", tokenizer_, 100);
  EXPECT_EQ(cached(kPrompt, "a"), 0);
  EXPECT_EQ(said(get(server, "/v1/models"))["data"][0]["max_model_len"], 100);
  json old = ask(kPrompt);
  old["model"] = "double";
  EXPECT_EQ(post(server, "/v1/completions", old).head.status, 404U);
}

TEST_F(ModelDoubleTest, KeysAndRefusals) {
  DoubleOptions closed = options(Dialect::vllm);
  closed.api_key = "sk";
  ModelDouble vllm(closed);
  EXPECT_EQ(get(vllm, "/v1/models").head.status, 401U);
  EXPECT_EQ(get(vllm, "/v1/models", {{"Authorization", "Bearer sk"}}).head.status, 200U);
  EXPECT_EQ(post(vllm, "/tokenize", {{"prompt", "a"}}).head.status, 200U);

  ModelDouble llamacpp(options(Dialect::llamacpp));
  llamacpp.set({.scope = Faults::Scope::all_paths,
                .first_requests = 2,
                .refusal = Faults::Refusal::loading});
  EXPECT_EQ(said(get(llamacpp, "/health"))["error"]["message"], "Loading model");
  EXPECT_EQ(post(llamacpp, "/completion", ask(kPrompt)).head.status, 503U);
  EXPECT_EQ(post(llamacpp, "/completion", ask(kPrompt)).head.status, 200U);

  ModelDouble sglang(options(Dialect::sglang));
  sglang.set({.refusal = Faults::Refusal::too_many_requests, .retry_after = "7"});
  const auto busy = post(sglang, "/v1/completions", ask(kPrompt));
  EXPECT_EQ(busy.head.status, 429U);
  EXPECT_EQ(*busy.head.find("Retry-After"), "7");
  EXPECT_EQ(said(busy)["object"], "error");
  EXPECT_EQ(get(sglang, "/v1/models").head.status, 200U);
  sglang.set({.reply = Faults::Reply{.status = 502, .body = "oops", .body_bytes = 3 * MiB}});
  const auto long_one = post(sglang, "/v1/completions", ask(kPrompt));
  EXPECT_EQ(long_one.head.status, 502U);
  EXPECT_EQ(long_one.body.size(), 3 * MiB);
  sglang.set({.html = true});
  EXPECT_TRUE(post(sglang, "/v1/completions", ask(kPrompt)).body.starts_with("<!doctype"));
}

TEST_F(ModelDoubleTest, EventsWrittenOtherwise) {
  ModelDouble server(options(Dialect::vllm));
  const auto body = [&](const Faults& faults) {
    server.set(faults);
    return post(server, "/v1/completions", ask(kPrompt, true)).body;
  };
  const Events right = events(body({}));
  const std::string odd = body({.split_every_byte = true,
                                .crlf = true,
                                .comments = true,
                                .no_space_after_colon = true,
                                .close_delimited = true});
  EXPECT_TRUE(odd.starts_with(": ping\r\n\r\ndata:{"));
  EXPECT_TRUE(odd.ends_with("data:[DONE]\r\n\r\n"));
  const Events several = events(body({.ids_per_chunk = 3, .ids_with_empty_text = true}));
  EXPECT_EQ(several.ids(), right.ids());
  EXPECT_EQ(several.text(), right.text());
  EXPECT_EQ(several.said[0]["choices"][0]["token_ids"].size(), 3U);
  EXPECT_EQ(several.said[0]["choices"][0]["text"], "");
  EXPECT_TRUE(events(body({.no_ids = true})).ids().empty());
  EXPECT_EQ(events(body({.ids_outside_vocabulary = true})).ids()[0], right.ids()[0] + 258);
  EXPECT_TRUE(
      events(body({.ids_as_strings = true})).said[0]["choices"][0]["token_ids"][0].is_string());
  EXPECT_NE(events(body({.wrong_prompt_echo = true})).said[0]["choices"][0]["prompt_token_ids"],
            json(kPrompt));
  EXPECT_FALSE(events(body({.no_usage = true})).said.back().contains("usage"));
  const json usage = events(body({.cached = Faults::Cached::absent,
                                  .more_prompt_tokens = 1,
                                  .more_completion_tokens = -2}))
                         .said.back()["usage"];
  EXPECT_EQ(usage["prompt_tokens"], kPrompt.size() + 1);
  EXPECT_EQ(usage["completion_tokens"], right.ids().size() - 2);
  EXPECT_FALSE(usage.contains("prompt_tokens_details"));
  EXPECT_EQ(events(body({.extra_choice = true, .other_model = "x"})).said[0]["model"], "x");
  EXPECT_FALSE(events(body({.unset = Faults::Unset::absent}))
                   .said[0]["choices"][0]
                   .contains("finish_reason"));
  EXPECT_FALSE(events(body({.no_done = true})).done);
  EXPECT_TRUE(body({.extra_events_after_done = true}).ends_with("}\n\n"));
  EXPECT_GT(body({.huge_event_bytes = 100'000}).size(), 100'000U);
  EXPECT_THROW(events(body({.broken_event = 2})), json::exception);
}

TEST_F(ModelDoubleTest, ErrorsInTheStream) {
  ModelDouble server(options(Dialect::vllm));
  server.set({.stream_error = Faults::StreamError{.after_tokens = 3}});
  const Events nested = events(post(server, "/v1/completions", ask(kPrompt, true)).body);
  EXPECT_EQ(nested.ids().size(), 3U);
  EXPECT_TRUE(nested.said.back()["error"]["message"].is_string());
  EXPECT_TRUE(nested.done);
  server.set(
      {.stream_error = Faults::StreamError{.shape = Faults::ErrorShape::top_level, .done = false}});
  const Events top = events(post(server, "/v1/completions", ask(kPrompt, true)).body);
  EXPECT_EQ(top.said[0]["object"], "error");
  EXPECT_FALSE(top.done);
  EXPECT_EQ(server.counts().generations_cut, 2U);
  EXPECT_EQ(server.counts().generations_ended, 0U);
}

TEST_F(ModelDoubleTest, StopsAnywhere) {
  using How = Faults::How;
  using Place = Faults::Place;
  ModelDouble server(options(Dialect::vllm));
  for (const How how : {How::reset, How::close}) {
    for (const Place place : {Place::before_reading, Place::before_head, Place::after_head,
                              Place::after_events, Place::within_event, Place::after_done}) {
      server.set({.stop = Faults::Stop{.place = place, .how = how, .events = 2}});
      EXPECT_EQ(failure_of(server, ask(kPrompt, true)), Errc::unavailable)
          << static_cast<int>(how) << static_cast<int>(place);
    }
  }
  // A body that ends as it should, but too early.
  for (const bool close_delimited : {false, true}) {
    server.set({.close_delimited = close_delimited,
                .stop = Faults::Stop{.place = Place::after_events, .how = How::end, .events = 2}});
    const Events cut = events(post(server, "/v1/completions", ask(kPrompt, true)).body);
    EXPECT_EQ(cut.ids().size(), 2U);
    EXPECT_FALSE(cut.done);
  }
  for (const Place place : {Place::before_reading, Place::before_head, Place::after_head,
                            Place::after_events, Place::within_event, Place::after_done}) {
    server.set({.stop = Faults::Stop{.place = place, .events = 2}});
    auto asking = asked("POST", "/v1/completions", ask(kPrompt, true).dump(), {});
    asking.deadline = Deadline::after(100ms);
    const auto answer = net::http_fetch(*client(server), asking);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().error.code, Errc::timed_out);
  }
  while (server.counts().connections_open > 0) std::this_thread::sleep_for(1ms);
  const DoubleCounts counts = server.counts();
  EXPECT_EQ(counts.generations_begun,
            counts.generations_ended + counts.generations_aborted + counts.generations_cut);
}

TEST_F(ModelDoubleTest, ManyStreamsAtOnce) {
  constexpr std::size_t kStreams = 256;
  ModelDouble server(options(Dialect::vllm));
  const auto all = client(server, kStreams);
  struct Stream {
    net::testing::Listener heard;
    std::unique_ptr<net::HttpCall> call;
  };
  const auto start = [&] {
    std::vector<std::unique_ptr<Stream>> out;
    for (std::size_t i = 0; i < kStreams; ++i) {
      json body = ask(WireIds{static_cast<std::int64_t>(i), 66}, true);
      body["ignore_eos"] = true;
      Stream& stream = *out.emplace_back(std::make_unique<Stream>());
      stream.call =
          std::move(*all->start(asked("POST", "/v1/completions", body.dump(), {}), stream.heard));
    }
    return out;
  };
  server.set({.drip = 2ms});
  for (const auto& stream : start()) {
    stream->call->wait();
    EXPECT_EQ(events(stream->heard.body).ids().size(), 64U);
  }
  EXPECT_EQ(server.counts().generations_ended, kStreams);
  EXPECT_EQ(server.counts().tokens_written, kStreams * 64);

  // All are under way, until the server's connections are cut.
  server.set({.stop = Faults::Stop{.place = Faults::Place::after_events, .events = 1}});
  const auto hanging = start();
  while (server.counts().tokens_written < kStreams * 65) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(server.counts().connections_open, kStreams);
  server.cut_connections();
  for (const auto& stream : hanging) {
    stream->call->wait();
    ASSERT_TRUE(stream->heard.error);
    EXPECT_EQ(stream->heard.error->error.code, Errc::unavailable);
  }
  while (server.counts().connections_open > 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(server.counts().generations_aborted, kStreams);
}

TEST_F(ModelDoubleTest, ClientsThatLeaveAreSeen) {
  ModelDouble server(options(Dialect::vllm));
  server.set({.drip = 20ms});
  const auto leaving = client(server);
  net::testing::Listener heard;
  const auto call = std::move(
      *leaving->start(asked("POST", "/v1/completions", ask(kPrompt, true).dump(), {}), heard));
  heard.wait_until([&] { return !heard.body.empty(); });
  call->cancel();
  while (server.counts().generations_aborted == 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(server.counts().generations_ended, 0U);
}

TEST_F(ModelDoubleTest, WithTls) {
  const net::testing::TestAuthority authority;
  DoubleOptions secure = options(Dialect::sglang);
  secure.tls = authority.server("DNS:localhost,IP:127.0.0.1");
  ModelDouble server(secure);
  EXPECT_TRUE(server.url().starts_with("https://127.0.0.1:"));
  net::HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.tls = trusting(authority);
  const auto client = open(options);
  const auto answer =
      net::http_fetch(*client, asked("POST", "/v1/completions", ask(kPrompt, true).dump(), {}));
  ASSERT_TRUE(answer) << answer.error().error.message;
  EXPECT_TRUE(events(answer->body).done);
}

}  // namespace
}  // namespace leyden::llm::testing
