#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "leyden/agents/qa/compiled/schemata.h"
#include "leyden/agents/qa/function.h"
#include "leyden/agents/qa/rust/rust_crate.h"
#include "leyden/agents/qa/rust/rust_declarations.h"

namespace leyden::qa {

// What Rust needs to know of a function beyond qa::Function.
struct RustCallable {
  std::string call;                   // "clamp", "Stack::<i32>::new"; of a method its name.
  std::vector<std::string> adapters;  // Behind each argument: ".into_iter()".
  std::string collects;               // Behind the call: an iterator's items as a Vec.
  std::string trait;                  // That must be in scope.
  // The first parameter is what the method is called on: a value of a type of another crate.
  bool on_first = false;
  // What is passed must say its type: several functions have that name, or it has type parameters: `Luhn::from(5u8)`.
  bool typed_literals = false;
  bool changes_object = false;   // &mut self
  bool consumes_object = false;  // self
  bool gives_object = false;     // Self
  // It comes before no other: it changes nothing, or nothing is left of its object.
  bool is_last_step = false;
  bool has_result = false;
  std::string result_class;  // Of the result, or of what its holder has.
  std::string holder;        // "Option", "Result"
};

struct RustSource {
  std::vector<Function> functions;
  std::vector<RustCallable> callables;       // Beside each.
  std::vector<BodySpan> bodies;              // Of functions, in the target.
  std::map<std::string, RustClass> classes;  // By name.
  std::map<std::string, Type>
      types;  // Of the crate, with values, as the head of an impl names them.
  std::map<std::string, std::string> paths;                 // "shop::Cart" by what it is called.
  std::vector<std::pair<std::size_t, std::size_t>> raises;  // Lines of panic!, assert!, expect().
};

[[nodiscard]] RustSource rust_source(const RustCrate& crate);

// "shop::Cart", "shop::CartError as Error": what a use declaration says of a name and its path.
[[nodiscard]] std::string rust_import(const std::string& name, const std::string& path);

}  // namespace leyden::qa
