#include "leyden/agents/qa/input_maker.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

Type type(Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}

// Whether the value is one that the type allows.
// leyden:ignore common.complex-function a case a type
bool fits(const Value& value, const Type& type) {
  const auto all = [&](const Type& of) {
    return std::ranges::all_of(value.items, [&](const Value& item) { return fits(item, of); });
  };
  switch (type.kind) {
    case Kind::none:
      return value.kind == Value::Kind::none;
    case Kind::boolean:
      return value.kind == Value::Kind::boolean && (value.integer == 0 || value.integer == 1);
    case Kind::integer:
      return value.kind == Value::Kind::integer;
    case Kind::real:
      return value.kind == Value::Kind::real;
    case Kind::text:
      return value.kind == Value::Kind::text;
    case Kind::bytes:
      return value.kind == Value::Kind::bytes;
    case Kind::list:
      return value.kind == Value::Kind::list && all(type.of[0]);
    case Kind::set: {
      if (value.kind != Value::Kind::set || !all(type.of[0])) return false;
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (std::ranges::count(value.items, value.items[i]) != 1) return false;
      }
      return true;
    }
    case Kind::tuple:
      if (value.kind != Value::Kind::tuple || value.items.size() != type.of.size()) return false;
      for (std::size_t i = 0; i < type.of.size(); ++i) {
        if (!fits(value.items[i], type.of[i])) return false;
      }
      return true;
    case Kind::map:
      if (value.kind != Value::Kind::map || value.items.size() % 2 != 0) return false;
      for (std::size_t i = 0; i < value.items.size(); i += 2) {
        if (!fits(value.items[i], type.of[0]) || !fits(value.items[i + 1], type.of[1]))
          return false;
      }
      return true;
    case Kind::optional:
      return value.kind == Value::Kind::none || fits(value, type.of[0]);
    case Kind::expression:
      return value.kind == Value::Kind::expression &&
             std::ranges::count(type.texts, value.text) > 0;
    case Kind::record:
      if (value.kind != Value::Kind::map || value.items.size() % 2 != 0) return false;
      for (std::size_t i = 0; i < value.items.size(); i += 2) {
        const auto field = std::ranges::find(type.texts, value.items[i].text);
        if (field == type.texts.end() ||
            !fits(value.items[i + 1],
                  type.of[static_cast<std::size_t>(field - type.texts.begin())]))
          return false;
      }
      return true;
    case Kind::any_of:
      return std::ranges::any_of(type.of, [&](const Type& of) { return fits(value, of); });
    case Kind::object:
      return value.kind == Value::Kind::none || value.text == type.name;
    case Kind::unknown:
      return true;
  }
  return false;
}

Function function_of(std::vector<Type> types) {
  Function out;
  out.name = "f";
  for (std::size_t i = 0; i < types.size(); ++i)
    out.parameters.push_back(
        {.name = "p" + std::to_string(i), .type = std::move(types[i]), .annotated = true});
  out.literals = {.integers = {17, -4}, .reals = {2.5}, .texts = {"needle", "é"}};
  return out;
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all = {
      function_of({type(Kind::integer), type(Kind::text), type(Kind::boolean)}),
      function_of({type(Kind::list, {type(Kind::integer)}),
                   type(Kind::list, {type(Kind::list, {type(Kind::integer)})})}),
      function_of({type(Kind::map, {type(Kind::text), type(Kind::real)}),
                   type(Kind::set, {type(Kind::integer)}), type(Kind::bytes)}),
      function_of({type(Kind::tuple, {type(Kind::integer), type(Kind::text)}),
                   type(Kind::optional, {type(Kind::real)}),
                   type(Kind::any_of, {type(Kind::integer), type(Kind::text)}), type(Kind::none)}),
  };
  return all;
}

TEST(InputMaker, ValuesAreOfTheTypes) {
  InputMaker maker(functions(), 7);
  for (std::size_t f = 0; f < functions().size(); ++f) {
    std::vector<Input> inputs = maker.borders(f, 80);
    for (int i = 0; i < 500; ++i) inputs.push_back(maker.random(f));
    for (std::size_t i = 0; i < 1000; ++i)
      inputs.push_back(maker.varied(inputs[i % inputs.size()], inputs[(i * 7) % inputs.size()]));
    for (const Input& input : inputs) {
      ASSERT_EQ(input.steps.size(), 1);
      const std::vector<Value>& arguments = input.steps[0].arguments;
      ASSERT_EQ(arguments.size(), functions()[f].parameters.size());
      for (std::size_t i = 0; i < arguments.size(); ++i)
        EXPECT_TRUE(fits(arguments[i], functions()[f].parameters[i].type)) << f << " " << i;
    }
  }
}

