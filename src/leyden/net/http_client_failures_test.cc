// Servers that are late, absent, cut, stale, or no HTTP servers.
#include "leyden/net/http_client.h"

#include <future>
#include <latch>
#include <string>
#include <thread>

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
using testing::TestAuthority;
using Scripts = std::vector<ScriptedServer::Script>;

using HttpClientFailures = testing::HttpClientFixture;

TEST_F(HttpClientFailures, EachDeadline) {
  ScriptedServer server(Scripts{[](Peer& peer) {
                                  peer.receive_request();
                                  peer.wait_for_end();
                                },
                                [](Peer& peer) {
                                  peer.receive_request();
                                  peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
                                  peer.wait_for_end();
                                },
                                [](Peer& peer) {
                                  peer.receive_request();
                                  peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na");
                                  peer.wait_for_end();
                                },
                                [](Peer& peer) {
                                  peer.receive_request();
                                  peer.say("HTTP/1.1 200 OK\r\n\r\n");
                                  while (peer.say("a")) std::this_thread::sleep_for(1ms);
                                }});
  auto client = open(server);
  auto quick = request("POST", "x");
  quick.first_byte_timeout = 60ms;
  HttpError error = failure(*client, quick);
  EXPECT_EQ(error.error.code, Errc::timed_out);
  EXPECT_EQ(error.error.message, server.endpoint().text() + ": no answer in 60 ms");
  EXPECT_EQ(error.reached, Reached::maybe);
  error = failure(*client, quick);
  EXPECT_NE(error.error.message.find("no answer in 60 ms"), std::string::npos) << "a head alone";
  auto idle = request();
  idle.idle_timeout = 60ms;
  error = failure(*client, idle);
  EXPECT_EQ(error.error.code, Errc::timed_out);
  EXPECT_NE(error.error.message.find("nothing more for 60 ms"), std::string::npos);
  auto total = request();
  total.deadline = Deadline::after(100ms);
  error = failure(*client, total);
  EXPECT_EQ(error.error.code, Errc::timed_out);
  EXPECT_NE(error.error.message.find("not done in time"), std::string::npos);
  EXPECT_EQ(client->stats().connections, 0U);

  total.deadline = Deadline::after(-1s);
  error = failure(*client, total);
  EXPECT_EQ(error.error.code, Errc::timed_out);
  EXPECT_EQ(error.reached, Reached::no);
}

TEST_F(HttpClientFailures, NoConnectionInTime) {
  // TLS is a part of it, and here it never comes.
  TestAuthority authority;
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  auto client = open(server, trusting(authority));
  auto quick = request("POST", "x");
  quick.connect_timeout = 60ms;
  const HttpError error = failure(*client, quick);
  EXPECT_EQ(error.error.code, Errc::timed_out);
  EXPECT_NE(error.error.message.find("no connection in 60 ms"), std::string::npos);
  EXPECT_EQ(error.reached, Reached::no);
}

TEST_F(HttpClientFailures, NobodyThere) {
  HttpClientOptions options;
  for (const Endpoint& nobody : {Endpoint{"127.0.0.1", 1, ""}, Endpoint{"", 0, "/nowhere/socket"},
                                 Endpoint{"no-such-host.invalid", 80, ""}}) {
    options.endpoint = nobody;
    auto client = open(options);
    const HttpError error = failure(*client, request("POST", "x"));
    EXPECT_EQ(error.error.code, Errc::unavailable);
    EXPECT_TRUE(error.error.message.starts_with(nobody.text() + ": ")) << error.error.message;
    EXPECT_EQ(error.reached, Reached::no);
    EXPECT_EQ(client->stats().connections, 0U);
  }
}

TEST_F(HttpClientFailures, AnEndOrAResetAtEachStage) {
  for (const bool reset : {false, true}) {
    for (const std::string_view said :
         {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
      Listener heard;
      std::latch read(1);
      ScriptedServer server([&](Peer& peer) {
        peer.receive_request();
        peer.say(said);
        if (said.ends_with("half") || said.ends_with("half\r\n")) read.wait();
        reset ? peer.reset() : peer.close();
      });
      auto client = open(server);
      heard.in_body = [&] { read.count_down(); };
      auto call = client->start(request("POST", "x"), heard);
      ASSERT_TRUE(call);
      (*call)->wait();
      EXPECT_EQ(heard.ends, 1);
      ASSERT_TRUE(heard.error) << said;
      EXPECT_EQ(heard.error->error.code, Errc::unavailable);
      EXPECT_EQ(heard.error->reached, Reached::maybe);
      if (!reset) {
        EXPECT_NE(
            heard.error->error.message.find(said.empty() ? "without a response" : "in the middle"),
            std::string::npos)
            << heard.error->error.message;
      }
      EXPECT_EQ(client->stats().connections, 0U);
      EXPECT_EQ(server.accepted(), 1) << "not sent twice";
    }
  }
  // Without any look at the request.
  ScriptedServer server([](Peer& peer) { peer.reset(); });
  auto client = open(server);
  EXPECT_EQ(failure(*client, request()).error.code, Errc::unavailable);
}

TEST_F(HttpClientFailures, WhatIsNotHttpOrTooMuch) {
  const auto error_of = [&](std::string said) {
    ScriptedServer server([said = std::move(said)](Peer& peer) {
      peer.receive_request();
      peer.say(said);
      peer.wait_for_end();
    });
    auto client = open(server);
    auto asked = request();
    asked.limits.header_bytes = 2000;
    asked.limits.fields = 4;
    asked.limits.chunk_line_bytes = 100;
    asked.limits.body_bytes = 1000;
    return failure(*client, asked).error;
  };
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(error_of("SSH-2.0-OpenSSH_9.2\r\n").code, Errc::corrupt);
  EXPECT_EQ(error_of("HTTP/1.1 101 Switching Protocols\r\n\r\n").code, Errc::corrupt);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nA: " + std::string(3000, 'a')).code, Errc::corrupt);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n\r\n").code,
            Errc::corrupt);
  EXPECT_EQ(error_of(response(std::string(1001, 'a'))).code, Errc::corrupt);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'a')).code, Errc::corrupt);
  EXPECT_EQ(error_of(chunked + "5;" + std::string(200, 'a')).code, Errc::corrupt);
  EXPECT_EQ(error_of(chunked + "zz\r\nhello\r\n").code, Errc::corrupt);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx").code,
            Errc::unsupported);
}

