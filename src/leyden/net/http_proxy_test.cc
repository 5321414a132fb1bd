#include "leyden/net/http_proxy.h"

#include <map>

#include <gtest/gtest.h>

#include "leyden/net/http_url.h"

namespace leyden::net {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

// "host:port", with the credentials before an @; "" for none; the error's message.
std::string proxy_for(const Endpoint& origin, bool tls, const Variables& variables) {
  const auto found =
      http_proxy_for(origin, tls, [&](std::string_view name) -> std::optional<std::string> {
        const auto at = variables.find(name);
        return at == variables.end() ? std::nullopt : std::optional(at->second);
      });
  if (!found) return found.error().message;
  if (!*found) return "";
  const HttpProxy& proxy = **found;
  return (proxy.authorization.empty() ? "" : proxy.authorization + "@") + proxy.endpoint.text();
}

const Endpoint kOrigin{"Model.Example.com", 8000, ""};

TEST(HttpUrl, Parts) {
  const auto url = HttpUrl::parse("https://me:p%40ss@[::1]:8443/v1?a=b");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->endpoint, (Endpoint{"::1", 8443, ""}));
  EXPECT_EQ(url->target, "/v1?a=b");
  EXPECT_EQ(url->username, "me");
  EXPECT_EQ(url->password, "p@ss");
  const auto plain = HttpUrl::parse("http://model.example");
  EXPECT_EQ(plain->endpoint, (Endpoint{"model.example", 80, ""}));
  EXPECT_EQ(plain->target, "/");
  EXPECT_EQ(HttpUrl::parse("https://h?x")->target, "/?x");
  EXPECT_EQ(HttpUrl::parse("https://h")->endpoint.port, 443);
  for (const std::string_view bad :
       {"", "model.example", "ftp://a", "http://", "http://:80", "http://a:", "http://a:0",
        "http://a:65536", "http://a:8x", "http://[::1", "http://[x]/", "http://a b/", "http://a/#b",
        "http://u:secret%4@a/", "http://a\r\nX: y/"}) {
    const auto refused = HttpUrl::parse(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  }
}

TEST(HttpProxy, WhichVariable) {
  EXPECT_EQ(proxy_for(kOrigin, false, {}), "");
  const Variables all{
      {"http_proxy", "http://a:1"}, {"HTTP_PROXY", "http://b:2"}, {"HTTPS_PROXY", "http://c:3/"}};
  EXPECT_EQ(proxy_for(kOrigin, false, all), "a:1");
  EXPECT_EQ(proxy_for(kOrigin, true, all), "c:3");
  EXPECT_EQ(proxy_for(kOrigin, false, {{"HTTP_PROXY", "b"}}), "b:80");
  EXPECT_EQ(proxy_for(kOrigin, false, {{"HTTP_PROXY", "b"}, {"REQUEST_METHOD", "GET"}}), "");
  EXPECT_EQ(proxy_for(kOrigin, false, {{"http_proxy", ""}, {"HTTP_PROXY", "b"}}), "");
  EXPECT_EQ(proxy_for({"", 0, "/run/model"}, false, all), "");
  for (const std::string here : {"localhost", "127.0.0.1", "127.1.2.3", "::1", "a.localhost"})
    EXPECT_EQ(proxy_for({here, 80, ""}, false, all), "") << here;
}

TEST(HttpProxy, Credentials) {
  EXPECT_EQ(proxy_for(kOrigin, true, {{"https_proxy", "http://me:p%3Aw@proxy:3128"}}),
            "Basic bWU6cDp3@proxy:3128");
  for (const std::string bad : {"socks5://me:secret@p:1", "https://me:secret@p", "me:secret@p:x",
                                "http://me:secret%zz@p"}) {
    const std::string message = proxy_for(kOrigin, true, {{"HTTPS_PROXY", bad}});
    EXPECT_TRUE(message.starts_with("HTTPS_PROXY: ")) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos);
  }
}

TEST(HttpProxy, NoProxy) {
  const auto direct = [](const std::string& host, const std::string& none) {
    return proxy_for({host, 8000, ""}, false, {{"http_proxy", "p"}, {"NO_PROXY", none}}).empty();
  };
  for (const std::string none :
       {"*", "model.example.com", "MODEL.EXAMPLE.COM", "example.com", ".example.com",
        "*.example.com", "other, example.com", "other example.com:8000", ",,com"})
    EXPECT_TRUE(direct("model.example.com", none)) << none;
  for (const std::string none :
       {"", "other", "xample.com", "example.com:80", "model", "10.0.0.0/8"})
    EXPECT_FALSE(direct("model.example.com", none)) << none;
  for (const std::string none : {"10.1.2.3", "10.0.0.0/8", "10.1.2.3:8000", "10.1.2.2/31"})
    EXPECT_TRUE(direct("10.1.2.3", none)) << none;
  for (const std::string none :
       {"10.1.2.4", "10.1.2.0/31", "10.0.0.0/x", "10.0.0.0/33", "2.3", ":"})
    EXPECT_FALSE(direct("10.1.2.3", none)) << none;
  EXPECT_TRUE(direct("2001:db8::1", "2001:DB8:0::1"));
  EXPECT_TRUE(direct("2001:db8::1", "[2001:db8::1]:8000"));
  EXPECT_TRUE(direct("2001:db8::1", "2001:db8::/32"));
  EXPECT_FALSE(direct("2001:db8::1", "2001:db9::/32"));
}

}  // namespace
}  // namespace leyden::net
