#include "leyden/llm/http/embeddings.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "leyden/llm/testing/llama_server.h"
#include "leyden/net/testing/scripted_server.h"

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using net::testing::Peer;
using net::testing::ScriptedServer;

Errc parse_code(std::string_view json, std::size_t count) {
  auto out = parse_embeddings(json, count);
  return out ? Errc::internal : out.error().code;
}

TEST(ParseEmbeddings, NumbersAndBase64InAnyOrder) {
  // 1.5 and -2 as float32.
  auto out = parse_embeddings(
      R"({"data":[{"index":1,"embedding":[0.25,3]},{"index":0,"embedding":"AADAPwAAAMA="}]})", 2);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out, (std::vector<std::vector<float>>{{1.5F, -2}, {0.25F, 3}}));
  out = parse_embeddings(R"({"data":[{"embedding":[1]},{"embedding":[2]}]})", 2);
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, (std::vector<std::vector<float>>{{1}, {2}}));
}

TEST(ParseEmbeddings, WhatIsNoneIsCorrupt) {
  for (const char* json :
       {"", "<html>", "[]", "{}", R"({"data":3})", R"({"data":[]})", R"({"data":[3]})",
        R"({"data":[{"index":0}]})", R"({"data":[{"index":0,"embedding":[]}]})",
        R"({"data":[{"index":0,"embedding":["1"]}]})",
        R"({"data":[{"index":0,"embedding":[null]}]})",
        R"({"data":[{"index":0,"embedding":[1e39]}]})",      // No float32.
        R"({"data":[{"index":0,"embedding":"AADAfw=="}]})",  // NaN.
        R"({"data":[{"index":0,"embedding":"AADA"}]})",      // Three bytes.
        R"({"data":[{"index":0,"embedding":"*ADAPwAAAMA="}]})",
        R"({"data":[{"index":1,"embedding":[1]}]})", R"({"data":[{"index":-1,"embedding":[1]}]})",
        R"({"data":[{"index":"0","embedding":[1]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]})"}) {
    EXPECT_EQ(parse_code(json, 1), Errc::corrupt) << json;
  }
  EXPECT_EQ(parse_code(R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})", 2),
            Errc::corrupt);
  EXPECT_EQ(
      parse_code(R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]})", 2),
      Errc::corrupt);
}

std::string response(int status, const std::string& body, const std::string& fields = {}) {
  return fmt::format(
      "HTTP/1.1 {} X\r\nContent-Length: {}\r\nContent-Type: application/json\r\n{}\r\n{}", status,
      body.size(), fields, body);
}

// Each text's vector: its length, and 1.
std::string answer_to(const std::string& request) {
  const Json asked = Json::parse(request.substr(request.find("\r\n\r\n") + 4));
  Json data = Json::array();
  for (std::size_t i = 0; i < asked["input"].size(); ++i) {
    data.push_back({{"index", i}, {"embedding", {asked["input"][i].get<std::string>().size(), 1}}});
  }
  return response(200, Json{{"data", data}}.dump());
}

class EmbeddingsTest : public ::testing::Test {
 protected:
  std::unique_ptr<EmbeddingsClient> open(const ScriptedServer& server,
                                         EmbeddingsOptions options = {}) {
    options.url = fmt::format("http://127.0.0.1:{}", server.endpoint().port);
    options.retry.first_delay = 1ms;
    options.retry.delay_max = 5ms;
    auto out = EmbeddingsClient::open(thread_, options);
    EXPECT_TRUE(out) << out.error().message;
    return *std::move(out);
  }
  static Result<std::vector<std::vector<float>>> embed(EmbeddingsClient& client,
                                                       std::vector<std::string_view> texts) {
    return client.embed(texts, Deadline::after(20s));
  }
  net::IoThread thread_;
};

