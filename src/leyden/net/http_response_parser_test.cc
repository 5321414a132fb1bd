#include "leyden/net/http_response_parser.h"

#include <gtest/gtest.h>

namespace leyden::net {
namespace {

struct Parsed {
  unsigned status = 0;
  HttpFields fields;
  std::string body;
  bool ended = false;
  bool ended_by_close = false;
  bool cut = false;
  bool keep_alive = false;
  std::string error;
};

// As a connection would: until it ends, or an error.
Parsed parse(std::string_view wire, std::size_t step, const HttpLimits& limits = {},
             bool bodiless = false) {
  Parsed out;
  HttpResponseParser parser;
  parser.begin(limits, bodiless);
  const auto end = [&] {
    out.ended = true;
    out.cut = parser.body_cut();
  };
  while (!wire.empty()) {
    const std::string piece(wire.substr(0, step));
    wire.remove_prefix(piece.size());
    BytesView left = as_bytes(piece);
    while (true) {
      const auto part = parser.next(left);
      if (!part) {
        out.error = part.error().message;
        EXPECT_FALSE(parser.next(left));
        return out;
      }
      if (*part == HttpResponseParser::Part::none) break;
      if (*part == HttpResponseParser::Part::head) {
        out.status = parser.head().status;
        out.fields = parser.head().fields;
      }
      if (*part == HttpResponseParser::Part::body) out.body += as_text(parser.body());
      if (*part == HttpResponseParser::Part::end) {
        out.keep_alive = parser.keep_alive() && left.empty();
        end();
        return out;
      }
    }
  }
  const auto finished = parser.finish();
  if (finished) {
    out.ended_by_close = true;
    end();
  } else {
    out.error = finished.error().message;
  }
  return out;
}

// In pieces of each size the same.
Parsed parsed(std::string_view wire, const HttpLimits& limits = {}, bool bodiless = false) {
  const Parsed whole = parse(wire, std::string_view::npos, limits, bodiless);
  for (std::size_t step = 1; step < std::min<std::size_t>(wire.size(), 80); ++step) {
    const Parsed pieces = parse(wire, step, limits, bodiless);
    EXPECT_EQ(pieces.status, whole.status) << wire;
    EXPECT_EQ(pieces.body, whole.body) << wire;
    EXPECT_EQ(pieces.fields.size(), whole.fields.size()) << wire;
    EXPECT_EQ(pieces.ended, whole.ended) << wire << " " << step;
    EXPECT_EQ(pieces.cut, whole.cut) << wire;
    EXPECT_TRUE(pieces.keep_alive || !whole.keep_alive) << wire;
  }
  return whole;
}

TEST(HttpResponseParser, Lengths) {
  const Parsed sized =
      parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\nx-a: c\r\n\r\nhello");
  EXPECT_EQ(sized.status, 200U);
  EXPECT_EQ(sized.body, "hello");
  EXPECT_TRUE(sized.keep_alive);
  const HttpResponseHead head{sized.status, sized.fields};
  EXPECT_EQ(*head.find("x-A"), "b");
  EXPECT_EQ(head.find("x-b"), nullptr);

  const Parsed chunked = parsed(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n"
      "5;a=b;c=\"d\"\r\nhello\r\n1\r\n \r\n00A\r\n0123456789\r\n0;x\r\nTrailer: 1\r\n\r\n");
  EXPECT_EQ(chunked.body, "hello 0123456789");
  EXPECT_TRUE(chunked.keep_alive);
  EXPECT_EQ(chunked.fields.size(), 1U) << "trailers are no fields of the head";
  EXPECT_TRUE(parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").keep_alive);

  const Parsed until_close = parsed("HTTP/1.1 200 OK\r\n\r\nall that comes");
  EXPECT_EQ(until_close.body, "all that comes");
  EXPECT_TRUE(until_close.ended_by_close);
  EXPECT_FALSE(until_close.keep_alive);
}

TEST(HttpResponseParser, NoBody) {
  EXPECT_TRUE(parsed("HTTP/1.1 204 No Content\r\n\r\n").keep_alive);
  EXPECT_TRUE(parsed("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n").keep_alive);
  EXPECT_TRUE(parsed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", {}, true).keep_alive);
  EXPECT_TRUE(parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {}, true).keep_alive);
  EXPECT_TRUE(parsed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
}

TEST(HttpResponseParser, InterimResponsesAreSkipped) {
  const Parsed one = parsed(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  EXPECT_EQ(one.status, 200U);
  EXPECT_EQ(one.fields.size(), 1U);
  EXPECT_EQ(one.body, "a");
  EXPECT_TRUE(one.keep_alive);
  EXPECT_NE(parsed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").error, "");
  std::string endless;
  while (endless.size() < 100'000) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_NE(parse(endless, 1000).error, "");
}

TEST(HttpResponseParser, WhetherTheConnectionLives) {
  EXPECT_FALSE(
      parsed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na").keep_alive);
  EXPECT_FALSE(parsed("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na").keep_alive);
  EXPECT_TRUE(
      parsed("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na").keep_alive);
  const Parsed more = parse("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 1000);
  EXPECT_TRUE(more.ended);
  EXPECT_FALSE(more.keep_alive) << "something came that nobody asked for";
}

TEST(HttpResponseParser, CutOrNotHttp) {
  for (const std::string_view wire :
       {"", "H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    const Parsed cut = parsed(wire);
    EXPECT_FALSE(cut.ended) << wire;
    EXPECT_NE(cut.error.find("the server closed the connection"), std::string::npos) << cut.error;
  }
  for (const std::string_view wire :
       {"+OK redis\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 99 No\r\n\r\n",
        "HTTP/1.1 000 No\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello"}) {
    const Parsed bad = parse(wire, std::string_view::npos);
    EXPECT_FALSE(bad.ended) << wire;
    EXPECT_NE(bad.error.find("the server's response"), std::string::npos) << wire << bad.error;
    EXPECT_FALSE(parse(wire, 1).ended) << wire;
  }
}

TEST(HttpResponseParser, Limits) {
  HttpLimits limits;
  limits.header_bytes = 100;
  limits.fields = 3;
  limits.chunk_line_bytes = 10;
  limits.body_bytes = 8;
  limits.error_body_bytes = 4;
  const auto error = [&](const std::string& wire) { return parsed(wire, limits).error; };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunks = ok + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_NE(error(ok + "a: " + std::string(100, 'x') + "\r\n\r\n"), "");
  EXPECT_NE(error(ok + "a: " + std::string(1000, 'x')), "");
  EXPECT_NE(error(ok + "a: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\n\r\n"), "");
  EXPECT_NE(error(ok + "Content-Length: 9\r\n\r\n123456789"), "");
  EXPECT_NE(error(chunks + "3;0123456789\r\nabc\r\n0\r\n\r\n"), "");
  EXPECT_NE(error(chunks + "3;" + std::string(1000, 'x')), "");
  EXPECT_NE(error(chunks + "0\r\na: " + std::string(200, 'x')), "");
  EXPECT_NE(error(chunks + "0\r\na: 1\r\nb: 1\r\nc: 1\r\n\r\n"), "");
  const Parsed streamed = parsed(chunks + "4\r\n1234\r\n5\r\n56789\r\n0\r\n\r\n", limits);
  EXPECT_EQ(streamed.body, "12345678") << "what is allowed has been given";
  EXPECT_EQ(streamed.error, "the server's response has a body of more than 8 bytes");
  EXPECT_EQ(error(ok + "Content-Length: 8\r\n\r\n12345678"), "");
}

TEST(HttpResponseParser, TheBodyOfAnErrorIsCut) {
  HttpLimits limits;
  limits.error_body_bytes = 4;
  const std::string bad = "HTTP/1.1 400 Bad Request\r\n";
  const Parsed cut = parsed(bad + "Content-Length: 100000000\r\n\r\n1234567890", limits);
  EXPECT_EQ(cut.body, "1234");
  EXPECT_TRUE(cut.ended && cut.cut);
  EXPECT_FALSE(cut.keep_alive);
  const Parsed whole = parsed(bad + "Content-Length: 4\r\n\r\n1234", limits);
  EXPECT_EQ(whole.body, "1234");
  EXPECT_FALSE(whole.cut);
  EXPECT_TRUE(whole.keep_alive);
}

}  // namespace
}  // namespace leyden::net
