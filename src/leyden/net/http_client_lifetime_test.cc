// Calls and clients that end before the answer does.
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
using testing::Listener;
using testing::Peer;
using testing::request;
using testing::response;
using testing::ScriptedServer;
using Scripts = std::vector<ScriptedServer::Script>;

using HttpClientLifetime = testing::HttpClientFixture;

TEST_F(HttpClientLifetime, CancellingClosesTheConnection) {
  std::promise<void> ended;
  ScriptedServer server([&](Peer& peer) {
    peer.receive_request();
    peer.say("HTTP/1.1 200 OK\r\n\r\nsome");
    peer.wait_for_end();
    ended.set_value();
  });
  auto client = open(server);
  Listener heard;
  auto call = client->start(request(), heard);
  ASSERT_TRUE(call);
  heard.wait_until([&] { return heard.body == "some"; });
  (*call)->cancel();
  (*call)->cancel();
  (*call)->wait();
  EXPECT_EQ(heard.ends, 1);
  ASSERT_TRUE(heard.error);
  EXPECT_EQ(heard.error->error.code, Errc::cancelled);
  EXPECT_EQ(heard.error->reached, Reached::maybe);
  ended.get_future().wait();
}

TEST_F(HttpClientLifetime, DestroyingACallEndsIt) {
  std::promise<void> ended;
  ScriptedServer server(Scripts{[&](Peer& peer) {
                                  peer.receive_request();
                                  peer.say("HTTP/1.1 200 OK\r\n\r\n");
                                  while (peer.say(std::string(10'000, 'a'))) {
                                  }
                                  ended.set_value();
                                },
                                echo});
  auto client = open(server);
  {
    Listener heard;
    auto call = client->start(request(), heard);
    ASSERT_TRUE(call);
    heard.wait_until([&] { return !heard.body.empty(); });
    call->reset();
    EXPECT_EQ(heard.ends, 1);
    const std::size_t size = heard.body.size();
    ended.get_future().wait();
    EXPECT_EQ(heard.body.size(), size);
  }
  // One that has hardly begun, too.
  for (int i = 0; i < 50; ++i) {
    Listener heard;
    auto call = client->start(request("POST", "x"), heard);
    ASSERT_TRUE(call);
    call->reset();
    EXPECT_EQ(heard.ends, 1);
  }
  EXPECT_EQ(client->stats().calls, 0U);
  EXPECT_EQ(text(*client, request("POST", "on")), "on");
}

TEST_F(HttpClientLifetime, ASinkMayDestroyItsCallAndStartAnother) {
  ScriptedServer server(Scripts{[](Peer& peer) {
                                  peer.receive_request();
                                  peer.say("HTTP/1.1 200 OK\r\n\r\nsome");
                                  peer.wait_for_end();
                                },
                                echo});
  auto client = open(server);
  Listener first;
  Listener second;
  std::unique_ptr<HttpCall> call;
  std::unique_ptr<HttpCall> next;
  std::latch started(1);
  first.in_body = [&] {
    started.wait();
    call.reset();
    next = std::move(*client->start(request("POST", "next"), second));
  };
  call = std::move(*client->start(request(), first));
  started.count_down();
  second.wait_until([&] { return second.ends == 1; });
  EXPECT_EQ(second.body, "next");
  EXPECT_EQ(first.ends, 0) << "it hears no more";
}

TEST_F(HttpClientLifetime, CancelledByAStopToken) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  auto client = open(server);
  std::stop_source stop;
  std::jthread stopper([&] {
    wait_for_calls(*client, 1);
    stop.request_stop();
  });
  const auto answer = http_fetch(*client, request(), stop.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.code, Errc::cancelled);
}

TEST_F(HttpClientLifetime, TheClientMayEndFirst) {
  ScriptedServer server([](Peer& peer) {
    peer.receive_request();
    peer.say("HTTP/1.1 200 OK\r\n\r\nsome");
    peer.wait_for_end();
  });
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.connections_max = 2;
  auto client = open(options);
  auto [heard, calls] = start_many(*client, 5);
  for (int i = 0; i < 2; ++i) heard[i]->wait_until([&] { return heard[i]->body == "some"; });
  EXPECT_EQ(client->stats().waiting, 3U);
  client.reset();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(heard[i]->ends, 1);
    ASSERT_TRUE(heard[i]->error);
    EXPECT_EQ(heard[i]->error->error.code, Errc::cancelled);
    EXPECT_EQ(heard[i]->error->reached, i < 2 ? Reached::maybe : Reached::no);
  }
}

TEST_F(HttpClientLifetime, ClosedFromASink) {
  ScriptedServer server([](Peer& peer) {
    peer.receive_request();
    peer.say("HTTP/1.1 200 OK\r\n\r\nsome");
    peer.wait_for_end();
  });
  auto client = open(server);
  Listener heard;
  heard.in_body = [&] { client->close(); };
  auto call = client->start(request(), heard);
  ASSERT_TRUE(call);
  (*call)->wait();
  EXPECT_EQ(heard.error->error.code, Errc::cancelled);
  EXPECT_EQ(heard.ends, 1);
  Listener late;
  const auto refused = client->start(request(), late);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::cancelled);
}

// Calls that end in every way at once, on a server that does the same.
TEST_F(HttpClientLifetime, ManyThatEndAnyHow) {
  std::atomic<unsigned> turn{0};
  ScriptedServer server([&](Peer& peer) {
    while (!peer.receive_request().empty()) {
      switch (turn++ % 5) {
        case 0:
          return peer.reset();
        case 1:
          return;
        case 2:
          peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
          return peer.close();
        default:
          peer.say(response("well"));
      }
    }
  });
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.connections_max = 8;
  auto client = open(options);
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 16; ++caller) {
      callers.emplace_back([&, caller] {
        for (int i = 0; i < 40; ++i) {
          Listener heard;
          auto asked = request(i % 2 == 0 ? "GET" : "POST");
          if (i % 10 == 4) asked.deadline = Deadline::after(1ms);
          auto call = client->start(asked, heard);
          ASSERT_TRUE(call) << call.error().message;
          if ((caller + i) % 3 == 0) (*call)->cancel();
          if ((caller + i) % 7 != 0) (*call)->wait();
          call->reset();
          ASSERT_EQ(heard.ends, 1);
        }
      });
    }
  }
  EXPECT_EQ(client->stats().calls, 0U);
  EXPECT_EQ(client->stats().waiting, 0U);
  EXPECT_EQ(client->stats().connections, client->stats().idle);
}

}  // namespace
}  // namespace leyden::net
