#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/function.h"
#include "leyden/agents/qa/value.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// What a part of a Rust file says beside its types.

// Of a function; `impl Trait` is one, too.
[[nodiscard]] bool has_rust_type_parameters(syntax::Node function, std::string_view text);
// "::<i32, _>", where no argument tells a type parameter. `known`: what these stand for.
[[nodiscard]] std::string rust_turbofish(syntax::Node function, std::string_view text,
                                         const std::map<std::string, Type>& known);

// Numbers, texts and characters.
void collect_rust_literals(syntax::Node node, std::string_view text, Literals& out);
// The comments right above an item that are its documentation.
[[nodiscard]] std::string rust_doc_of(syntax::Node item, std::string_view text);
// First and last lines of what panics by intent: panic!, assert!, expect().
void find_rust_raises(syntax::Node node, std::string_view text,
                      std::vector<std::pair<std::size_t, std::size_t>>& out);

}  // namespace leyden::qa