TEST_F(EmbeddingsTest, SendsBoundedBatches) {
  std::vector<std::size_t> batches;
  ScriptedServer server([&](Peer& peer) {
    for (std::string request; !(request = peer.receive_request()).empty();) {
      EXPECT_NE(request.find("POST /v1/embeddings "), std::string::npos);
      const Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4));
      EXPECT_EQ(body["model"], "small");
      EXPECT_EQ(body["dimensions"], 2);
      batches.push_back(body["input"].size());
      peer.say(answer_to(request));
    }
  });
  {
    EmbeddingsOptions options;
    options.model = "small";
    options.dimensions = 2;
    options.batch_texts = 3;
    options.batch_bytes = 100;
    const auto client = open(server, options);
    const std::string wide(100, 'x');
    auto out = embed(*client, {"a", "bb", "ccc", "d", wide, "e", "\xFF"});
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(*out, (std::vector<std::vector<float>>{
                        {1, 1}, {2, 1}, {3, 1}, {1, 1}, {100, 1}, {1, 1}, {3, 1}}));
    EXPECT_EQ(batches, (std::vector<std::size_t>{3, 1, 1, 2}));
    EXPECT_EQ(embed(*client, {"a", ""}).error().code, Errc::invalid_argument);
    EXPECT_TRUE(embed(*client, {})->empty());
  }
}

TEST_F(EmbeddingsTest, TriesAgainWhatMayBeTriedAgain) {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Peer& peer) {
    for (std::string request; !(request = peer.receive_request()).empty();) {
      switch (++requests) {
        case 1:
          peer.say(response(503, R"({"error":{"message":"Loading model"}})"));
          break;
        case 2:
          peer.say(response(429, "", "Retry-After: 0\r\n"));
          break;
        case 3:
          peer.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data");
          return;  // Cut.
        default:
          peer.say(answer_to(request));
      }
    }
  });
  const auto client = open(server);
  auto out = embed(*client, {"abc"});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->front(), (std::vector<float>{3, 1}));
  EXPECT_EQ(requests.load(), 4);
}

TEST_F(EmbeddingsTest, FaultsAreErrorsThatSayNeitherKeyNorText) {
  const struct {
    int status;
    std::string body;
    Errc code;
  } cases[] = {
      {401, R"({"error":{"message":"Incorrect API key provided: sk-secret-0123456789abcdef"}})",
       Errc::invalid_argument},
      {404, R"({"error":{"message":"The model `small` does not exist"}})", Errc::not_found},
      {500, R"({"error":{"message":"cannot embed: the quick brown fox jumps"}})",
       Errc::unavailable},
      {302, "", Errc::corrupt},
      {200, R"({"data":[]})", Errc::corrupt},
      {200, "<html>hello</html>", Errc::corrupt},
      {200, R"({"data":[{"index":7,"embedding":[1]}]})", Errc::corrupt},
  };
  for (const auto& each : cases) {
    ScriptedServer server([&](Peer& peer) {
      while (!peer.receive_request().empty()) peer.say(response(each.status, each.body));
    });
    EmbeddingsOptions options;
    options.api_key = "sk-secret-0123456789abcdef";
    const auto client = open(server, options);
    auto out = embed(*client, {"the quick brown fox jumps"});
    ASSERT_FALSE(out) << each.body;
    EXPECT_EQ(out.error().code, each.code) << out.error().message;
    EXPECT_EQ(out.error().message.find("sk-secret"), std::string::npos) << out.error().message;
    EXPECT_EQ(out.error().message.find("quick brown"), std::string::npos) << out.error().message;
    EXPECT_NE(out.error().message.find(client->label()), std::string::npos);
  }
}

TEST_F(EmbeddingsTest, AServerThatIsSilentOrNotThere) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  const auto client = open(server);
  const std::string_view text = "abc";
  EXPECT_EQ(client->embed(std::span(&text, 1), Deadline::after(50ms)).error().code,
            Errc::timed_out);
  auto nobody =
      EmbeddingsClient::open(thread_, {.url = "http://127.0.0.1:1", .retry = {.attempts_max = 1}});
  EXPECT_EQ((*nobody)->embed(std::span(&text, 1), Deadline::after(20s)).error().code,
            Errc::unavailable);
  EXPECT_EQ(EmbeddingsClient::open(thread_, {.url = "ftp://x"}).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(EmbeddingsClient::open(thread_, {}).error().message, "url is empty");
}

