// Against servers that do what a script says: everything here is on loopback. Where a test waits for what must come, it waits long; the
// short times are those of what never comes.
#include "leyden/net/http_client.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/net/testing/scripted_server.h"
#include "leyden/net/testing/test_authority.h"

namespace leyden::net {
namespace {

using namespace std::chrono_literals;
using testing::Peer;
using testing::ScriptedServer;
using testing::TestAuthority;
using Scripts = std::vector<ScriptedServer::Script>;

constexpr std::string_view kSecret = "sk-secret";

HttpRequest request(std::string method = "GET", std::string body = {}) {
  HttpRequest out;
  out.method = std::move(method);
  out.target = "/v1/x";
  out.fields = {{"Authorization", "Bearer " + std::string(kSecret)}};
  out.body = std::move(body);
  out.connect_timeout = out.first_byte_timeout = out.idle_timeout = 60s;
  return out;
}

std::string response(std::string_view body, std::string_view fields = {}) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), fields,
                     body);
}

// Answers each request with its body, until the end.
void echo(Peer& peer) {
  for (std::string asked = peer.receive_request(); !asked.empty(); asked = peer.receive_request())
    peer.say(response(std::string_view(asked).substr(asked.find("\r\n\r\n") + 4)));
}

// Keeps what it hears, and lets a test wait for it.
class Listener final : public HttpSink {
 public:
  void on_head(const HttpResponseHead& head) override {
    change([&] { status = head.status; });
  }
  void on_body(BytesView bytes) override {
    change([&] { body += as_text(bytes); });
    if (in_body) in_body();
  }
  void on_end(bool body_cut) override {
    change([&] {
      ++ends;
      cut = body_cut;
    });
    if (in_end) in_end();
  }
  void on_error(const HttpError& failure) override {
    change([&] {
      ++ends;
      error = failure;
    });
    if (in_end) in_end();
  }
  template <class F>
  void wait_until(F&& well) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, well);
  }

  unsigned status = 0;
  std::string body;
  int ends = 0;
  bool cut = false;
  std::optional<HttpError> error;
  std::function<void()> in_body;
  std::function<void()> in_end;

 private:
  template <class F>
  void change(F&& f) {
    std::lock_guard lock(mutex_);
    f();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

class HttpClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpClient> open(const HttpClientOptions& options) {
    auto client = HttpClient::open(thread_, options);
    EXPECT_TRUE(client) << client.error().message;
    return std::move(*client);
  }
  std::unique_ptr<HttpClient> open(const ScriptedServer& server,
                                   std::shared_ptr<TlsContext> tls = nullptr) {
    HttpClientOptions options;
    options.endpoint = server.endpoint();
    options.tls = std::move(tls);
    return open(options);
  }
  // Of a request that must fail.
  static HttpError failure(HttpClient& client, HttpRequest asked) {
    auto answer = http_fetch(client, std::move(asked));
    EXPECT_FALSE(answer);
    if (answer) return {};
    EXPECT_EQ(answer.error().error.message.find(kSecret), std::string::npos);
    return answer.error();
  }
  static std::string text(HttpClient& client, HttpRequest asked) {
    auto answer = http_fetch(client, std::move(asked));
    EXPECT_TRUE(answer) << answer.error().error.message;
    return answer ? answer->body : "";
  }
  static void wait_for_calls(const HttpClient& client, std::size_t calls) {
    while (client.stats().calls != calls) std::this_thread::sleep_for(1ms);
  }
  static std::shared_ptr<TlsContext> trusting(const TestAuthority& authority) {
    TlsOptions options;
    options.ca_file = authority.file();
    return *TlsContext::make(options);
  }

  IoThread thread_;
};

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

