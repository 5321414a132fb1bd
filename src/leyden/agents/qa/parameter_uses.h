#pragma once

#include <string_view>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

// How often a function's body uses a parameter as what: each language's reader counts by its own syntax.
struct ParameterUses {
  int text = 0;
  int map = 0;
  int sequence = 0;
  int rows = 0;   // Sequences of sequences,
  int texts = 0;  // and of texts.
  int number = 0;
  int division = 0;

  // With what another function does with it.
  void add(const ParameterUses& other);
  // By the uses, else by the name; unknown where neither tells.
  [[nodiscard]] Type type(std::string_view name) const;
};

}  // namespace leyden::qa