TEST_F(HttpClientFailures, AHugeErrorIsCut) {
  std::promise<bool> ended;
  ScriptedServer server([&](Peer& peer) {
    peer.receive_request();
    bool well = peer.say("HTTP/1.1 500 No\r\nContent-Length: 1000000000\r\n\r\n");
    const std::string piece(100'000, 'e');
    for (int i = 0; i < 10'000 && well; ++i) well = peer.say(piece);
    ended.set_value(!well);
  });
  auto client = open(server);
  const auto answer = http_fetch(*client, request());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->head.status, 500U);
  EXPECT_EQ(answer->body, std::string(4096, 'e'));
  EXPECT_TRUE(answer->body_cut);
  EXPECT_TRUE(ended.get_future().get()) << "the connection was closed";
}

TEST_F(HttpClientFailures, AConnectionThatTheServerClosedIsNotUsed) {
  ScriptedServer server([](Peer& peer) {
    peer.receive_request();
    peer.say(response("a"));
    peer.close();
  });
  auto client = open(server);
  for (int i = 0; i < 20; ++i) {
    // At once, and after the I/O thread had time to see it.
    if (i % 2 == 0) {
      while (client->stats().connections > 0) std::this_thread::sleep_for(1ms);
    }
    // What the server got on a connection that it is closing is never lost where it may go twice.
    EXPECT_EQ(text(*client, request()), "a");
  }
  EXPECT_EQ(server.accepted(), 20);
}

TEST_F(HttpClientFailures, AConnectionThatDiesUnderARequest) {
  const auto once_then_die = [](Peer& peer) {
    peer.receive_request();
    peer.say(response("first"));
    EXPECT_NE(peer.receive_request(), "");
  };
  {
    ScriptedServer server(Scripts{once_then_die, echo});
    auto client = open(server);
    EXPECT_EQ(text(*client, request()), "first");
    EXPECT_EQ(text(*client, request("GET", "twice is well")), "twice is well");
    EXPECT_EQ(client->stats().repeated, 1U);
  }
  {
    ScriptedServer server(Scripts{once_then_die, echo});
    auto client = open(server);
    EXPECT_EQ(text(*client, request("POST", "x")), "first");
    EXPECT_EQ(failure(*client, request("POST", "not twice")).reached, Reached::maybe);
    EXPECT_EQ(server.accepted(), 1);
  }
  {
    ScriptedServer server(Scripts{once_then_die, echo});
    auto client = open(server);
    EXPECT_EQ(text(*client, request("POST", "x")), "first");
    auto repeatable = request("POST", "twice is well");
    repeatable.repeatable = true;
    EXPECT_EQ(text(*client, repeatable), "twice is well");
  }
  {
    // Once only, and not where it was the first on its connection.
    ScriptedServer server(Scripts{once_then_die, [](Peer& peer) { (void)peer.receive_request(); }});
    auto client = open(server);
    EXPECT_EQ(text(*client, request()), "first");
    EXPECT_EQ(failure(*client, request()).reached, Reached::maybe);
    EXPECT_EQ(server.accepted(), 2);
  }
  {
    // Not where an answer began.
    ScriptedServer server([](Peer& peer) {
      (void)peer.receive_request();
      peer.say(response("first"));
      (void)peer.receive_request();
      peer.say("H");
    });
    auto client = open(server);
    EXPECT_EQ(text(*client, request()), "first");
    EXPECT_EQ(failure(*client, request()).error.code, Errc::unavailable);
    EXPECT_EQ(server.accepted(), 1);
  }
}

TEST_F(HttpClientFailures, WhatComesUnaskedEndsTheConnection) {
  ScriptedServer server(Scripts{[](Peer& peer) {
                                  peer.receive_request();
                                  peer.say(response("a") + response("smuggled"));
                                  peer.wait_for_end();
                                },
                                [](Peer& peer) {
                                  peer.receive_request();
                                  peer.say(response("b"));
                                  peer.say(response("smuggled"));
                                  peer.wait_for_end();
                                },
                                echo});
  auto client = open(server);
  EXPECT_EQ(text(*client, request()), "a");
  EXPECT_EQ(text(*client, request()), "b");
  while (client->stats().connections > 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(text(*client, request("POST", "c")), "c");
}

}  // namespace
}  // namespace leyden::net
