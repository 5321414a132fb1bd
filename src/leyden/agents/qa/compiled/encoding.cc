#include "leyden/agents/qa/compiled/encoding.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "leyden/agents/qa/value_parts.h"

namespace leyden::qa {
namespace {

Value fitted_integer(const Value& value, const std::string& name, const IntegerRange& range) {
  const auto [low, high] = range(name);
  std::int64_t number =
      value.kind == Value::Kind::real ? static_cast<std::int64_t>(value.real) : value.integer;
  if (number < 0 && low == 0) number = number == INT64_MIN ? 0 : -number;
  if (number < low || number > high) {
    const auto width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    number = low + static_cast<std::int64_t>(
                       (static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(low)) %
                       (width + 1));
  }
  return Value::of(number);
}

Value fitted_tuple(const Value& value, const Type& type, const IntegerRange& range) {
  Value out{.kind = Value::Kind::tuple, .text = {}, .items = {}};
  for (std::size_t i = 0; i < type.of.size(); ++i)
    out.items.push_back(
        fitted(i < value.items.size() ? value.items[i] : Value::none(), type.of[i], range));
  return out;
}

// By the fields' names; those that are not there have their least value.
Value fitted_record(const Value& value, const Type& type, const IntegerRange& range) {
  Value out{.kind = Value::Kind::map, .text = type.name, .items = {}};
  for (std::size_t i = 0; i < type.of.size(); ++i) {
    const Value* found = nullptr;
    for (std::size_t k = 0; k + 1 < value.items.size(); k += 2) {
      if (value.items[k].text == type.texts[i]) found = &value.items[k + 1];
    }
    out.items.push_back(Value::of(type.texts[i]));
    out.items.push_back(fitted(found != nullptr ? *found : Value::none(), type.of[i], range));
  }
  return out;
}

Value fitted_items(const Value& value, const Type& type, const IntegerRange& range,
                   Value::Kind kind) {
  Value out{.kind = kind, .text = type.name, .items = {}};
  const std::size_t period = kind == Value::Kind::map ? 2 : 1;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    Value item = fitted(value.items[i], element(type, i % period), range);
    const bool is_key = kind == Value::Kind::set || (kind == Value::Kind::map && i % 2 == 0);
    bool known = false;
    for (std::size_t k = 0; is_key && k < out.items.size(); k += period)
      known = known || out.items[k] == item;
    if (known && kind == Value::Kind::map) ++i;
    if (!known) out.items.push_back(std::move(item));
  }
  if (out.items.size() % period != 0) out.items.pop_back();
  return out;
}

Value fitted_object(const Value& value, const Type& type, const IntegerRange& range) {
  Value out{.kind = Value::Kind::object, .text = type.name, .items = {}};
  for (std::size_t i = 0; i < type.of.size(); ++i)
    out.items.push_back(
        fitted(i < value.items.size() ? value.items[i] : Value::none(), type.of[i], range));
  return out;
}

// One of several records and expressions, as an enumeration has them.
bool is_choice(const Type& type) {
  return type.kind == Type::Kind::any_of && !type.of.empty() &&
         std::ranges::all_of(type.of, [](const Type& one) {
           return one.kind == Type::Kind::record || one.kind == Type::Kind::expression;
         });
}

std::string encoded_all(const std::vector<Value>& values, std::span<const Parameter> parameters) {
  std::string out = fmt::format("l{}", values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    out += " " + encoded(values[i], i < parameters.size() ? parameters[i].type : kUnknownType);
  return out;
}

std::vector<Value> fitted_all(const std::vector<Value>& values,
                              std::span<const Parameter> parameters, const IntegerRange& range) {
  std::vector<Value> out;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    // A vector of none is told from one that ends early by its defaults only.
    if (i >= values.size() && parameters[i].has_default) break;
    out.push_back(fitted(i < values.size() ? values[i] : Value::none(), parameters[i].type, range));
  }
  return out;
}

}  // namespace

