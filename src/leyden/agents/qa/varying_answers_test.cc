#include "leyden/agents/qa/varying_answers.h"

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

using Json = nlohmann::json;

TEST(VaryingAnswers, APatternSaysWhatAllTextsHaveInCommon) {
  EXPECT_EQ(common_pattern({"XY042", "QB917"}), "[A-Z]{2}[0-9]{3}");
  EXPECT_EQ(common_pattern({"user-7/a", "user-4/a"}), "user-[0-9]\\/a");
  EXPECT_EQ(common_pattern({"id 7", "id 42"}), "id [0-9]+");
  EXPECT_EQ(common_pattern({"2026-11-28T05:30:01.25Z", "2026-11-28T05:30:01.31Z"}),
            "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{2}Z");
  EXPECT_EQ(common_pattern({"9f0a7c41d2be", "03e1b8cdf6a5", "a7b6c5d4e3f2"}), "[0-9a-f]{12}");
  EXPECT_EQ(common_pattern({"k3x", "xk3"}), "[0-9a-z]{3}");
  EXPECT_EQ(common_pattern({"\xc3\xa9 1", "\xc3\xa9 2"}), "\xc3\xa9 [0-9]");
  EXPECT_EQ(common_pattern({"a,b", "a;b"}), std::nullopt);
  EXPECT_EQ(common_pattern({"a", "a b"}), std::nullopt);
  EXPECT_EQ(common_pattern({"", "a"}), std::nullopt);
  EXPECT_EQ(common_pattern({"a", ""}), std::nullopt);
  EXPECT_EQ(common_pattern({std::string(300, '1'), std::string(300, '2')}), std::nullopt);
  EXPECT_EQ(common_pattern({}), std::nullopt);
}

Json value(const char* text, Json state = Json::object()) {
  return {{"outcome", "value"}, {"form", "value"}, {"text", text}, {"state", std::move(state)}};
}

TEST(VaryingAnswers, WhatAlwaysHoldsRemains) {
  const auto drawn = common_answer(value("'XY1'", {{"at", "1"}, {"size", "2"}}),
                                   Json::array({value("'QB2'", {{"at", "2"}, {"size", "2"}})}));
  ASSERT_TRUE(drawn);
  EXPECT_EQ((*drawn)["form"], "matches");
  EXPECT_EQ((*drawn)["text"], "[A-Z]{2}[0-9]");
  EXPECT_EQ((*drawn)["state"], Json({{"size", "2"}}));
  EXPECT_EQ((*drawn)["stable"], true);
  const auto same = common_answer(value("3", {{"at", "1"}}),
                                  Json::array({value("3", {{"at", "2"}}), value("3")}));
  ASSERT_TRUE(same);
  EXPECT_EQ((*same)["text"], "3");
  EXPECT_FALSE(same->contains("state"));
  EXPECT_FALSE(common_answer(value("3"), Json::array({value("4")})));
  EXPECT_FALSE(common_answer(value("'a'"), Json::array({value("'\\n'")})));
  EXPECT_FALSE(common_answer(value("'a'"), Json::array({{{"outcome", "error"}}})));
  EXPECT_FALSE(common_answer(value("['a', 'b']"), Json::array({value("['b', 'a']")})));
}

}  // namespace
}  // namespace leyden::qa
