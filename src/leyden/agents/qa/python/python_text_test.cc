#include "leyden/agents/qa/python/python_text.h"

#include <limits>

#include <gtest/gtest.h>

#include "leyden/agents/qa/python/python_answer.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

TEST(PythonText, Literals) {
  EXPECT_EQ(python_literal(Value::none()), "None");
  EXPECT_EQ(python_literal(Value::boolean(true)), "True");
  EXPECT_EQ(python_literal(Value::of(std::int64_t{-5})), "-5");
  EXPECT_EQ(python_literal(Value::of(2.0)), "2.0");
  EXPECT_EQ(python_literal(Value::of(1e300)), "1e+300");
  EXPECT_EQ(python_literal(Value::of(std::numeric_limits<double>::infinity())), "float(\"inf\")");
  EXPECT_EQ(python_literal(Value::of(std::string("a\"\\\n\x01é"))), "\"a\\\"\\\\\\n\\x01é\"");
  EXPECT_EQ(python_literal({.kind = Value::Kind::bytes, .text = "a\xff\"", .items = {}}),
            "b\"a\\xff\\x22\"");
  EXPECT_EQ(python_literal(
                {.kind = Value::Kind::tuple, .text = {}, .items = {Value::of(std::int64_t{1})}}),
            "(1,)");
  EXPECT_EQ(python_literal({.kind = Value::Kind::set, .text = {}, .items = {}}), "set()");
  EXPECT_EQ(python_literal({.kind = Value::Kind::map,
                            .text = {},
                            .items = {Value::of(std::string("a")), Value::list({})}}),
            "{\"a\": []}");
  EXPECT_EQ(
      python_literal(
          {.kind = Value::Kind::object, .text = "Point", .items = {Value::of(std::int64_t{1})}}),
      "Point(1)");
}

TEST(PythonText, NamesOfTests) {
  EXPECT_EQ(snake_case("findMedianSortedArrays"), "find_median_sorted_arrays");
  EXPECT_EQ(snake_case("LRUCache"), "lru_cache");
  EXPECT_EQ(snake_case("__len__"), "len");
  EXPECT_EQ(snake_case("plain_name2"), "plain_name2");
}

Function function(std::string name, std::vector<std::string> parameters,
                  std::string class_name = {}) {
  Function out;
  out.name = std::move(name);
  out.class_name = std::move(class_name);
  if (!out.class_name.empty()) out.kind = Function::Kind::method;
  for (std::string& one : parameters)
    out.parameters.push_back({.name = std::move(one), .type = {}});
  return out;
}

TEST(PythonText, WhatIsLeftOutGivesTheRestTheirNames) {
  std::vector<Function> all = {function("f", {"a", "b", "c"}), function("g", {"a", "rest"})};
  all[1].parameters[1].takes_rest = true;
  const Value one = Value::of(std::int64_t{1});
  const auto call = [&](std::size_t number, std::vector<Value> arguments) {
    return python_call(
        {.construction = {}, .steps = {{.function = number, .arguments = std::move(arguments)}}},
        all);
  };
  EXPECT_EQ(call(0, {one, Value::omitted(), Value::none()}).inline_call, "f(1, c=None)");
  EXPECT_EQ(call(0, {one, Value::omitted(), Value::none()}).call, "f(a, c=c)");
  EXPECT_EQ(call(1, {one, Value::list({one, one})}).inline_call, "g(1, 1, 1)");
  EXPECT_EQ(call(1, {one, Value::list({one, one})}).call, "g(a, *rest)");
  EXPECT_EQ(call(1, {one, Value::list({})}).inline_call, "g(1)");
}

