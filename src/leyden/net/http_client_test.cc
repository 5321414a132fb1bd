// Requests, bodies, bounds.
#include "leyden/net/http_client.h"

#include <atomic>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/net/testing/http_client_fixture.h"

namespace leyden::net {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using testing::kSecret;
using testing::Listener;
using testing::Peer;
using testing::request;
using testing::response;
using testing::ScriptedServer;
using Scripts = std::vector<ScriptedServer::Script>;

using HttpClientTest = testing::HttpClientFixture;

TEST_F(HttpClientTest, GetAndPostOnOneConnection) {
  std::vector<std::string> asked;
  ScriptedServer server([&](Peer& peer) {
    for (int i = 0; i < 3; ++i) {
      asked.push_back(peer.receive_request());
      peer.say(response("answer " + std::to_string(i), "X-Kind: test\r\n"));
    }
    peer.wait_for_end();
  });
  auto client = open(server);
  const auto first = http_fetch(*client, request());
  ASSERT_TRUE(first) << first.error().error.message;
  EXPECT_EQ(first->head.status, 200U);
  EXPECT_EQ(*first->head.find("x-kind"), "test");
  EXPECT_EQ(first->body, "answer 0");
  EXPECT_EQ(text(*client, request("POST", R"({"prompt":[1,2]})")), "answer 1");
  EXPECT_EQ(text(*client, request("POST", std::string(1'000'000, 'x'))), "answer 2");
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(client->stats().connections_opened, 1U);
  EXPECT_EQ(client->stats().idle, 1U);
  client.reset();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0],
            fmt::format("GET /v1/x HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
                        server.endpoint().text(), kSecret));
  EXPECT_NE(asked[1].find("Content-Length: 16\r\n"), std::string::npos);
  EXPECT_TRUE(asked[1].ends_with("\r\n\r\n{\"prompt\":[1,2]}"));
  EXPECT_TRUE(asked[2].ends_with(std::string(1'000'000, 'x')));
}

TEST_F(HttpClientTest, EachKindOfBody) {
  const std::vector<std::pair<std::string, std::string>> answers{
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nT: "
       "1\r\n\r\n",
       "hello"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + response("late"), "late"},
      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
      {response(""), ""},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"}};
  for (const bool dripped : {false, true}) {
    ScriptedServer server([&](Peer& peer) {
      for (const auto& [wire, body] : answers) {
        peer.receive_request();
        dripped ? peer.drip(wire) : peer.say(wire);
      }
      peer.close();
    });
    auto client = open(server);
    for (const auto& [wire, body] : answers) EXPECT_EQ(text(*client, request()), body) << wire;
    EXPECT_EQ(server.accepted(), 1);
  }
}

TEST_F(HttpClientTest, AHeadHasNoBody) {
  ScriptedServer server([](Peer& peer) {
    peer.receive_request();
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    echo(peer);
  });
  auto client = open(server);
  EXPECT_EQ(text(*client, request("HEAD")), "");
  EXPECT_EQ(text(*client, request("POST", "again")), "again");
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpClientTest, WhatTheServerWillNotKeepIsNotUsedAgain) {
  ScriptedServer server([](Peer& peer) {
    peer.receive_request();
    peer.say(response("a", "Connection: close\r\n"));
    peer.wait_for_end();
  });
  auto client = open(server);
  EXPECT_EQ(text(*client, request()), "a");
  EXPECT_EQ(text(*client, request()), "a");
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(HttpClientTest, WhatIsNotToBeKeptIsNotUsedAgain) {
  std::mutex mutex;
  std::vector<std::string> asked;
  ScriptedServer server([&](Peer& peer) {
    for (std::string each = peer.receive_request(); !each.empty(); each = peer.receive_request()) {
      {
        std::lock_guard lock(mutex);
        asked.push_back(each);
      }
      peer.say(response("well", "Connection: keep-alive\r\n"));
    }
  });
  const auto client = open(server);
  for (const bool keep_alive : {true, false, true}) {
    HttpRequest next = request();
    next.keep_alive = keep_alive;
    ASSERT_TRUE(http_fetch(*client, std::move(next)));
  }
  EXPECT_EQ(server.accepted(), 2);
  EXPECT_EQ(asked[0].find("Connection:"), std::string::npos);
  EXPECT_NE(asked[1].find("Connection: close\r\n"), std::string::npos);
}

TEST_F(HttpClientTest, OverAUnixSocket) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("leyden-http-{}", ::getpid())).string();
  ScriptedServer server(
      Scripts{[](Peer& peer) {
        const std::string asked = peer.receive_request();
        peer.say(response(asked.find("Host: localhost\r\n") == std::string::npos ? "no" : "yes"));
      }},
      nullptr, path);
  auto client = open(server);
  EXPECT_EQ(text(*client, request()), "yes");
}