TEST_F(HttpClientTest, EachDeadline) {
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

TEST_F(HttpClientTest, NoConnectionInTime) {
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

TEST_F(HttpClientTest, NobodyThere) {
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

TEST_F(HttpClientTest, AnEndOrAResetAtEachStage) {
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

TEST_F(HttpClientTest, WhatIsNotHttpOrTooMuch) {
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

TEST_F(HttpClientTest, AHugeErrorIsCut) {
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

TEST_F(HttpClientTest, AConnectionThatTheServerClosedIsNotUsed) {
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

TEST_F(HttpClientTest, AConnectionThatDiesUnderARequest) {
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

TEST_F(HttpClientTest, WhatComesUnaskedEndsTheConnection) {
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

TEST_F(HttpClientTest, CancellingClosesTheConnection) {
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

TEST_F(HttpClientTest, DestroyingACallEndsIt) {
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

TEST_F(HttpClientTest, ASinkMayDestroyItsCallAndStartAnother) {
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

TEST_F(HttpClientTest, CancelledByAStopToken) {
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

TEST_F(HttpClientTest, TheClientMayEndFirst) {
  ScriptedServer server([](Peer& peer) {
    peer.receive_request();
    peer.say("HTTP/1.1 200 OK\r\n\r\nsome");
    peer.wait_for_end();
  });
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.connections_max = 2;
  auto client = open(options);
  std::vector<std::unique_ptr<Listener>> heard;
  std::vector<std::unique_ptr<HttpCall>> calls;
  for (int i = 0; i < 5; ++i) {
    heard.push_back(std::make_unique<Listener>());
    calls.push_back(std::move(*client->start(request(), *heard.back())));
  }
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

TEST_F(HttpClientTest, ClosedFromASink) {
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

TEST_F(HttpClientTest, ConnectionsAndWaitersAreBounded) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.connections_max = 2;
  options.waiting_max = 3;
  auto client = open(options);
  std::vector<std::unique_ptr<Listener>> heard;
  std::vector<std::unique_ptr<HttpCall>> calls;
  for (int i = 0; i < 5; ++i) {
    heard.push_back(std::make_unique<Listener>());
    calls.push_back(std::move(*client->start(request(), *heard.back())));
  }
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

// Calls that end in every way at once, on a server that does the same.
TEST_F(HttpClientTest, ManyThatEndAnyHow) {
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

TEST_F(HttpClientTest, Tls) {
  TestAuthority authority;
  std::promise<std::string> name;
  ScriptedServer server(Scripts{[&](Peer& peer) {
                                  name.set_value(peer.server_name());
                                  echo(peer);
                                },
                                echo},
                        authority.server("DNS:localhost,IP:127.0.0.1"));
  HttpClientOptions options;
  options.endpoint = {"localhost", server.endpoint().port, ""};
  options.tls = trusting(authority);
  auto client = open(options);
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(text(*client, request("POST", "a")), "a");
  EXPECT_EQ(text(*client, request("POST", large)), large);
  EXPECT_EQ(text(*client, request("POST", "b")), "b");
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(name.get_future().get(), "localhost");
  auto by_address = open(server, trusting(authority));
  EXPECT_EQ(text(*by_address, request("POST", "c")), "c");
}

TEST_F(HttpClientTest, TlsWithTheWrongOne) {
  TestAuthority authority;
  TestAuthority other;
  ScriptedServer server(Scripts{[](Peer& peer) { EXPECT_EQ(peer.receive_request(), ""); }},
                        authority.server("DNS:other.example,IP:127.0.0.2"));
  auto client = open(server, trusting(authority));
  HttpError error = failure(*client, request("POST", "x"));
  EXPECT_EQ(error.error.code, Errc::unavailable);
  EXPECT_NE(error.error.message.find("certificate is not for 127.0.0.1"), std::string::npos)
      << error.error.message;
  EXPECT_EQ(error.reached, Reached::no);
  client = open(server, trusting(other));
  error = failure(*client, request("POST", "x"));
  EXPECT_EQ(error.error.code, Errc::unavailable);
  EXPECT_NE(error.error.message.find("certificate can't be trusted"), std::string::npos)
      << error.error.message;
  client = open(server, *TlsContext::make({}));
  EXPECT_EQ(failure(*client, request("POST", "x")).reached, Reached::no)
      << "the system's authorities";

  ScriptedServer plain([](Peer& peer) {
    (void)peer.receive();
    peer.say("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  client = open(plain, trusting(authority));
  EXPECT_EQ(failure(*client, request()).error.code, Errc::unavailable);
}

TEST_F(HttpClientTest, ATlsStreamThatIsCutIsNotItsEnd) {
  TestAuthority authority;
  for (const bool goodbye : {true, false}) {
    ScriptedServer server(Scripts{[&](Peer& peer) {
                            (void)peer.receive_request();
                            peer.say("HTTP/1.1 200 OK\r\n\r\nall?");
                            if (goodbye) peer.goodbye();
                            peer.close();
                          }},
                          authority.server("IP:127.0.0.1"));
    auto client = open(server, trusting(authority));
    if (goodbye) {
      EXPECT_EQ(text(*client, request()), "all?");
    } else {
      EXPECT_EQ(failure(*client, request()).error.code, Errc::unavailable);
    }
  }
}

TEST_F(HttpClientTest, ThroughAProxy) {
  std::string asked;
  ScriptedServer server([&](Peer& peer) {
    asked = peer.receive_request();
    peer.say(response("by proxy"));
    echo(peer);
  });
  HttpClientOptions options;
  options.endpoint = {"model.example", 8000, ""};
  options.proxy = HttpProxy{server.endpoint(), "Basic bWU6cHc="};
  auto client = open(options);
  EXPECT_EQ(text(*client, request()), "by proxy");
  EXPECT_EQ(text(*client, request("POST", "a")), "a");
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_TRUE(asked.starts_with(
      "GET http://model.example:8000/v1/x HTTP/1.1\r\nHost: model.example:8000\r\n"
      "Proxy-Authorization: Basic bWU6cHc=\r\n"))
      << asked;
}

TEST_F(HttpClientTest, ThroughATunnel) {
  TestAuthority authority;
  const auto tls = authority.server("DNS:model.example");
  std::string asked;
  ScriptedServer server([&](Peer& peer) {
    asked = peer.receive_request();
    peer.drip("HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n");
    ASSERT_TRUE(peer.secure(tls));
    EXPECT_EQ(peer.server_name(), "model.example");
    const std::string inner = peer.receive_request();
    EXPECT_TRUE(inner.starts_with("GET /v1/x HTTP/1.1\r\nHost: model.example\r\n")) << inner;
    EXPECT_EQ(inner.find("Proxy-"), std::string::npos);
    peer.say(response("by tunnel"));
    echo(peer);
  });
  HttpClientOptions options;
  options.endpoint = {"model.example", 443, ""};
  options.tls = trusting(authority);
  options.proxy = HttpProxy{server.endpoint(), "Basic bWU6cHc="};
  auto client = open(options);
  EXPECT_EQ(text(*client, request()), "by tunnel");
  EXPECT_EQ(text(*client, request("POST", "a")), "a");
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(asked,
            "CONNECT model.example:443 HTTP/1.1\r\nHost: model.example:443\r\n"
            "Proxy-Authorization: Basic bWU6cHc=\r\n\r\n");
}

TEST_F(HttpClientTest, AProxyThatDoesNotGoAlong) {
  TestAuthority authority;
  for (const std::string_view said :
       {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 1\r\n\r\nx",
        "SOCKS is what I speak\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nand more", "HTTP/1.1 2", ""}) {
    ScriptedServer server([&](Peer& peer) {
      EXPECT_NE(peer.receive_request(), "");
      peer.say(said);
    });
    HttpClientOptions options;
    options.endpoint = {"model.example", 443, ""};
    options.tls = trusting(authority);
    options.proxy = HttpProxy{server.endpoint(), "Basic bWU6cHc="};
    auto client = open(options);
    const HttpError error = failure(*client, request("POST", "x"));
    EXPECT_EQ(error.error.code, Errc::unavailable);
    EXPECT_EQ(error.reached, Reached::no);
    EXPECT_TRUE(error.error.message.starts_with("model.example:443 by the proxy 127.0.0.1:"))
        << error.error.message;
    EXPECT_EQ(error.error.message.find("bWU6"), std::string::npos);
    if (said.find("407") != std::string_view::npos) {
      EXPECT_NE(error.error.message.find("407"), std::string::npos);
    }
  }
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
