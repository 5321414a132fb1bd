#include "leyden/cache/testing/fault_proxy.h"

#include <bit>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "leyden/cache/testing/resp_walker.h"

namespace leyden::cache::testing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// Says everything again, to each connection from a thread of its own.
class EchoServer {
 public:
  EchoServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(fd_, 64) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { run(); });
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  ~EchoServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void run() const {
    std::vector<std::jthread> threads;
    while (true) {
      const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      threads.emplace_back([client] {
        char buffer[4096];
        for (ssize_t got = 0; (got = ::recv(client, buffer, sizeof(buffer), 0)) > 0;) {
          for (ssize_t sent = 0; sent < got;) {
            const ssize_t part =
                ::send(client, buffer + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
            if (part <= 0) break;
            sent += part;
          }
        }
        ::close(client);
      });
    }
  }

  int fd_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback(port);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }

  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Up to so many bytes; fewer when the connection ends or nothing comes for that long.
  std::string receive(std::size_t count, std::chrono::milliseconds patience = 20s) {
    std::string out;
    while (out.size() < count) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) break;
      char buffer[4096];
      const ssize_t got = ::recv(fd_, buffer, std::min(sizeof(buffer), count - out.size()), 0);
      if (got <= 0) {
        ended_ = true;
        was_reset_ = got < 0;
        break;
      }
      out.append(buffer, static_cast<std::size_t>(got));
      ++pieces_;
    }
    return out;
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  [[nodiscard]] int pieces() const { return pieces_; }
  [[nodiscard]] int fd() const { return fd_; }
  void end_sending() const { ::shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  bool was_reset_ = false;
  int pieces_ = 0;
};