TEST_F(HttpClientTest, AnAnswerDoesNotWaitForTheWholeRequest) {
  ScriptedServer server([](Peer& peer) {
    EXPECT_NE(peer.receive(), "");
    peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nlong");
    peer.wait_for_end();
  });
  auto client = open(server);
  const auto answer = http_fetch(*client, request("POST", std::string(32 << 20, 'x')));
  ASSERT_TRUE(answer) << answer.error().error.message;
  EXPECT_EQ(answer->head.status, 413U);
  EXPECT_EQ(answer->body, "long");
}

TEST_F(HttpClientTest, IdleConnectionsAreClosedInTime) {
  std::promise<void> ended;
  ScriptedServer server([&](Peer& peer) {
    echo(peer);
    ended.set_value();
  });
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.keep_alive = 30ms;
  auto client = open(options);
  EXPECT_EQ(text(*client, request("POST", "a")), "a");
  ended.get_future().wait();
  while (client->stats().connections > 0) std::this_thread::sleep_for(1ms);
}

TEST_F(HttpClientTest, ConnectionsAndWaitersAreBounded) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.connections_max = 2;
  options.waiting_max = 3;
  auto client = open(options);
  auto [heard, calls] = start_many(*client, 5);
  Listener one_more;
  const auto refused = client->start(request(), one_more);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  calls[4].reset();
  auto hasty = request();
  hasty.deadline = Deadline::after(50ms);
  EXPECT_EQ(failure(*client, hasty).reached, Reached::no) << "it never got a connection";
  EXPECT_LE(client->stats().connections_opened, 2U);
  auto large = request("POST", std::string(65 << 20, 'a'));
  EXPECT_EQ(failure(*client, large).error.code, Errc::invalid_argument);
}

TEST_F(HttpClientTest, ManyAtOnce) {
  ScriptedServer server(echo);
  for (const std::size_t connections : {64, 5}) {
    HttpClientOptions options;
    options.endpoint = server.endpoint();
    options.connections_max = connections;
    auto client = open(options);
    std::atomic<int> wrong{0};
    {
      std::vector<std::jthread> callers;
      for (int caller = 0; caller < 64; ++caller) {
        callers.emplace_back([&, caller] {
          for (int i = 0; i < 20; ++i) {
            const std::string body =
                std::to_string(caller * 100 + i) + std::string(i % 7 == 3 ? 300'000 : i, 'x');
            const auto answer = http_fetch(*client, request("POST", body));
            if (!answer || answer->body != body) ++wrong;
          }
        });
      }
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(client->stats().connections_opened, connections);
    EXPECT_EQ(client->stats().calls, 0U);
  }
}

TEST_F(HttpClientTest, ASlowSinkHoldsTheServerBack) {
  constexpr std::size_t kAll = 64 << 20;
  std::atomic<std::size_t> said{0};
  ScriptedServer server([&](Peer& peer) {
    peer.receive_request();
    peer.say("HTTP/1.1 200 OK\r\n\r\n");
    const std::string piece(64 << 10, 'a');
    while (said < kAll && peer.say(piece)) said += piece.size();
    peer.close();
  });
  auto client = open(server);
  Listener heard;
  std::latch go_on(1);
  heard.in_body = [&] { go_on.wait(); };
  auto asked = request();
  asked.limits.body_bytes = kAll;
  asked.idle_timeout = 50ms;  // The sink's time does not count.
  auto call = client->start(asked, heard);
  ASSERT_TRUE(call);
  heard.wait_until([&] { return !heard.body.empty(); });
  for (std::size_t before = 1; before != said;) {
    before = said;
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_LT(said, kAll / 2) << "what fits into the sockets' buffers";
  heard.wait_until([&] { return heard.body.size() <= 32 * KiB; });
  go_on.count_down();
  (*call)->wait();
  EXPECT_FALSE(heard.error) << heard.error->error.message;
  EXPECT_EQ(heard.body.size(), kAll);
}

TEST_F(HttpClientTest, OptionsAreChecked) {
  const auto well = [&](const auto& change) {
    HttpClientOptions options;
    options.endpoint = {"model.example", 80, ""};
    change(options);
    return HttpClient::open(thread_, options).has_value();
  };
  EXPECT_TRUE(well([](HttpClientOptions&) {}));
  EXPECT_FALSE(well([](HttpClientOptions& o) { o.endpoint.host = "a\r\nX: y"; }));
  EXPECT_FALSE(well([](HttpClientOptions& o) { o.endpoint.port = 0; }));
  EXPECT_FALSE(well([](HttpClientOptions& o) { o.connections_max = 0; }));
  EXPECT_FALSE(
      well([](HttpClientOptions& o) { o.proxy = HttpProxy{{"p", 1, ""}, "Basic x\r\nX: y"}; }));
  auto options = HttpClientOptions{};
  options.endpoint = {"127.0.0.1", 1, ""};
  auto client = open(options);
  auto bad = request();
  bad.fields.push_back({"X-Key", "a\r\nX-Other: b"});
  const HttpError error = failure(*client, bad);
  EXPECT_EQ(error.error.code, Errc::invalid_argument);
  EXPECT_NE(error.error.message.find("X-Key"), std::string::npos);
}

}  // namespace
}  // namespace leyden::net
