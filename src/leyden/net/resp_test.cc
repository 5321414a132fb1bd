#include "leyden/net/resp.h"

#include <gtest/gtest.h>

namespace leyden::net {
namespace {

std::vector<RespValue> parsed(std::string_view wire) {
  RespParser parser;
  std::vector<RespValue> out;
  const auto fed = parser.feed(as_bytes(wire), out);
  EXPECT_TRUE(fed) << fed.error().message;
  return out;
}

Error refused(std::string_view wire, const RespLimits& limits = {}) {
  RespParser parser(limits);
  std::vector<RespValue> out;
  const auto fed = parser.feed(as_bytes(wire), out);
  EXPECT_FALSE(fed) << wire;
  EXPECT_FALSE(parser.feed(as_bytes("+OK\r\n"), out)) << "in step again after " << wire;
  return fed ? Error{} : fed.error();
}

TEST(RespParser, Resp2) {
  const auto values = parsed(
      "+OK\r\n-ERR "
      "no\r\n:-42\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*2\r\n:1\r\n$1\r\nx\r\n*0\r\n");
  ASSERT_EQ(values.size(), 9U);
  EXPECT_TRUE(values[0].is_ok());
  EXPECT_TRUE(values[1].is_error("ERR"));
  EXPECT_FALSE(values[1].is_error("E"));
  EXPECT_EQ(values[2].integer, -42);
  EXPECT_EQ(values[3].text(), "a\r\nbc");
  EXPECT_EQ(values[4].type, RespValue::Type::text);
  EXPECT_EQ(values[4].text(), "");
  EXPECT_TRUE(values[5].is_null());
  EXPECT_TRUE(values[6].is_null());
  ASSERT_EQ(values[7].items.size(), 2U);
  EXPECT_EQ(values[7].items[1].text(), "x");
  EXPECT_EQ(values[8].type, RespValue::Type::array);
}

TEST(RespParser, Resp3) {
  const auto values = parsed(
      "%1\r\n+a\r\n:1\r\n~2\r\n#t\r\n#f\r\n_\r\n,3.25\r\n(12345678901234567890\r\n=6\r\ntxt:ab\r\n!"
      "5\r\nERR x\r\n"
      ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n|1\r\n+ttl\r\n:3\r\n*1\r\n+v\r\n");
  ASSERT_EQ(values.size(), 9U);
  EXPECT_EQ(values[0].type, RespValue::Type::map);
  EXPECT_EQ(values[0].items.size(), 2U);
  EXPECT_EQ(values[1].items[0].integer, 1);
  EXPECT_TRUE(values[2].is_null());
  EXPECT_EQ(values[3].text(), "3.25");
  EXPECT_EQ(values[4].text(), "12345678901234567890");
  EXPECT_EQ(values[5].text(), "ab");
  EXPECT_TRUE(values[6].is_error("ERR"));
  EXPECT_EQ(values[7].type, RespValue::Type::push);
  EXPECT_EQ(values[7].items[1].items[0].text(), "k");
  ASSERT_EQ(values[8].items.size(), 1U) << "an attribute is no item";
  EXPECT_EQ(values[8].items[0].text(), "v");
}

TEST(RespParser, ByteByByteGivesTheSame) {
  const std::string wire = "*3\r\n$3\r\nabc\r\n%1\r\n+k\r\n*1\r\n:7\r\n$-1\r\n+PONG\r\n";
  RespParser parser;
  std::vector<RespValue> out;
  for (const char c : wire) ASSERT_TRUE(parser.feed(as_bytes(std::string_view(&c, 1)), out));
  EXPECT_EQ(out, parsed(wire));
}

TEST(RespParser, WhatIsNotRespIsAnError) {
  for (const std::string_view wire :
       {"HTTP/1.1 400 Bad Request\r\n", "\r\n", "+OK\n", "$3\r\nabcd\r\n", "$x\r\n", "$-2\r\n",
        "$\r\n", ":1a\r\n", ":\r\n", "#x\r\n", "_x\r\n", "*-2\r\n", "%-1\r\n", "$?\r\n", "*?\r\n",
        "*1\r\n>1\r\n+x\r\n", "=2\r\nab\r\n", "$99999999999999999999\r\n"}) {
    EXPECT_EQ(refused(wire).code, Errc::corrupt);
  }
}

TEST(RespParser, LimitsHold) {
  RespLimits limits;
  limits.line_bytes = 16;
  limits.bulk_bytes = 10;
  limits.reply_bytes = 40;
  limits.reply_values = 6;
  limits.depth = 2;
  EXPECT_NE(refused("+aaaaaaaaaaaaaaaaaaaaaaaa", limits).message.find("too long"),
            std::string::npos);
  EXPECT_NE(refused("$11\r\n", limits).message.find("too long"), std::string::npos);
  EXPECT_NE(refused("*9\r\n", limits).message.find("too many"), std::string::npos);
  EXPECT_NE(refused("%5\r\n", limits).message.find("too many"), std::string::npos);
  EXPECT_NE(refused("*4\r\n*3\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n", limits).message.find("too many"),
            std::string::npos);
  EXPECT_NE(refused("*1\r\n*1\r\n*1\r\n:1\r\n", limits).message.find("deep"), std::string::npos);
  const std::string ten = "$10\r\n0123456789\r\n";
  EXPECT_NE(refused("*5\r\n" + ten + ten + ten + ten, limits).message.find("too large"),
            std::string::npos);
  // Of one reply, not of all that come over a connection.
  RespParser parser(limits);
  std::vector<RespValue> out;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(parser.feed(as_bytes(ten), out));
  EXPECT_EQ(out.size(), 100U);
}

TEST(RespParser, AnnouncedIsNotAllocated) {
  RespParser parser;
  std::vector<RespValue> out;
  ASSERT_TRUE(parser.feed(as_bytes("*4000000\r\n*4000000\r\n*4000000\r\n$60000000\r\n"), out));
  EXPECT_TRUE(out.empty());
}

TEST(RespValue, MessagesHoldNoArguments) {
  const auto values = parsed(
      "-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'me' 'secret'\r\n-ERR "
      "\x01\xff.\r\n");
  EXPECT_EQ(values[0].message(), "ERR unknown command 'HELLO'");
  EXPECT_EQ(values[1].message(), "ERR ??.");
}

TEST(RespRequest, EncodesCommands) {
  RespRequest request;
  request.add({"GET", "a"});
  RespRequest other;
  other.add({"SET", "k", std::string_view("\0\r\n", 3)});
  request.append(other);
  EXPECT_EQ(request.commands(), 2U);
  EXPECT_EQ(
      request.wire(),
      std::string("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n\0\r\n\r\n",
                  49));
}

}  // namespace
}  // namespace leyden::net