TEST(PythonText, CallsAreWrittenAsPeopleWriteThem) {
  const std::vector<Function> all = {function("f", {"a", "lambda"}), function("__len__", {}, "Box"),
                                     function("__getitem__", {"key"}, "Box")};
  const PythonCall plain = python_call(
      {.construction = {},
       .steps = {{.function = 0, .arguments = {Value::of(std::int64_t{1}), Value::none()}}}},
      all);
  EXPECT_EQ(plain.call, "f(a, lambda_)");  // A keyword is no name.
  EXPECT_EQ(plain.inline_call, "f(1, None)");
  const PythonCall length = python_call(
      {.construction = {Value::of(std::int64_t{3})}, .steps = {{.function = 1, .arguments = {}}}},
      all);
  EXPECT_EQ(length.inline_call, "len(Box(3))");
  const PythonCall item =
      python_call({.construction = {},
                   .steps = {{.function = 1, .arguments = {}},
                             {.function = 2, .arguments = {Value::of(std::int64_t{0})}}}},
                  all);
  EXPECT_EQ(item.setup, (std::vector<std::string>{"box = Box()", "len(box)"}));
  EXPECT_EQ(item.inline_call, "box[0]");
}

TEST(PythonText, TestsSayAllThatWasObserved) {
  const std::vector<Function> all = {function("sort", {"items"})};
  TestCase changed{
      .name = "test_sort_1",
      .input = {.construction = {}, .steps = {{.function = 0, .arguments = {Value::list({})}}}},
      .expected = {}};
  changed.expected.outcome = Observation::Outcome::value;
  changed.expected.form = "value";
  changed.expected.text = "None";
  changed.expected.changed = {{"items", "[1]"}};
  changed.expected.printed = "'done\\n'";
  TestCase raises = changed;
  raises.name = "test_sort_raises_1";
  raises.expected = {};
  raises.expected.outcome = Observation::Outcome::error;
  raises.expected.error = "TooMany";
  raises.expected.error_module = "pkg.sorting";
  const std::vector<TestCase> cases = {changed, raises};
  EXPECT_EQ(
      python_test_file(cases, {}, all, {.name = "pkg.sorting", .path_line = {}}),
      R"("""Tests of pkg.sorting, made by `leyden test`. They say what it does today: read them before you trust them."""
import pytest

from pkg.sorting import TooMany, sort


def test_sort_1(capsys):
    items = []
    assert sort(items) is None
    assert items == [1]
    assert capsys.readouterr().out == 'done\n'


def test_sort_raises_1():
    with pytest.raises(TooMany):
        sort([])
)");
}

TEST(PythonText, ModulesAndEnumerationsThatLiteralsNameAreImported) {
  const std::vector<Function> all = {function("next", {"of", "what"})};
  const auto expression = [](const char* text) {
    return Value{.kind = Value::Kind::expression, .text = text, .items = {}};
  };
  TestCase one{.name = "test_next_1",
               .input = {.construction = {},
                         .steps = {{.function = 0,
                                    .arguments = {expression("datetime.date(2024, 2, 29)"),
                                                  expression("Color.RED")}}}},
               .expected = {}};
  one.expected.outcome = Observation::Outcome::value;
  one.expected.form = "value";
  one.expected.text = "'decimal.Decimal'";
  const std::string text =
      python_test_file({&one, 1}, {}, all, {.name = "pkg.days", .path_line = {}});
  EXPECT_NE(text.find("\nimport datetime\n\nfrom pkg.days import Color, next\n"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("import decimal"), std::string::npos) << text;
}

TEST(PythonText, ObjectsAreMadeSetAndAskedForTheirParts) {
  std::vector<Function> all = {function("__init__", {"size"}, "Box"),
                               function("size=", {"value"}, "Box"), function("pack", {}, "Box")};
  all[0].kind = Function::Kind::static_method;
  all[0].makes_object = true;
  const Value three = Value::of(std::int64_t{3});
  const Step grow{.function = 1, .arguments = {three}};
  const auto value = [](const char* form, const char* text) {
    Observation out;
    out.outcome = Observation::Outcome::value;
    out.form = form;
    out.text = text;
    return out;
  };
  std::vector<TestCase> cases{
      {.name = "test_box_init_1",
       .input = {.construction = {}, .steps = {{.function = 0, .arguments = {three}}}},
       .expected = value("made", "")},
      {.name = "test_box_set_size_1",
       .input = {.construction = {three}, .steps = {grow, grow, grow, grow}},
       .expected = value("value", "None")},
      {.name = "test_box_pack_1",
       .input = {.construction = {three}, .steps = {{.function = 2, .arguments = {}}}},
       .expected = value("type", "'Parcel'")}};
  cases[0].expected.state = {{"{}.size", "3"}};
  cases[1].expected.state = {{"len({}.sizes)", "4"}};
  cases[2].expected.fields = {{"{}.of[0]", "Color.RED"}};
  cases[2].expected.names = {"Color"};
  cases[2].expected.seeded = true;
  const std::string text = python_test_file(cases, {}, all, {.name = "boxes", .path_line = {}});
  EXPECT_EQ(text.substr(text.find("import random")),
            R"(import random

from boxes import Box, Color


def test_box_init_1():
    box = Box(3)
    assert box.size == 3


def test_box_set_size_1():
    box = Box(3)
    for _ in range(3):
        box.size = 3
    box.size = 3
    assert len(box.sizes) == 4


def test_box_pack_1():
    random.seed(0)
    result = Box(3).pack()
    assert result.of[0] == Color.RED
)");
}

TEST(PythonText, WhatAModelWroteStandsBesideWhatWasObserved) {
  const std::vector<Function> all = {function("sort", {"items"}), function("merge", {"left"})};
  auto tests = python_tests_in(
      "Here you are:\n```python\nimport json\nfrom pkg.sorting import sort\n\nROWS = [1]\n\ndef "
      "test_a():\n    assert sort(ROWS) == [1]\n    assert sort(ROWS) == [1]\n"
      "    assert merge([]) == []\n\ndef test_b():\n    with pytest.raises(ValueError):\n        "
      "sort(None)\n```\nDone.",
      "pkg.sorting", all);
  ASSERT_TRUE(tests) << tests.error().message;
  ASSERT_EQ(tests->size(), 2);
  EXPECT_EQ(python_test_file({}, *tests, all, {.name = "pkg.sorting", .path_line = {}}),
            R"("""Tests of pkg.sorting, made by `leyden test`."""
import json

import pytest

from pkg.sorting import merge, sort


ROWS = [1]


def test_a():
    assert sort(ROWS) == [1]
    assert merge([]) == []


def test_b():
    with pytest.raises(ValueError):
        sort(None)
)");
}

TEST(PythonText, TestsOfAClassStandInItAgain) {
  const std::vector<Function> all = {function("sort", {"items"})};
  auto tests = python_tests_in(
      "```python\nclass SortTest(unittest.TestCase):\n    def setUp(self):\n        self.rows = "
      "[1]\n\n    def test_one(self):\n        self.assertEqual(sort(self.rows), [1])\n\n    "
      "@unittest.expectedFailure\n    def test_none(self):\n        sort(None)\n\n    def "
      "test_cut(self):\n        self.assertEqual(sort([",
      "sorting", all);
  ASSERT_TRUE(tests) << tests.error().message;
  ASSERT_EQ(tests->size(), 2);
  EXPECT_EQ((*tests)[1].name, "test_none");
  EXPECT_EQ(python_test_file({}, *tests, all, {.name = "sorting", .path_line = {}}),
            R"("""Tests of sorting, made by `leyden test`."""
import unittest

from sorting import sort


class SortTest(unittest.TestCase):
    def setUp(self):
        self.rows = [1]

    def test_one(self):
        self.assertEqual(sort(self.rows), [1])

    @unittest.expectedFailure
    def test_none(self):
        sort(None)
)");
}

TEST(PythonText, AnswersWithoutATestSayWhatIsMissing) {
  const auto why = [](std::string_view answer) {
    return python_tests_in(answer, "m", {}).error().message;
  };
  EXPECT_EQ(why(""), "the answer is empty");
  EXPECT_EQ(why("```python\n```"), "the answer is empty");
  EXPECT_NE(why("I can't do that.").find("does not parse"), std::string::npos);
  EXPECT_NE(why("```python\nx = 1\n```").find("no function whose name begins with test"),
            std::string::npos);
  EXPECT_NE(why("```python\ndef test_a(:\n    assert (\n```").find("does not parse"),
            std::string::npos);
}

}  // namespace
}  // namespace leyden::qa