// A text that is none takes the file of all tests with it.
TEST(InputMaker, TextsStayUtf8) {
  InputMaker maker(functions(), 9);
  Input text = maker.random(0);
  text.steps[0].arguments[1] = Value::of(std::string("Beyonc\u00e9 \u4e16\U0001f600"));
  for (int i = 0; i < 3000; ++i) {
    const Input varied = maker.varied(text, text);
    EXPECT_TRUE(utf8::is_valid(varied.steps[0].arguments[1].text));
    if (i % 5 != 0) continue;
    const std::string& said = varied.steps[0].arguments[1].text;
    if (said.size() < 60 && !said.empty()) text = varied;
  }
}

// What a function asks for by its name is hardly ever met by dice.
TEST(InputMaker, HalfOfTheTextsAreThoseThatTheFunctionComparesWith) {
  std::vector<Function> all = {function_of({type(Kind::text), type(Kind::text)})};
  all[0].parameters[0].compared = {"full house", "yacht"};
  InputMaker maker(all, 5);
  std::map<std::string, int> seen[2];
  for (int i = 0; i < 400; ++i) {
    const std::vector<Value> arguments = maker.random(0).steps.back().arguments;
    for (std::size_t at = 0; at < 2; ++at) ++seen[at][arguments[at].text];
  }
  EXPECT_GT(seen[0]["full house"], 60);
  EXPECT_GT(seen[0]["yacht"], 60);
  EXPECT_GT(seen[0].size(), 50);
  EXPECT_EQ(seen[1]["yacht"], 0);
}

// What came to no answer may have been guessed wrong; what the source says never is.
TEST(InputMaker, OnlyGuessesAreDoubted) {
  std::vector<Function> all = {function_of(
      {type(Kind::list, {type(Kind::integer)}), type(Kind::list, {type(Kind::integer)})})};
  all[0].parameters[0].annotated = false;
  InputMaker maker(all, 5);
  const auto others = [&](std::size_t parameter) {
    std::size_t out = 0;
    for (int i = 0; i < 200; ++i)
      out += fits(maker.random(0).steps[0].arguments[parameter], all[0].parameters[parameter].type)
                 ? 0
                 : 1;
    return out;
  };
  EXPECT_EQ(others(0), 0);
  maker.doubt(0);
  EXPECT_GT(others(0), 50);
  EXPECT_EQ(others(1), 0);
}

TEST(InputMaker, TheSameSeedGivesTheSameInputs) {
  InputMaker one(functions(), 3);
  InputMaker same(functions(), 3);
  InputMaker other(functions(), 4);
  std::size_t different = 0;
  for (int i = 0; i < 100; ++i) {
    const Input input = one.random(1);
    EXPECT_EQ(input, same.random(1));
    different += input == other.random(1) ? 0 : 1;
  }
  EXPECT_GT(different, 50);
}

TEST(InputMaker, TheSourcesConstantsAreAmongTheInputs) {
  InputMaker maker(functions(), 1);
  bool number = false;
  bool text = false;
  for (const Input& input : maker.borders(0, 80)) {
    number = number || input.steps[0].arguments[0] == Value::of(std::int64_t{17});
    text = text || input.steps[0].arguments[1] == Value::of(std::string("needle"));
  }
  EXPECT_TRUE(number);
  EXPECT_TRUE(text);
}

TEST(InputMaker, BordersAreBoundedAndDifferent) {
  InputMaker maker(functions(), 1);
  const std::vector<Input> borders = maker.borders(3, 25);
  EXPECT_LE(borders.size(), 25);
  for (const Input& one : borders) EXPECT_EQ(std::ranges::count(borders, one), 1);
}

// A method gets an object, and calls that come before.
TEST(InputMaker, ObjectsAreMadeAndUsedBefore) {
  Function push = function_of({type(Kind::integer)});
  push.name = "push";
  push.kind = Function::Kind::method;
  push.class_name = "Stack";
  push.construction = {{.name = "room", .type = type(Kind::integer)}};
  Function pop = function_of({});
  pop.name = "pop";
  pop.kind = Function::Kind::method;
  pop.class_name = "Stack";
  pop.construction = push.construction;
  const std::vector<Function> stack = {push, pop};
  InputMaker maker(stack, 1);
  std::size_t longest = 0;
  for (int i = 0; i < 200; ++i) {
    const Input input = maker.random(1);
    EXPECT_EQ(input.function(), 1);
    EXPECT_EQ(input.construction.size(), 1);
    longest = std::max(longest, input.steps.size());
  }
  EXPECT_GT(longest, 2);
}

