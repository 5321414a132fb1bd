#include "leyden/cli/test_flags.h"

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

namespace leyden::cli {
namespace {

TestFlags typed(const std::string& line) {
  CLI::App app;
  TestFlags out;
  add_test_options(app, out);
  app.parse(line, false);
  return out;
}

// What a run goes on with is what it was begun with.
TEST(TestFlags, SurviveAnInterruption) {
  const TestFlags flags = typed(
      "src/shop.py:price --type security --quick --seed 7 --max-tests 3 --max-time 2.5 --server "
      "http://127.0.0.1:1 --tokenizer qwen2.5 --python /usr/bin/python3 --class-path a.jar:b.jar");
  const auto again = flags_of(request_of(flags));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(request_of(*again), request_of(flags));
  EXPECT_EQ(again->target.paths, flags.target.paths);
  EXPECT_EQ(again->model.servers, flags.model.servers);
  EXPECT_EQ(again->model.tokenizer, "qwen2.5");
  EXPECT_FALSE(again->model.name);
  EXPECT_EQ(again->class_path, "a.jar:b.jar");
  EXPECT_TRUE(again->quick);
}

TEST(TestFlags, WhatCantBeReadIsSaid) {
  for (const char* bad : {"", "{}", "[1]", R"({"paths": 7})"}) {
    const auto flags = flags_of(bad);
    ASSERT_FALSE(flags) << bad;
    EXPECT_EQ(flags.error().code, Errc::corrupt);
  }
}

TEST(TestFlags, ContradictionsAreNamed) {
  for (const auto& [line, named] :
       {std::pair("a.py --type fuzzy", "fuzzy"), std::pair("a.py --write --patch", "--patch"),
        std::pair("a.py --json --junit", "--junit"),
        std::pair("a.py --record-prompts", "--record")}) {
    const auto good = check(typed(line));
    ASSERT_FALSE(good) << line;
    EXPECT_NE(good.error().message.find(named), std::string::npos) << good.error().message;
  }
}

}  // namespace
}  // namespace leyden::cli