std::string text_of(std::size_t size) {
  std::mt19937_64 random(size);
  std::string out(size, ' ');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

class FaultProxyTest : public ::testing::Test {
 protected:
  EchoServer server_;
  std::unique_ptr<FaultProxy> proxy_ = FaultProxy::start(server_.port()).value();
};

TEST_F(FaultProxyTest, WithoutToxicsNothingChanges) {
  for (std::size_t size : {1UL, 1000UL, 100'000UL}) {
    Client client(proxy_->port());
    ASSERT_TRUE(client.connected());
    const std::string text = text_of(size);
    std::jthread sender([&] { EXPECT_TRUE(client.send(text)); });
    EXPECT_EQ(client.receive(size), text);
    sender.join();
    client.end_sending();
    EXPECT_EQ(client.receive(1), "");
    EXPECT_TRUE(client.ended());
    EXPECT_FALSE(client.was_reset());
  }
  EXPECT_EQ(proxy_->connections(), 3U);
}

TEST_F(FaultProxyTest, RefusesAndComesBackOnTheSamePort) {
  Client before(proxy_->port());
  ASSERT_TRUE(before.send("a"));
  ASSERT_EQ(before.receive(1), "a");
  const std::uint16_t port = proxy_->port();
  proxy_->set({.refuse = true});
  EXPECT_FALSE(Client(port).connected());
  ASSERT_TRUE(before.send("b"));
  EXPECT_EQ(before.receive(1), "b");
  proxy_->heal();
  Client after(port);
  ASSERT_TRUE(after.connected() && after.send("c"));
  EXPECT_EQ(after.receive(1), "c");
}

TEST_F(FaultProxyTest, SilentAcceptsAndDoesNotAnswer) {
  proxy_->set({.silent = true});
  Client client(proxy_->port());
  ASSERT_TRUE(client.connected() && client.send("hello"));
  EXPECT_EQ(client.receive(5, 100ms), "");
  EXPECT_FALSE(client.ended());
  proxy_->heal();
  EXPECT_EQ(client.receive(5), "hello");
}

TEST_F(FaultProxyTest, HalfOpenStopsReading) {
  Client client(proxy_->port());
  ASSERT_TRUE(client.send("a"));
  ASSERT_EQ(client.receive(1), "a");
  proxy_->set({.half_open = true});
  std::uint64_t taken = 0;  // Until all buffers on the way are full.
  const std::string block(1 << 16, 'x');
  while (true) {
    const ssize_t sent =
        ::send(client.fd(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    pollfd ready{client.fd(), POLLOUT, 0};
    if (sent < 0 && ::poll(&ready, 1, 200) == 0) break;
    if (sent > 0) taken += static_cast<std::uint64_t>(sent);
    ASSERT_LT(taken, 64U << 20);
  }
  EXPECT_EQ(client.receive(1, 50ms), "");
  EXPECT_FALSE(client.ended());
  proxy_->heal();
  EXPECT_EQ(client.receive(taken).size(), taken);
}

TEST_F(FaultProxyTest, LatencyAndJitter) {
  proxy_->set({.latency = 100ms, .jitter = 20ms});
  Client client(proxy_->port());
  for (int i = 0; i < 3; ++i) {
    const auto begin = SteadyClock::now();
    ASSERT_TRUE(client.send("x"));
    EXPECT_EQ(client.receive(1), "x");
    EXPECT_GE(SteadyClock::now() - begin, 79ms);
  }
}

TEST_F(FaultProxyTest, Bandwidth) {
  proxy_->set({.bytes_per_second = 100'000});
  Client client(proxy_->port());
  const std::string text = text_of(30'000);
  const auto begin = SteadyClock::now();
  ASSERT_TRUE(client.send(text));
  EXPECT_EQ(client.receive(text.size()), text);
  EXPECT_GE(SteadyClock::now() - begin, 250ms);
}

TEST_F(FaultProxyTest, Slices) {
  proxy_->set({.slice_bytes = 3});
  Client client(proxy_->port());
  ASSERT_TRUE(client.send("abcdefghijklmnopqrstuvwxyz"));
  EXPECT_EQ(client.receive(26), "abcdefghijklmnopqrstuvwxyz");
  EXPECT_GE(client.pieces(), 5);  // Fewer than nine where this thread was slow to read.
}

TEST_F(FaultProxyTest, ResetsInTheMiddleOfAReply) {
  proxy_->set({.reset_after = 7});
  Client client(proxy_->port());
  ASSERT_TRUE(client.send("0123456789"));
  // A reset may overtake what was not read yet.
  EXPECT_EQ(std::string("0123456").find(client.receive(10)), 0U);
  EXPECT_TRUE(client.was_reset());
  proxy_->heal();
  Client next(proxy_->port());
  ASSERT_TRUE(next.send("0123456789"));
  EXPECT_EQ(next.receive(10), "0123456789");
}

TEST_F(FaultProxyTest, Garbage) {
  proxy_->set({.garbage = true});
  Client client(proxy_->port());
  const std::string text = text_of(500);
  ASSERT_TRUE(client.send(text));
  const std::string got = client.receive(500);
  EXPECT_EQ(got.size(), 500U);
  EXPECT_NE(got, text);
}

TEST_F(FaultProxyTest, ResetAllEndsWhatIsThere) {
  Client client(proxy_->port());
  ASSERT_TRUE(client.send("a"));
  ASSERT_EQ(client.receive(1), "a");
  proxy_->reset_all();
  EXPECT_EQ(client.receive(1), "");
  EXPECT_TRUE(client.was_reset());
  Client next(proxy_->port());
  ASSERT_TRUE(next.send("b"));
  EXPECT_EQ(next.receive(1), "b");
}

TEST_F(FaultProxyTest, NothingListensBehindIt) {
  auto proxy = FaultProxy::start(1).value();
  Client client(proxy->port());
  EXPECT_EQ(client.receive(1), "");
  EXPECT_TRUE(client.ended());
}

unsigned different_bits(const std::string& left, const std::string& right) {
  unsigned out = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    out += static_cast<unsigned>(std::popcount(static_cast<unsigned char>(left[i] ^ right[i])));
  }
  return out;
}

// An echoed request is an array of bulk strings: as good a reply as any.
std::string command(std::string_view name, const std::string& value) {
  return fmt::format("*2\r\n${}\r\n{}\r\n${}\r\n", name.size(), name, value.size()) + value +
         "\r\n";
}

TEST_F(FaultProxyTest, CorruptsValuesOfGetAndMgetAndNothingElse) {
  proxy_->set({.corrupt_share = 1});
  Client client(proxy_->port());
  const std::string value = text_of(10'000);
  for (std::string_view name : {"GET", "mget"}) {
    const std::string request = command(name, value);
    ASSERT_TRUE(client.send(request));
    const std::string reply = client.receive(request.size());
    ASSERT_EQ(reply.size(), request.size());
    EXPECT_EQ(different_bits(reply, request), 2U);  // The name is a value here, too.
    // The framing is whole.
    EXPECT_EQ(reply.substr(0, 8), request.substr(0, 8));
    const std::size_t payload = request.size() - value.size() - 2;
    EXPECT_EQ(reply.substr(4 + name.size() + 6, payload - 4 - name.size() - 6),
              request.substr(4 + name.size() + 6, payload - 4 - name.size() - 6));
    EXPECT_EQ(reply.substr(reply.size() - 2), "\r\n");
  }
  for (std::string_view name : {"SET", "HELLO", "GETSET"}) {
    const std::string request = command(name, value);
    ASSERT_TRUE(client.send(request));
    EXPECT_EQ(client.receive(request.size()), request);
  }
  EXPECT_EQ(proxy_->corrupted(), 4U);
  EXPECT_EQ(proxy_->values(), 4U);
}

TEST_F(FaultProxyTest, CorruptsTheShareThatWasAskedForInAPipelineCutAnywhere) {
  Client client(proxy_->port());
  std::string requests;
  constexpr unsigned kCount = 10'000;
  for (unsigned i = 0; i < kCount; ++i) {
    requests += command(i % 2 == 0 ? "GET" : "SET", text_of(i % 60));
  }
  proxy_->set({.corrupt_share = 0.01});
  std::jthread sender([&] { EXPECT_TRUE(client.send(requests)); });
  const std::string replies = client.receive(requests.size());
  ASSERT_EQ(replies.size(), requests.size());
  EXPECT_EQ(different_bits(replies, requests), proxy_->corrupted());
  EXPECT_GT(proxy_->corrupted(), 50U);
  EXPECT_LT(proxy_->corrupted(), 200U);
}

TEST(RespWalker, ANestedReplyIsOneReply) {
  // Cut at every place; null, empty and nested values, a push and an attribute in between.
  const std::string stream =
      "*3\r\n$-1\r\n*2\r\n:1\r\n$3\r\nabc\r\n*0\r\n"
      ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n"
      "%1\r\n+a\r\n$0\r\n\r\n"
      "|1\r\n+ttl\r\n:3\r\n$2\r\nhi\r\n_\r\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    std::string copy = stream;
    std::string bulks;
    std::string ends;
    RespWalker walker({[&](std::span<char> part, bool begins, bool ended) {
                         if (begins) bulks += '<';
                         bulks.append(part.begin(), part.end());
                         if (ended) bulks += '>';
                       },
                       [&](bool is_push) { ends += is_push ? 'p' : '.'; }});
    walker.walk(std::span(copy).first(cut));
    walker.walk(std::span(copy).subspan(cut));
    EXPECT_EQ(bulks, "<abc><k><hi>") << cut;
    EXPECT_EQ(ends, ".p...") << cut;
  }
}

}  // namespace
}  // namespace leyden::cache::testing
