#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

inline const Type kUnknownType{};

// What a type is made of: of a list its items' type. Unknown where it does not say.
[[nodiscard]] inline const Type& element(const Type& type, std::size_t i = 0) {
  return i < type.of.size() ? type.of[i] : kUnknownType;
}

// A set and a map's keys hold what can be a key.
[[nodiscard]] inline bool is_hashable(const Value& value) {
  if (value.kind == Value::Kind::list || value.kind == Value::Kind::set ||
      value.kind == Value::Kind::map || value.kind == Value::Kind::object)
    return false;
  return std::ranges::all_of(value.items, is_hashable);
}

// Of equal ones the first stays, and what can be no key goes.
inline void drop_equal(std::vector<Value>& items) {
  std::vector<Value> out;
  for (Value& item : items) {
    if (is_hashable(item) && std::ranges::find(out, item) == out.end())
      out.push_back(std::move(item));
  }
  items = std::move(out);
}

}  // namespace leyden::qa
