#include "leyden/rag/http_embedder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "leyden/net/testing/scripted_server.h"

namespace leyden::rag {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using net::testing::Peer;
using retrieval::TextRole;

TEST(HttpEmbedder, NormalizesAndPutsPrefixesBefore) {
  std::vector<std::string> asked;
  std::size_t dimensions = 2;
  net::testing::ScriptedServer server([&](Peer& peer) {
    for (std::string request; !(request = peer.receive_request()).empty();) {
      const Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4));
      Json data = Json::array();
      for (const Json& text : body["input"]) {
        asked.push_back(text);
        Json vector = Json::array({3, 4});
        while (vector.size() < dimensions) vector.push_back(0);
        data.push_back({{"index", data.size()}, {"embedding", vector}});
      }
      const std::string answer = Json{{"data", data}}.dump();
      peer.say(
          fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", answer.size(), answer));
    }
  });
  net::IoThread thread;
  const auto open = [&](const std::string& model, HttpEmbedderOptions options) {
    auto client = llm::EmbeddingsClient::open(
        thread,
        {.url = fmt::format("http://127.0.0.1:{}", server.endpoint().port), .model = model});
    return *HttpEmbedder::open(*std::move(client), std::move(options), Deadline::after(20s));
  };
  const auto embedder = open("m", {.query_prefix = "query: ", .passage_prefix = "passage: "});
  EXPECT_EQ(embedder->dimensions(), 2U);
  asked.clear();
  const std::string_view texts[] = {"one", " \n", "two"};
  auto vectors = embedder->embed(texts, TextRole::passage, Deadline::after(20s));
  ASSERT_TRUE(vectors) << vectors.error().message;
  EXPECT_EQ(*vectors, (std::vector<retrieval::Vector>{{0.6F, 0.8F}, {0, 0}, {0.6F, 0.8F}}));
  ASSERT_TRUE(embedder->embed(texts, TextRole::query, Deadline::after(20s)));
  EXPECT_EQ(asked,
            (std::vector<std::string>{"passage: one", "passage: two", "query: one", "query: two"}));
  EXPECT_NE(open("m", {})->space(), embedder->space());
  EXPECT_NE(open("n", {})->space(), open("m", {})->space());
  EXPECT_EQ(open("m", {})->space(), open("m", {})->space());
  dimensions = 3;
  EXPECT_EQ(embedder->embed(texts, TextRole::query, Deadline::after(20s)).error().code,
            Errc::corrupt);
}

}  // namespace
}  // namespace leyden::rag
