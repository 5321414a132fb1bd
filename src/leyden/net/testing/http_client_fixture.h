#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/net/http_client.h"
#include "leyden/net/http_fetch.h"
#include "leyden/net/testing/scripted_server.h"
#include "leyden/net/testing/test_authority.h"

// For tests of HttpClient against servers that do what a script says: everything is on loopback. Where a test waits for what must come,
// it waits long; the short times are those of what never comes.
namespace leyden::net::testing {

inline constexpr std::string_view kSecret = "sk-secret";

inline HttpRequest request(std::string method = "GET", std::string body = {}) {
  HttpRequest out;
  out.method = std::move(method);
  out.target = "/v1/x";
  out.fields = {{"Authorization", "Bearer " + std::string(kSecret)}};
  out.body = std::move(body);
  out.connect_timeout = out.first_byte_timeout = out.idle_timeout = std::chrono::seconds(60);
  return out;
}

inline std::string response(std::string_view body, std::string_view fields = {}) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), fields,
                     body);
}

// Answers each request with its body, until the end.
inline void echo(Peer& peer) {
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

// Clients for servers of scripts.
class HttpClientFixture : public ::testing::Test {
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
  // Calls that go on, and who hears of them.
  struct Started {
    std::vector<std::unique_ptr<Listener>> heard;
    std::vector<std::unique_ptr<HttpCall>> calls;
  };
  static Started start_many(HttpClient& client, int count) {
    Started out;
    for (int i = 0; i < count; ++i) {
      out.heard.push_back(std::make_unique<Listener>());
      out.calls.push_back(std::move(*client.start(request(), *out.heard.back())));
    }
    return out;
  }
  static void wait_for_calls(const HttpClient& client, std::size_t calls) {
    while (client.stats().calls != calls) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  static std::shared_ptr<TlsContext> trusting(const TestAuthority& authority) {
    TlsOptions options;
    options.ca_file = authority.file();
    return *TlsContext::make(options);
  }

  IoThread thread_;
};

}  // namespace leyden::net::testing
