// Against a server that does what a real one would not: everything here is on loopback.
#include "leyden/net/resp_connection.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/net/testing/scripted_server.h"

namespace leyden::net {
namespace {

using namespace std::chrono_literals;
using testing::Peer;
using testing::ScriptedServer;

constexpr std::string_view kGreeting = "%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";

RespRequest command(std::initializer_list<std::string_view> arguments) {
  RespRequest out;
  out.add(arguments);
  return out;
}

class RespConnectionTest : public ::testing::Test {
 protected:
  std::shared_ptr<RespConnection> open(RespConnectionOptions options) {
    opened_.push_back(RespConnection::open(thread_, std::move(options)));
    return opened_.back();
  }
  ~RespConnectionTest() override {
    for (const auto& connection : opened_) connection->close();
  }
  static RespConnectionOptions to(const ScriptedServer& server) {
    RespConnectionOptions options;
    options.endpoint = server.endpoint();
    options.connect_timeout = options.stall_timeout = 10s;
    return options;
  }
  static Result<std::vector<RespValue>> ask(RespConnection& connection, RespRequest request,
                                            Deadline deadline = Deadline::after(10s)) {
    auto sent = connection.send(std::move(request));
    if (!sent) return std::unexpected(sent.error());
    return (*sent)->wait(deadline);
  }

 private:
  IoThread thread_;
  std::vector<std::shared_ptr<RespConnection>> opened_;
};

TEST_F(RespConnectionTest, RepliesBelongToTheirRequests) {
  std::string greeted;
  ScriptedServer server([&](Peer& peer) {
    greeted = peer.receive();
    peer.say(kGreeting);
    for (int i = 0; i < 2; ++i) peer.receive();
    peer.say(":1\r\n>2\r\n+news\r\n+x\r\n:2\r\n");
    peer.say(":3\r\n");
    peer.wait_for_end();
  });
  std::atomic<int> pushes{0};
  auto options = to(server);
  options.username = "me";
  options.password = "pw";
  options.on_push = [&](const RespValue& push) {
    pushes += push.items[0].text() == "news" ? 1 : 0;
  };
  auto connection = open(options);
  RespRequest two = command({"A"});
  two.append(command({"B"}));
  auto first = connection->send(two);
  ASSERT_TRUE(first);
  while (connection->state() == RespConnection::State::connecting) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  auto second = connection->send(command({"C"}));
  ASSERT_TRUE(second);
  const auto of_second = (*second)->wait(Deadline::after(10s));
  ASSERT_TRUE(of_second) << of_second.error().message;
  EXPECT_EQ(of_second->front().integer, 3);
  const auto of_first = (*first)->wait(Deadline::after(10s));
  ASSERT_TRUE(of_first);
  EXPECT_EQ(of_first->at(0).integer, 1);
  EXPECT_EQ(of_first->at(1).integer, 2);
  EXPECT_EQ(pushes, 1);
  EXPECT_EQ(connection->calls_awaited(), 0U);
  EXPECT_NE(greeted.find("AUTH\r\n$2\r\nme\r\n$2\r\npw"), std::string::npos);
}

TEST_F(RespConnectionTest, ASilentServerIsLeft) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  auto options = to(server);
  options.connect_timeout = 80ms;
  auto connection = open(options);
  const auto answer = ask(*connection, command({"PING"}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_EQ(connection->state(), RespConnection::State::closed);
  EXPECT_EQ(connection->send(command({"PING"})).error().code, Errc::timed_out);
}

TEST_F(RespConnectionTest, AServerThatStopsAnsweringIsLeft) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.say(kGreeting);
    peer.wait_for_end();
  });
  auto options = to(server);
  options.stall_timeout = 80ms;
  auto connection = open(options);
  const auto impatient = ask(*connection, command({"GET", "a"}), Deadline::after(20ms));
  EXPECT_EQ(impatient.error().code, Errc::timed_out);
  const auto answer = ask(*connection, command({"GET", "a"}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_NE(answer.error().message.find("does not answer"), std::string::npos);
}

TEST_F(RespConnectionTest, GarbageEndsIt) {
  for (const std::string_view garbage :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "$3\r\nabcde\r\n", ":1\r\n:2\r\n"}) {
    ScriptedServer server([&](Peer& peer) {
      peer.receive();
      peer.say(kGreeting);
      peer.receive();
      peer.say(garbage);
      peer.wait_for_end();
    });
    std::atomic<int> ends{0};
    auto options = to(server);
    options.on_close = [&](const RespConnectionEnd& end) { ends += end.greeted ? 1 : 100; };
    auto connection = open(options);
    RespRequest request = command({"GET", "a"});
    // The third: one reply is owed, two come.
    const auto answer = ask(*connection, request);
    if (garbage.front() != ':') {
      EXPECT_EQ(answer.error().code, Errc::corrupt) << garbage;
    }
    while (ends == 0) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(connection->why_closed().code, Errc::corrupt);
    EXPECT_EQ(ends, 1);
  }
}

TEST_F(RespConnectionTest, ACutInAReplyIsAnError) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.say(kGreeting);
    peer.receive();
    peer.say("$1000\r\nonly a part");
  });
  const auto answer = ask(*open(to(server)), command({"GET", "a"}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
}

TEST_F(RespConnectionTest, ReplicasAndWrongPasswordsAreNamed) {
  {
    ScriptedServer server([](Peer& peer) {
      peer.receive();
      peer.say("%1\r\n$4\r\nrole\r\n$7\r\nreplica\r\n");
      peer.wait_for_end();
    });
    auto options = to(server);
    options.needs_master = true;
    EXPECT_NE(ask(*open(options), command({"PING"})).error().message.find("replica"),
              std::string::npos);
  }
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.say("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    peer.wait_for_end();
  });
  EXPECT_NE(ask(*open(to(server)), command({"PING"})).error().message.find("WRONGPASS"),
            std::string::npos);
}

