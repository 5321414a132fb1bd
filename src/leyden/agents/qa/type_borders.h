#pragma once

#include <functional>
#include <vector>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// A value of a type that has no borders.
using Draw = std::function<Value(const Type& type)>;

// Values at a type's borders, the likeliest first: of a number 0, 1, -1 and what lies about the source's own constants, of a text an empty one and letters of several scripts, of a
// list none, one and two items, of a record each field through its borders. Of types without any four are drawn.
[[nodiscard]] std::vector<Value> type_borders(const Type& type, const Literals& literals,
                                              const Draw& draw);

}  // namespace leyden::qa
