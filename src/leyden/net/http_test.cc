#include "leyden/net/http.h"

#include <gtest/gtest.h>

namespace leyden::net {
namespace {

TEST(HttpRequest, OnTheWire) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/v1/completions?a=%20";
  request.fields = {{"Authorization", "Bearer k"}, {"X-Empty", ""}};
  request.body = "{}";
  ASSERT_TRUE(request.check());
  EXPECT_EQ(http_head(request, request.target, {{"Host", "here:80"}}),
            "POST /v1/completions?a=%20 HTTP/1.1\r\nHost: here:80\r\nContent-Length: 2\r\n"
            "Authorization: Bearer k\r\nX-Empty: \r\n\r\n");
  request.body.clear();
  EXPECT_NE(http_head(request, "/", {}).find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_EQ(http_head({}, "/", {}), "GET / HTTP/1.1\r\n\r\n");
}

TEST(HttpRequest, NothingIsSmuggledIn) {
  const auto refused = [](const std::string& name, const std::string& value) {
    HttpRequest request;
    request.fields = {{name, value}};
    const auto checked = request.check();
    return checked ? std::string() : checked.error().message;
  };
  for (const std::string& bad : {std::string("k\r\nX: y"), std::string("k\ny"), std::string("k\ry"),
                                 std::string("k\0y", 3), std::string("k\x7F")}) {
    const std::string message = refused("X-Key", "sk-secret" + bad);
    EXPECT_NE(message.find("X-Key"), std::string::npos) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
  }
  for (const std::string bad : {"", "a b", "a:", "a\r\nb", "\xC3\xA4"}) {
    EXPECT_NE(refused(bad, "x"), "") << bad;
    EXPECT_EQ(refused(bad, "x").find('\n'), std::string::npos);
  }
  for (const std::string ours : {"host", "Content-Length", "TRANSFER-ENCODING", "Connection",
                                 "Proxy-Authorization", "Expect", "Upgrade"}) {
    EXPECT_NE(refused(ours, "x").find(ours), std::string::npos);
  }
  EXPECT_EQ(refused("X-Tab", "a\tb \xC3\xA4"), "");
  EXPECT_NE(refused("X-Long", std::string(100'000, 'a')), "");
}

TEST(HttpRequest, MethodTargetAndTimes) {
  const auto well = [](const auto& change) {
    HttpRequest request;
    change(request);
    return request.check().has_value();
  };
  for (const std::string bad : {"", "G ET", "CONNECT", "GET\r\n"})
    EXPECT_FALSE(well([&](HttpRequest& r) { r.method = bad; })) << bad;
  for (const std::string bad : {"", "x", "http://other/", "/a b", "/a\r\nX: y", "/#a", "/\xC3\xA4"})
    EXPECT_FALSE(well([&](HttpRequest& r) { r.target = bad; })) << bad;
  EXPECT_FALSE(well([&](HttpRequest& r) { r.idle_timeout = std::chrono::milliseconds(0); }));
  EXPECT_TRUE(well([&](HttpRequest& r) { r.method = "DELETE"; }));
}

}  // namespace
}  // namespace leyden::net
