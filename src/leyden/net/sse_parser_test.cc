#include "leyden/net/sse_parser.h"

#include <vector>

#include <gtest/gtest.h>

#include "leyden/net/testing/plain_sse.h"

namespace leyden::net {
namespace {

using testing::parsed_sse;
using testing::plain_sse;
using testing::PlainSse;
using testing::PlainSseEvent;

PlainSse whole(std::string_view text, const SseLimits& limits = {}) {
  const PlainSse out = parsed_sse(text, text.size(), 1, limits);
  EXPECT_EQ(out, plain_sse(text, limits)) << text;
  return out;
}
std::vector<PlainSseEvent> events(std::string_view text) { return whole(text).events; }
using Events = std::vector<PlainSseEvent>;

TEST(SseParser, TheStandardsExamples) {
  EXPECT_EQ(events("data: YHOO\ndata: +2\ndata: 10\n\n"),
            (Events{{"message", "YHOO\n+2\n10", ""}}));
  EXPECT_EQ(events(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  "
                   "third event\n\n"),
            (Events{{"message", "first event", "1"},
                    {"message", "second event", ""},
                    {"message", " third event", ""}}));
  EXPECT_EQ(events("data\n\ndata\ndata\n\ndata:\n"),
            (Events{{"message", "", ""}, {"message", "\n", ""}}));
  EXPECT_EQ(events("data:test\n\ndata: test\n\n"),
            (Events{{"message", "test", ""}, {"message", "test", ""}}));
}

TEST(SseParser, FieldsAndLineEnds) {
  EXPECT_EQ(events("event: add\r\ndata: 1\r\n\r\nevent: none\r\n\r\ndata: 2\r\r"),
            (Events{{"add", "1", ""}, {"message", "2", ""}}));
  EXPECT_EQ(events("id: 7\n\ndata: a\n\nid: 8\0x\ndata: b\n\n"), (Events{{"message", "a", "7"}}))
      << "the literal ends at its NUL";
  EXPECT_EQ(events(std::string_view("id: 7\ndata: a\nid: 8\0x\n\n", 24)),
            (Events{{"message", "a", "7"}}));
  EXPECT_EQ(events("Data: x\ndatax: y\n data: z\n\n"), Events{});
  EXPECT_EQ(events("\xEF\xBB\xBF"
                   "data: x\n\n\xEF\xBB\xBF"
                   "data: y\n\n"),
            (Events{{"message", "x", ""}}));
  EXPECT_EQ(events("\xEF\xBB"
                   "data: x\n\n"),
            Events{});
  EXPECT_EQ(events("data: {\"a\":\"b: c\"}\n\ndata: [DONE]\n\n"),
            (Events{{"message", "{\"a\":\"b: c\"}", ""}, {"message", "[DONE]", ""}}));
  EXPECT_EQ(events("data: cut\n"), Events{});
}

TEST(SseParser, Retry) {
  EXPECT_EQ(whole("retry: 1500\n").retry, std::chrono::milliseconds(1500));
  for (const std::string_view none :
       {"retry\n", "retry:\n", "retry: -1\n", "retry: 1s\n", "retry:  1\n", "retry: +1\n",
        "retry: 99999999999999999999\n", "retry: 1500"}) {
    EXPECT_EQ(whole(none).retry, std::nullopt) << none;
  }
}

// Each way to cut it in two, each with each size of the pieces that follow.
TEST(SseParser, AnySplitGivesTheSame) {
  const std::string text =
      "\xEF\xBB\xBF: hello\r\n\r\nid: 1\r\nevent: token\r\ndata: "
      "{\"text\":\"\xF0\x9F\x8C\x8D\"}\r\n\r\n"
      "retry: 20\rdata\rdata:\rdata:  x: y\r\rdata: a\n\rdata: b\n\n\r\n:\n:: "
      "\nevent:\nid\ndata:c\n"
      "\nevent: lost\n\ndata: [DONE]\r\n\r\ndata: half";
  const PlainSse expected = plain_sse(text, {});
  EXPECT_EQ(expected.events.size(), 6U);
  for (std::size_t first = 1; first <= text.size(); ++first) {
    for (std::size_t step = 1; step <= text.size(); step += step < 8 ? 1 : 23) {
      ASSERT_EQ(parsed_sse(text, first, step, {}), expected) << first << " " << step;
    }
  }
}

TEST(SseParser, AnEventInOnePieceIsNotCopied) {
  SseParser parser;
  const std::string text = ": ping\n\nevent: token\ndata: {\"token_ids\":[1,2]}\n\ndata: a";
  std::string_view left = text;
  const auto event = parser.next(left);
  ASSERT_TRUE(event && *event);
  const auto lies_in_text = [&](std::string_view view) {
    return view.data() >= text.data() && view.data() < text.data() + text.size();
  };
  EXPECT_TRUE(lies_in_text((*event)->type));
  EXPECT_TRUE(lies_in_text((*event)->data));
  EXPECT_FALSE(parser.next(left)->has_value());
  EXPECT_TRUE(left.empty());
}

TEST(SseParser, WhatIsCutIsSeen) {
  const auto in_event_after = [](std::string_view text) {
    SseParser parser;
    while (parser.next(text)->has_value()) {
    }
    return parser.in_event();
  };
  EXPECT_FALSE(in_event_after(""));
  EXPECT_FALSE(in_event_after("data: a\n\n"));
  EXPECT_FALSE(in_event_after("data: a\r\n\r"));
  EXPECT_FALSE(in_event_after(": ping\n"));
  EXPECT_TRUE(in_event_after("data: a\n\ndata: [DONE]\n"));
  EXPECT_TRUE(in_event_after("data: a\n\nda"));
  EXPECT_TRUE(in_event_after("event: a\n"));
}

TEST(SseParser, Limits) {
  SseLimits limits;
  limits.line_bytes = 10;
  limits.event_bytes = 8;
  EXPECT_FALSE(whole("data: 1234\n\n", limits).broken);
  EXPECT_TRUE(whole("data: 12345\n\n", limits).broken);
  EXPECT_TRUE(whole(":2345678901", limits).broken);
  EXPECT_FALSE(whole("data:1234\ndata:567\n\n", limits).broken);
  const PlainSse broken = whole("data: 1\n\ndata:1234\ndata:5678\n\ndata: 2\n\n", limits);
  EXPECT_TRUE(broken.broken);
  EXPECT_EQ(broken.events.size(), 1U);

  SseParser parser(limits);
  std::string_view text = "data: 12345678\n\n";
  const auto first = parser.next(text);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Errc::corrupt);
  EXPECT_EQ(first.error().message, "the server's event stream has a line of more than 10 bytes");
  text = "data: 1\n\n";
  EXPECT_EQ(parser.next(text).error().message, first.error().message);
}

}  // namespace
}  // namespace leyden::net
