#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leyden::qa {

// What a parameter takes, as far as values are made by it. Each language maps its own types to these.
struct Type {
  enum class Kind : std::uint8_t {
    unknown,
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    list,
    tuple,
    set,
    map,
    optional,
    any_of,
    object,
    record,      // Fields of known names.
    expression,  // One of some texts of the language: callbacks, dates, what an enumeration allows.
  };
  Kind kind = Kind::unknown;
  std::vector<Type>
      of;  // Of a list, set or optional: one; of a map: key and value; of a tuple, any_of and record: each.
  std::string name;  // An object's class; a map's, where it is not the language's own.
  std::vector<std::string> texts{};  // A record's fields; expressions; of a text likely ones.
  bool operator==(const Type&) const = default;
};

// A value that a test passes. Only data: an object is its class and the arguments of its constructor.
struct Value {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    list,
    tuple,
    set,
    map,
    object,
    expression,
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;  // 0 or 1 of a boolean.
  double real = 0;
  std::string
      text;  // Of an object or map: its class; of an expression: its source. UTF-8, but in `bytes`.
  std::vector<Value> items;  // Of a map: key, value, key, value.
  bool operator==(const Value&) const = default;

  [[nodiscard]] static Value none() { return {}; }
  // Stands for an argument that is not passed, since its parameter has a default: an expression without source.
  [[nodiscard]] static Value omitted() {
    return {.kind = Kind::expression, .text = {}, .items = {}};
  }
  [[nodiscard]] bool is_omitted() const { return kind == Kind::expression && text.empty(); }
  [[nodiscard]] static Value boolean(bool value) {
    return {.kind = Kind::boolean, .integer = value ? 1 : 0, .text = {}, .items = {}};
  }
  [[nodiscard]] static Value of(std::int64_t value) {
    return {.kind = Kind::integer, .integer = value, .text = {}, .items = {}};
  }
  [[nodiscard]] static Value of(double value) {
    return {.kind = Kind::real, .real = value, .text = {}, .items = {}};
  }
  [[nodiscard]] static Value of(std::string value) {
    return {.kind = Kind::text, .text = std::move(value), .items = {}};
  }
  [[nodiscard]] static Value list(std::vector<Value> items) {
    return {.kind = Kind::list, .text = {}, .items = std::move(items)};
  }
};

// The objects among values and within them, in the order in which they begin.
[[nodiscard]] inline std::vector<const Value*> objects_in(const std::vector<Value>& values) {
  std::vector<const Value*> out;
  for (const Value& one : values) {
    if (one.kind == Value::Kind::object) out.push_back(&one);
    const std::vector<const Value*> inner = objects_in(one.items);
    out.insert(out.end(), inner.begin(), inner.end());
  }
  return out;
}

}  // namespace leyden::qa