Value fitted(const Value& value, const Type& type, const IntegerRange& range) {
  using Kind = Type::Kind;
  switch (type.kind) {
    case Kind::integer:
      return fitted_integer(value, type.name, range);
    case Kind::boolean:
      return Value::boolean(value.integer != 0);
    case Kind::real:
      return Value::of(value.kind == Value::Kind::real ? value.real
                                                       : static_cast<double>(value.integer));
    case Kind::bytes: {  // A character.
      Value out = Value::of(value.text.substr(0, 1));
      out.kind = Value::Kind::bytes;
      if (out.text.empty()) out.text = " ";
      return out;
    }
    case Kind::text:
      return Value::of(value.text);
    case Kind::list:
      return fitted_items(value, type, range, Value::Kind::list);
    case Kind::set:
      return fitted_items(value, type, range, Value::Kind::set);
    case Kind::map:
      return fitted_items(value, type, range, Value::Kind::map);
    case Kind::tuple:
      return fitted_tuple(value, type, range);
    case Kind::record:
      return fitted_record(value, type, range);
    case Kind::object:
      return fitted_object(value, type, range);
    case Kind::optional:
      return value.kind == Value::Kind::none ? value : fitted(value, element(type), range);
    case Kind::expression: {
      Value out{.kind = Value::Kind::expression, .text = value.text, .items = {}};
      if (std::ranges::find(type.texts, out.text) == type.texts.end() && !type.texts.empty())
        out.text = type.texts.front();
      return out;
    }
    case Kind::any_of:
      if (is_choice(type)) return fitted(value, type.of[alternative_of(value, type)], range);
      break;
    case Kind::none:
    case Kind::unknown:
      break;
  }
  return value;
}

std::size_t alternative_of(const Value& value, const Type& type) {
  const auto found = std::ranges::find_if(type.of, [&](const Type& one) {
    return one.kind == Type::Kind::record
               ? value.kind == Value::Kind::map && value.text == one.name
               : value.kind == Value::Kind::expression &&
                     std::ranges::find(one.texts, value.text) != one.texts.end();
  });
  return found == type.of.end() ? 0 : static_cast<std::size_t>(found - type.of.begin());
}

Input fitted(const Input& input, std::span<const Function> functions, const IntegerRange& range) {
  Input out;
  out.construction =
      fitted_all(input.construction, functions[input.function()].construction, range);
  for (const Step& step : input.steps)
    out.steps.push_back(
        {.function = step.function,
         .arguments = fitted_all(step.arguments, functions[step.function].parameters, range)});
  return out;
}

std::string encoded(const Value& value, const Type& type) {
  using Kind = Value::Kind;
  const auto list = [&](char letter, std::size_t period) {
    std::string out = fmt::format("{}{}", letter, value.items.size());
    for (std::size_t i = 0; i < value.items.size(); ++i)
      out += " " + encoded(value.items[i], element(type, period == 0 ? i : i % period));
    return out;
  };
  if (type.kind == Type::Kind::optional && value.kind != Kind::none)
    return encoded(value, element(type));
  if (is_choice(type)) {
    const std::size_t place = alternative_of(value, type);
    return fmt::format("i{} {}", place, encoded(value, type.of[place]));
  }
  switch (value.kind) {
    case Kind::none:
      return "n";
    case Kind::boolean:
      return fmt::format("b{}", value.integer);
    case Kind::integer:
      return fmt::format("i{}", value.integer);
    case Kind::real:
      return fmt::format("r{}", value.real);
    case Kind::text:
    case Kind::bytes:
      return fmt::format("s{}:{}", value.text.size(), value.text);
    case Kind::list:
    case Kind::set:
      return list('l', 1);
    case Kind::tuple:
    case Kind::object:
      return list('l', 0);
    case Kind::map: {
      if (type.kind != Type::Kind::record) return list('m', 2);
      std::string out = fmt::format("l{}", type.of.size());
      for (std::size_t i = 0; i < type.of.size(); ++i)
        out += " " + encoded(value.items[2 * i + 1], type.of[i]);
      return out;
    }
    case Kind::expression:
      return fmt::format("i{}", std::ranges::find(type.texts, value.text) - type.texts.begin());
  }
  return "n";
}

std::string encoded(const Input& input, std::span<const Function> functions) {
  const Function& function = functions[input.function()];
  std::string out;
  if (function.needs_object()) out = encoded_all(input.construction, function.construction) + " ";
  out += fmt::format("i{}", input.steps.size());
  for (const Step& step : input.steps)
    out += fmt::format(" i{} {}", step.function,
                       encoded_all(step.arguments, functions[step.function].parameters));
  return out;
}

}  // namespace leyden::qa