TEST(InputMaker, WhatMayBeNamedIsLeftOutOrNot) {
  Function function{.name = "f"};
  function.parameters.push_back({.name = "a", .type = type(Kind::integer)});
  for (const char* name : {"b", "c"})
    function.parameters.push_back(
        {.name = name, .type = type(Kind::boolean), .has_default = true, .may_be_named = true});
  InputMaker maker(std::span(&function, 1), 1);
  std::set<std::vector<bool>> seen;
  for (int i = 0; i < 200; ++i) {
    std::vector<bool> omitted;
    for (const Value& value : maker.random(0).steps[0].arguments)
      omitted.push_back(value.is_omitted());
    EXPECT_FALSE(omitted.at(0));
    EXPECT_FALSE(omitted.back());  // What stands at the end is not written.
    seen.insert(std::move(omitted));
  }
  EXPECT_EQ(seen.size(), 4);
  function.parameters[1].may_be_named = function.parameters[2].may_be_named = false;
  for (int i = 0; i < 200; ++i) {
    for (const Value& value : maker.random(0).steps[0].arguments) EXPECT_FALSE(value.is_omitted());
  }
}

TEST(InputMaker, WhatIsLearnedIsTriedOnce) {
  Function function{.name = "f"};
  function.parameters.push_back({.name = "a", .type = type(Kind::text)});
  InputMaker maker(std::span(&function, 1), 1);
  maker.learn({"^[0-9]{2}:[0-9]{2}$"});
  const std::vector<Input> tried = maker.of_learned(0);
  ASSERT_FALSE(tried.empty());
  for (const Input& input : tried) EXPECT_EQ(input.steps[0].arguments.at(0).text.at(2), ':');
  EXPECT_TRUE(maker.of_learned(0).empty());
}

// A shop that is made with a till, and methods of both.
std::vector<Function> shop() {
  std::vector<Function> all(4);
  const auto member = [&](std::size_t i, const char* name, const char* of, Function::Kind kind) {
    all[i].name = name;
    all[i].class_name = of;
    all[i].kind = kind;
  };
  member(0, "sum", "Shop", Function::Kind::property);
  member(1, "sell", "Store", Function::Kind::method);
  member(2, "close", "Till", Function::Kind::method);
  member(3, "__init__", "Note", Function::Kind::static_method);
  all[3].makes_object = true;
  all[0].bases = {"Store"};
  for (const char* name : {"Till", "Note"})
    all[0].construction.push_back(
        {.name = name, .type = {.kind = Kind::object, .of = {}, .name = name}});
  return all;
}

TEST(InputMaker, StepsComeAgainAndOnObjectsThatTheConstructorIsGiven) {
  const std::vector<Function> all = shop();
  InputMaker maker(all, 1, {.are_long = true, .name_objects = true});
  bool on_own = false, on_other = false, again = false;
  Input parent = maker.random(0);
  for (int i = 0; i < 300; ++i) {
    const Input input = i % 2 == 0 ? maker.random(0) : maker.varied(parent, parent);
    ASSERT_EQ(input.construction.size(), 2);
    EXPECT_EQ(input.construction[1].text, "Note");  // A class without methods.
    EXPECT_EQ(input.function(), 0);
    for (std::size_t k = 0; k + 1 < input.steps.size(); ++k) {
      const Step& step = input.steps[k];
      EXPECT_EQ(step.function, step.receiver == 0 ? 1 : 2);
      on_own = on_own || step.receiver == 0;
      on_other = on_other || step.receiver == 1;
      again = again || (k > 2 && step == input.steps[k - 1] && step == input.steps[k - 2]);
    }
    parent = input;
  }
  EXPECT_TRUE(on_own && on_other && again);
  InputMaker plain(all, 1);
  for (int i = 0; i < 100; ++i) {
    for (const Step& step : plain.random(0).steps) EXPECT_EQ(step.receiver, 0);
  }
}

TEST(InputMaker, TextsOfLinesHaveLinesOfOneLength) {
  Function function{.name = "f"};
  function.parameters.push_back({.name = "board", .type = type(Kind::text)});
  function.literals.texts = {"\n", "X", "O"};
  InputMaker maker(std::span(&function, 1), 1);
  int boards = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string text = maker.random(0).steps[0].arguments.at(0).text;
    const std::size_t width = text.find('\n');
    bool is_board = width != std::string::npos && width > 0 && text.size() % (width + 1) == width;
    for (std::size_t k = 0; k < text.size(); ++k)
      is_board = is_board && (text[k] == '\n') == (k % (width + 1) == width);
    boards += is_board ? 1 : 0;
  }
  EXPECT_GT(boards, 30);
}

}  // namespace
}  // namespace leyden::qa
