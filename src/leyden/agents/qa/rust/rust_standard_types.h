#pragma once

#include <map>
#include <string>
#include <string_view>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

// Types of the standard library that are more than a kind of their own, by their paths: "std::time::Duration". Unknown: no values are made for it.
[[nodiscard]] Type rust_standard_type(const std::string& path);

// What makes an object of such a type, by its name.
[[nodiscard]] const std::map<std::string, std::string>& rust_standard_makers();

// "std::rc::Rc" of "Rc": what only holds a value, which new() puts in. Empty: it is none.
[[nodiscard]] std::string rust_wrapper(std::string_view name);
// The same of "std::rc::Rc<i32>".
[[nodiscard]] std::string rust_wrapper_of(std::string_view type);

}  // namespace leyden::qa
