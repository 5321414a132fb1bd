#pragma once

#include <string>
#include <string_view>

#include "leyden/agents/qa/rust/rust_source.h"

namespace leyden::qa {

// A text in double quotes.
[[nodiscard]] std::string rust_quoted(std::string_view text);
// Source text that gives the value, which has been fitted to the type: `vec![1, 2]`, `&[Point { x: 1 }]`. `typed`: it says its type, where
// nothing around it does.
[[nodiscard]] std::string rust_literal(const Value& value, const Type& type,
                                       const RustSource& source, bool typed = false);
// The same as what a method is called on: `5i32`, `(-1.5f64)`, `[1, 2]`.
[[nodiscard]] std::string rust_receiver(const Value& value, const Type& type,
                                        const RustSource& source);

}  // namespace leyden::qa
