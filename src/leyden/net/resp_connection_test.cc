// Against a server that does what a real one would not: everything here is on loopback.
#include "leyden/net/resp_connection.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace leyden::net {
namespace {

using namespace std::chrono_literals;

// Takes one connection and lets `talk` do with it what it likes.
class OddServer {
 public:
  explicit OddServer(std::function<void(int)> talk)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this, talk = std::move(talk)] {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      accepted_ = fd;
      talk(fd);
      ::shutdown(fd, SHUT_RDWR);  // Closed with the server: no other file takes its number before.
    });
  }
  ~OddServer() {
    ::shutdown(listener_, SHUT_RDWR);
    if (accepted_ >= 0) ::shutdown(accepted_, SHUT_RDWR);
    thread_.join();
    if (accepted_ >= 0) ::close(accepted_);
    ::close(listener_);
  }
  [[nodiscard]] Endpoint endpoint() const { return {"127.0.0.1", port_, ""}; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{-1};
  std::jthread thread_;
};

std::string receive(int fd) {
  char buffer[65536];
  const ssize_t size = ::recv(fd, buffer, sizeof(buffer), 0);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : "";
}
void say(int fd, std::string_view text) {
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}
void wait_for_end(int fd) {
  while (!receive(fd).empty()) {
  }
}

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
  static RespConnectionOptions to(const OddServer& server) {
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
  OddServer server([&](int fd) {
    greeted = receive(fd);
    say(fd, kGreeting);
    for (int i = 0; i < 2; ++i) receive(fd);
    say(fd, ":1\r\n>2\r\n+news\r\n+x\r\n:2\r\n");
    say(fd, ":3\r\n");
    wait_for_end(fd);
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
  OddServer server([](int fd) { wait_for_end(fd); });
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
  OddServer server([](int fd) {
    receive(fd);
    say(fd, kGreeting);
    wait_for_end(fd);
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
    OddServer server([&](int fd) {
      receive(fd);
      say(fd, kGreeting);
      receive(fd);
      say(fd, garbage);
      wait_for_end(fd);
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
  OddServer server([](int fd) {
    receive(fd);
    say(fd, kGreeting);
    receive(fd);
    say(fd, "$1000\r\nonly a part");
  });
  const auto answer = ask(*open(to(server)), command({"GET", "a"}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
}

TEST_F(RespConnectionTest, ReplicasAndWrongPasswordsAreNamed) {
  {
    OddServer server([](int fd) {
      receive(fd);
      say(fd, "%1\r\n$4\r\nrole\r\n$7\r\nreplica\r\n");
      wait_for_end(fd);
    });
    auto options = to(server);
    options.needs_master = true;
    EXPECT_NE(ask(*open(options), command({"PING"})).error().message.find("replica"),
              std::string::npos);
  }
  OddServer server([](int fd) {
    receive(fd);
    say(fd, "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    wait_for_end(fd);
  });
  EXPECT_NE(ask(*open(to(server)), command({"PING"})).error().message.find("WRONGPASS"),
            std::string::npos);
}

TEST_F(RespConnectionTest, WhatWaitsIsBounded) {
  OddServer server([](int fd) { wait_for_end(fd); });
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
    return [greeting](int fd) {
      receive(fd);
      say(fd, greeting);
      wait_for_end(fd);
    };
  };
  const std::function<void(int)> servers[] = {answers("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                              answers("-WRONGPASS no\r\n"), answers(":1\r\n:2\r\n"),
                                              wait_for_end, [](int) {}};
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
      OddServer server(talk);
      auto options = to(server);
      options.connect_timeout = 200ms;
      options.errors_name_endpoint = named;
      expect_once(options);
    }
  }
}

// Answers "ECHO text" with the text, until the end.
void echo(int fd) {
  receive(fd);
  say(fd, kGreeting);
  std::string have;
  while (true) {
    const std::string more = receive(fd);
    if (more.empty()) return;
    have += more;
    constexpr std::string_view kHead = "*2\r\n$4\r\nECHO\r\n$";
    while (have.size() > kHead.size()) {
      const std::size_t line = have.find("\r\n", kHead.size());
      if (line == std::string::npos) break;
      const std::size_t size = std::stoul(have.substr(kHead.size()));
      const std::size_t end = line + 2 + size + 2;
      if (have.size() < end) break;
      say(fd, std::string_view(have).substr(kHead.size() - 1, end - kHead.size() + 1));
      have.erase(0, end);
    }
  }
}

TEST_F(RespConnectionTest, ManyCallersShareIt) {
  OddServer server(echo);
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
  OddServer server([](int fd) {
    receive(fd);
    say(fd, kGreeting);
    receive(fd);
    say(fd, ":1\r\n");
  });
  auto connection = open(to(server));
  ASSERT_TRUE(ask(*connection, command({"A"})));
  while (connection->check() == RespConnection::State::ready) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(connection->why_closed().code, Errc::unavailable);
}

TEST_F(RespConnectionTest, CloseAnswersWhoWaits) {
  OddServer server([](int fd) {
    receive(fd);
    say(fd, kGreeting);
    wait_for_end(fd);
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