TEST_F(RespConnectionTest, WhatWaitsIsBounded) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  auto options = to(server);
  options.calls_max = 3;
  options.bytes_max = 1000;
  auto connection = open(options);
  ASSERT_TRUE(connection->send(command({"SET", std::string(900, 'a')})));
  EXPECT_EQ(connection->send(command({"SET", std::string(900, 'a')})).error().code,
            Errc::overloaded);
  EXPECT_TRUE(connection->send(command({"A"})));
  EXPECT_TRUE(connection->send(command({"B"})));
  EXPECT_EQ(connection->send(command({"C"})).error().code, Errc::overloaded);
}

TEST_F(RespConnectionTest, NobodyThere) {
  RespConnectionOptions options;
  options.endpoint = {"127.0.0.1", 1, ""};
  EXPECT_EQ(ask(*open(options), command({"PING"})).error().code, Errc::unavailable);
  options.endpoint = {"", 0, "/nowhere/socket"};
  EXPECT_EQ(ask(*open(options), command({"PING"})).error().code, Errc::unavailable);
  options.endpoint = {"no-such-host.invalid", 1, ""};
  EXPECT_FALSE(ask(*open(options), command({"PING"})));
}

// What is read goes through two hands while it greets.
TEST_F(RespConnectionTest, AnErrorSaysOnceOfWhichServerIfAtAll) {
  const auto answers = [](std::string_view greeting) {
    return [greeting](Peer& peer) {
      peer.receive();
      peer.say(greeting);
      peer.wait_for_end();
    };
  };
  const ScriptedServer::Script servers[] = {answers("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                            answers("-WRONGPASS no\r\n"), answers(":1\r\n:2\r\n"),
                                            [](Peer& peer) { peer.wait_for_end(); }, [](Peer&) {}};
  const auto expect_once = [&](const RespConnectionOptions& options) {
    const std::string name = options.endpoint.text();
    const auto answer = ask(*open(options), command({"PING"}));
    ASSERT_FALSE(answer);
    const std::string& message = answer.error().message;
    const std::size_t expected = options.errors_name_endpoint ? 0 : std::string::npos;
    EXPECT_EQ(message.find(name), expected) << message;
    EXPECT_EQ(message.rfind(name), expected) << message;
    EXPECT_FALSE(message.empty());
  };
  for (const bool named : {true, false}) {
    RespConnectionOptions nobody;
    nobody.endpoint = {"127.0.0.1", 1, ""};
    nobody.errors_name_endpoint = named;
    expect_once(nobody);
    for (const auto& talk : servers) {
      ScriptedServer server(talk);
      auto options = to(server);
      options.connect_timeout = 200ms;
      options.errors_name_endpoint = named;
      expect_once(options);
    }
  }
}

// Answers "ECHO text" with the text, until the end.
void echo(Peer& peer) {
  peer.receive();
  peer.say(kGreeting);
  std::string have;
  while (true) {
    const std::string more = peer.receive();
    if (more.empty()) return;
    have += more;
    constexpr std::string_view kHead = "*2\r\n$4\r\nECHO\r\n$";
    while (have.size() > kHead.size()) {
      const std::size_t line = have.find("\r\n", kHead.size());
      if (line == std::string::npos) break;
      const std::size_t size = std::stoul(have.substr(kHead.size()));
      const std::size_t end = line + 2 + size + 2;
      if (have.size() < end) break;
      peer.say(std::string_view(have).substr(kHead.size() - 1, end - kHead.size() + 1));
      have.erase(0, end);
    }
  }
}

TEST_F(RespConnectionTest, ManyCallersShareIt) {
  ScriptedServer server(echo);
  auto connection = open(to(server));
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 8; ++caller) {
      callers.emplace_back([&, caller] {
        for (int i = 0; i < 500; ++i) {
          // Now and then more than a socket takes at once; some don't wait for their reply.
          const std::string text = std::to_string(caller * 1000 + i) +
                                   std::string(i % 100 == 7 ? 1'000'000 : i % 50, 'x');
          auto sent = connection->send(command({"ECHO", text}));
          if (!sent) {
            ++wrong;
            continue;
          }
          if (i % 10 == 3) {
            (void)(*sent)->wait(Deadline::after(50us));
            continue;
          }
          const auto reply = (*sent)->wait(Deadline::after(30s));
          if (!reply || reply->front().text() != text) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  // What nobody waits for is read all the same.
  while (connection->calls_awaited() > 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(connection->check(), RespConnection::State::ready);
}

TEST_F(RespConnectionTest, AnEndWithNothingAwaitedIsSeenByCheck) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.say(kGreeting);
    peer.receive();
    peer.say(":1\r\n");
  });
  auto connection = open(to(server));
  ASSERT_TRUE(ask(*connection, command({"A"})));
  while (connection->check() == RespConnection::State::ready) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(connection->why_closed().code, Errc::unavailable);
}

TEST_F(RespConnectionTest, CloseAnswersWhoWaits) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.say(kGreeting);
    peer.wait_for_end();
  });
  auto connection = open(to(server));
  auto sent = connection->send(command({"GET", "a"}));
  ASSERT_TRUE(sent);
  connection->close();
  connection->close();
  EXPECT_EQ((*sent)->wait(Deadline::after(10s)).error().code, Errc::unavailable);
  EXPECT_EQ(connection->send(command({"GET", "a"})).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace leyden::net