TEST_F(EmbeddingsTest, CutsWhatIsTooLong) {
  ScriptedServer server([](Peer& peer) {
    for (std::string request; !(request = peer.receive_request()).empty();) {
      const Json asked = Json::parse(request.substr(request.find("\r\n\r\n") + 4));
      bool fits = true;
      for (const Json& text : asked["input"]) fits = fits && text.get<std::string>().size() <= 300;
      peer.say(fits ? answer_to(request)
                    : response(400, R"({"error":{"message":"too many tokens"}})"));
    }
  });
  const auto client = open(server);
  const std::string wide(1000, 'x');
  auto out = embed(*client, {"a", wide, "bb"});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out, (std::vector<std::vector<float>>{{1, 1}, {250, 1}, {2, 1}}));
}

TEST_F(EmbeddingsTest, AsksForNumbersWhereBase64IsNotKnown) {
  ScriptedServer server([](Peer& peer) {
    for (std::string request; !(request = peer.receive_request()).empty();) {
      peer.say(request.find("base64") != std::string::npos
                   ? response(422, R"({"error":{"message":"unknown field encoding_format"}})")
                   : answer_to(request));
    }
  });
  const auto client = open(server);
  EXPECT_EQ(embed(*client, {"abc"})->front(), (std::vector<float>{3, 1}));
}

TEST_F(EmbeddingsTest, DimensionsThatChangeAreCorrupt) {
  ScriptedServer server([](Peer& peer) {
    int answers = 0;
    while (!peer.receive_request().empty()) {
      peer.say(response(200, ++answers == 1 ? R"({"data":[{"index":0,"embedding":[1]}]})"
                                            : R"({"data":[{"index":0,"embedding":[1,2]}]})"));
    }
  });
  EmbeddingsOptions options;
  options.batch_texts = 1;
  const auto client = open(server, options);
  EXPECT_EQ(embed(*client, {"a", "b"}).error().code, Errc::corrupt);
}

// A real server, whose model is none for embeddings: its vectors are real all the same.
TEST_F(EmbeddingsTest, ARealServerEmbeds) {
  if (!testing::have_llama_server()) GTEST_SKIP() << testing::kNoLlamaServer;
  const auto model = std::filesystem::path(LEYDEN_CACHE_DIR) / "models" / "smollm2-135m.gguf";
  ASSERT_TRUE(std::filesystem::exists(model)) << "no " << model << ": `./dev test` fetches it";
  auto server = testing::LlamaServer::start({.model_file = model,
                                             .api_key = "sk-right",
                                             .arguments = {"--embeddings", "--pooling", "mean"}});
  ASSERT_TRUE(server) << server.error().message;
  auto client = EmbeddingsClient::open(thread_, {.url = (*server)->url(), .api_key = "sk-right"});
  ASSERT_TRUE(client);
  std::string longer;
  for (int i = 0; i < 3000; ++i) longer += "word ";
  auto out =
      embed(**client, {"The cat sat on the mat.", "A dog.", "The cat sat on the mat.", longer});
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->size(), 4U);
  EXPECT_EQ(out->front().size(), 576U);
  double same = 0, other = 0, a = 0, b = 0, c = 0;
  for (std::size_t i = 0; i < 576; ++i) {
    const double x = (*out)[0][i], y = (*out)[2][i], z = (*out)[1][i];
    same += x * y;
    other += x * z;
    a += x * x;
    b += y * y;
    c += z * z;
  }
  EXPECT_GT(same / std::sqrt(a * b), 0.999);
  EXPECT_LT(other / std::sqrt(a * c), 0.999);
  auto wrong = EmbeddingsClient::open(thread_, {.url = (*server)->url(), .api_key = "sk-wrong"});
  auto refused = embed(**wrong, {"text"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument) << refused.error().message;
}

}  // namespace
}  // namespace leyden::llm
