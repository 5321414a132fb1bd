#include "leyden/prompt/chat/python_text.h"

#include <gtest/gtest.h>

namespace leyden::prompt {
namespace {

// Expected texts by Python 3.11.
TEST(PythonText, StripsUnicodesWhitespace) {
  EXPECT_EQ(strip(" \t\u3000\u00A0\x1C x y \u2028\u0085\n"), "x y");
  EXPECT_EQ(strip("\u200B"), "\u200B");  // Has no width, and is no whitespace.
  EXPECT_EQ(strip("\u3000"), "");
  EXPECT_EQ(strip(""), "");
  EXPECT_EQ(strip("\xA0"), "\xA0");  // Ill-formed: not U+00A0.
  EXPECT_EQ(strip_left("\n\n x\n", "\n"), " x\n");
  EXPECT_EQ(strip_right("\n x\n\n", "\n"), "\n x");
  EXPECT_EQ(strip_right("\n\n", "\n"), "");
}

TEST(PythonText, WritesNumbersAsRepr) {
  for (auto [number, written] :
       {std::pair(0.0, "0.0"), std::pair(-0.0, "-0.0"), std::pair(1.0, "1.0"),
        std::pair(0.1, "0.1"), std::pair(-2.75, "-2.75"), std::pair(1e15, "1000000000000000.0"),
        std::pair(1e16, "1e+16"), std::pair(0.0001, "0.0001"), std::pair(0.00001, "1e-05"),
        std::pair(1.5e300, "1.5e+300"), std::pair(5e-324, "5e-324"),
        std::pair(123456.789, "123456.789"), std::pair(1e100, "1e+100")}) {
    EXPECT_EQ(python_number(number), written);
  }
}

TEST(PythonText, WritesJsonAsDumps) {
  auto json = parse_json(
      R"({"b": [1, 2.50, "\u00e9\u0001\"\/"], "a": {}, "c": [], "b2": null, "t": true, "a": {"x": 1e3}})",
      "it");
  ASSERT_TRUE(json);
  EXPECT_EQ(python_json(*json),
            "{\"b\": [1, 2.5, \"é\\u0001\\\"/\"], \"a\": {\"x\": 1000.0}, \"c\": [], \"b2\": null, "
            "\"t\": true}");
  EXPECT_EQ(python_json(*parse_json(R"({"a": [1, {"b": []}], "c": {}})", "it"), 4),
            "{\n    \"a\": [\n        1,\n        {\n            \"b\": []\n        }\n    ],\n    "
            "\"c\": {}\n}");
  EXPECT_EQ(python_json_string("a\tb\x7F日"), "\"a\\tb\x7F日\"");
}

TEST(PythonText, RefusesJsonThatItCouldNotWriteBack) {
  EXPECT_EQ(parse_json("", "it").error().message, "it is not JSON from byte 1 on");
  EXPECT_FALSE(parse_json("{\"a\": 1,}", "it"));
  EXPECT_FALSE(parse_json("{} x", "it"));
  EXPECT_FALSE(parse_json("\"\xFF\"", "it"));
  EXPECT_EQ(parse_json("[18446744073709551616]", "it").error().message,
            "it has an integer beyond 64 bits");
  EXPECT_TRUE(parse_json("[18446744073709551615, -9223372036854775808]", "it"));
  EXPECT_FALSE(parse_json("1e999", "it"));
  EXPECT_EQ(parse_json(std::string(200, '[') + std::string(200, ']'), "it").error().message,
            "it nests deeper than 128");
  EXPECT_FALSE(parse_json(std::string(1'000'000, '['), "it"));
}

}  // namespace
}  // namespace leyden::prompt
