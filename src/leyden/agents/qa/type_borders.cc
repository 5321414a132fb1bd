#include "leyden/agents/qa/type_borders.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "leyden/agents/qa/value_parts.h"

namespace leyden::qa {
namespace {

std::vector<Value> integer_borders(const Literals& literals) {
  std::vector<Value> out{Value::of(std::int64_t{0}), Value::of(std::int64_t{1}),
                         Value::of(std::int64_t{-1}), Value::of(std::int64_t{2}),
                         Value::of(std::int64_t{10})};
  for (const std::int64_t own : literals.integers) {
    for (const std::int64_t near : {own - 1, own, own + 1}) out.push_back(Value::of(near));
  }
  return out;
}

std::vector<Value> real_borders(const Literals& literals) {
  std::vector<Value> out{Value::of(0.0), Value::of(1.0), Value::of(-1.0), Value::of(0.5),
                         Value::of(100.0)};
  for (const double own : literals.reals) {
    out.push_back(Value::of(own));
    out.push_back(Value::of(own + 1));
    out.push_back(Value::of(own - 1));
  }
  for (const std::int64_t own : literals.integers)
    out.push_back(Value::of(static_cast<double>(own)));
  return out;
}

std::vector<Value> text_borders(const Literals& literals, Value::Kind kind) {
  std::vector<Value> out{Value::of(std::string("a")),
                         Value::of(std::string()),
                         Value::of(std::string("one two one")),
                         Value::of(std::string("A1 b-2")),
                         Value::of(std::string("12")),
                         Value::of(std::string("Zo\u00eb \u00df e\u0301 \u4e2d"))};
  for (const std::string& own : literals.texts) out.push_back(Value::of(own));
  for (Value& one : out) one.kind = kind;
  return out;
}

std::vector<Value> list_borders(const Type& of, Value::Kind kind, const Literals& literals,
                                const Draw& draw) {
  std::vector<Value> out{Value::list({})};
  const std::vector<Value> inner = type_borders(of, literals, draw);
  for (const Value& one : inner) out.push_back(Value::list({one}));
  if (inner.size() > 1) {
    out.push_back(Value::list({inner[1], inner[0]}));
    out.push_back(Value::list({inner[1], inner[1], inner[0]}));
  }
  for (Value& one : out) {
    one.kind = kind;
    if (kind == Value::Kind::set) drop_equal(one.items);
  }
  return out;
}

// Each field through its borders, the others as they mostly are.
std::vector<Value> record_borders(const Type& type, const Literals& literals, const Draw& draw) {
  using Kind = Type::Kind;
  Value first{.kind = Value::Kind::map, .text = type.name, .items = {}};
  std::vector<std::vector<Value>> borders;
  for (std::size_t i = 0; i < type.of.size(); ++i) {
    borders.push_back(type_borders(type.of[i], literals, draw));
    first.items.push_back(Value::of(type.texts[i]));
    // Of numbers one, not none: what they are multiplied with shows.
    first.items.push_back(borders[i].empty()              ? Value::none()
                          : borders[i].size() == 1        ? borders[i][0]
                          : type.of[i].kind == Kind::text ? borders[i][0]
                                                          : borders[i][1]);
  }
  // Of options none, then one at a time.
  const bool options =
      std::ranges::all_of(type.of, [](const Type& one) { return one.kind == Kind::optional; });
  if (options) first.items.clear();
  std::vector<Value> out{first};
  for (std::size_t i = 0; i < borders.size(); ++i) {
    for (const Value& one : borders[i]) {
      Value changed = first;
      if (options) changed.items = {Value::of(type.texts[i]), Value::none()};
      changed.items[options ? 1 : 2 * i + 1] = one;
      if (changed != first) out.push_back(std::move(changed));
    }
  }
  return out;
}

}  // namespace

std::vector<Value> type_borders(const Type& type, const Literals& literals, const Draw& draw) {
  using Kind = Type::Kind;
  switch (type.kind) {
    case Kind::none:
      return {Value::none()};
    case Kind::boolean:
      return {Value::boolean(true), Value::boolean(false)};
    case Kind::integer:
      return integer_borders(literals);
    case Kind::real:
      return real_borders(literals);
    case Kind::text: {
      std::vector<Value> out = text_borders(literals, Value::Kind::text);
      for (const std::string& likely : type.texts) out.insert(out.begin(), Value::of(likely));
      return out;
    }
    case Kind::bytes:
      return text_borders(literals, Value::Kind::bytes);
    case Kind::list:
      return list_borders(element(type), Value::Kind::list, literals, draw);
    case Kind::set:
      return list_borders(element(type), Value::Kind::set, literals, draw);
    case Kind::optional: {
      std::vector<Value> out = type_borders(element(type), literals, draw);
      out.push_back(Value::none());
      return out;
    }
    case Kind::any_of: {
      std::vector<Value> out;
      for (const Type& one : type.of) {
        std::vector<Value> more = type_borders(one, literals, draw);
        out.insert(out.end(), more.begin(), more.end());
      }
      return out;
    }
    case Kind::map: {
      std::vector<Value> out{{.kind = Value::Kind::map, .text = type.name, .items = {}}};
      const std::vector<Value> keys = type_borders(element(type), literals, draw);
      const std::vector<Value> values = type_borders(element(type, 1), literals, draw);
      if (!keys.empty() && !values.empty() && is_hashable(keys[0]))
        out.push_back({.kind = Value::Kind::map, .text = type.name, .items = {keys[0], values[0]}});
      return out;
    }
    case Kind::expression: {
      std::vector<Value> out;
      out.reserve(type.texts.size());
      for (const std::string& text : type.texts)
        out.push_back({.kind = Value::Kind::expression, .text = text, .items = {}});
      return out;
    }
    case Kind::record:
      return record_borders(type, literals, draw);
    case Kind::tuple:
    case Kind::object:
    case Kind::unknown: {
      std::vector<Value> out;
      out.reserve(4);
      for (int i = 0; i < 4; ++i) out.push_back(draw(type));
      return out;
    }
  }
  return {};
}

}  // namespace leyden::qa
