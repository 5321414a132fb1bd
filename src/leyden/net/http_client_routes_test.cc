// Through TLS and through proxies.
#include "leyden/net/http_client.h"

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "leyden/net/testing/http_client_fixture.h"

namespace leyden::net {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using testing::Peer;
using testing::request;
using testing::response;
using testing::ScriptedServer;
using testing::TestAuthority;
using Scripts = std::vector<ScriptedServer::Script>;

using HttpClientRoutes = testing::HttpClientFixture;

TEST_F(HttpClientRoutes, Tls) {
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

TEST_F(HttpClientRoutes, TlsWithTheWrongOne) {
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

TEST_F(HttpClientRoutes, ATlsStreamThatIsCutIsNotItsEnd) {
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

TEST_F(HttpClientRoutes, ThroughAProxy) {
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

TEST_F(HttpClientRoutes, ThroughATunnel) {
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

TEST_F(HttpClientRoutes, AProxyThatDoesNotGoAlong) {
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

}  // namespace
}  // namespace leyden::net
