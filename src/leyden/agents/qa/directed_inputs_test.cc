#include "leyden/agents/qa/directed_inputs.h"

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

Value text(const char* said) { return Value::of(std::string(said)); }

std::vector<std::string> first_texts(const std::vector<Input>& inputs) {
  std::vector<std::string> out;
  out.reserve(inputs.size());
  for (const Input& one : inputs) out.push_back(one.steps[0].arguments[0].text);
  return out;
}

TEST(DirectedInputs, WhatWasSeenGivesWayWhereverItStands) {
  const Input input{.construction = {},
                    .steps = {{.function = 0, .arguments = {text("Add 2 and 2")}}}};
  const std::vector<Comparison> compared{{.seen = "2", .wanted = "x"},
                                         {.seen = "add", .wanted = "mul"},
                                         {.seen = "", .wanted = "y"},
                                         {.seen = "none", .wanted = "y"}};
  EXPECT_EQ(first_texts(directed_inputs(input, compared, 10)),
            (std::vector<std::string>{"Add x and 2", "Add 2 and x", "mul 2 and 2"}));
  EXPECT_EQ(directed_inputs(input, compared, 2).size(), 2);
}

TEST(DirectedInputs, TextsWithinListsAndOfConstructorsAreAmongThem) {
  const Input input{
      .construction = {text("ab")},
      .steps = {{.function = 0, .arguments = {Value::list({Value::list({text("b")})})}}}};
  const std::vector<Comparison> compared{{.seen = "b", .wanted = "c"}};
  const std::vector<Input> made = directed_inputs(input, compared, 10);
  ASSERT_EQ(made.size(), 2);
  EXPECT_EQ(made[0].steps[0].arguments[0].items[0].items[0].text, "c");
  EXPECT_EQ(made[1].construction[0].text, "ac");
}

}  // namespace
}  // namespace leyden::qa
