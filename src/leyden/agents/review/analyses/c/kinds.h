#pragma once

#include <cstdint>
#include <string_view>

#include "leyden/syntax/node.h"

namespace leyden::review::c {

// What the grammars of C and C++ call the parts of a function, as numbers: names are compared once for each kind of node, not for each node.
enum class Kind : std::uint8_t {
  other,
  comment,
  // Statements.
  compound,
  declaration,
  expression_statement,
  if_,
  else_,
  while_,
  do_,
  for_,
  for_range,
  switch_,
  case_,
  return_,
  break_,
  continue_,
  goto_,
  label,
  try_,
  throw_,
  preproc_if,
  preproc_else,
  preproc_line,
  type_definition,
  // Expressions.
  identifier,
  number,
  character,
  string,
  strings,
  null,
  true_,
  false_,
  parenthesized,
  comma,
  assignment,
  update,
  binary,
  unary,
  pointer,
  subscript,
  field,
  call,
  cast,
  sizeof_,
  conditional,
  new_,
  delete_,
  lambda,
  initializer_list,
  compound_literal,
  condition_clause,
  // Declarators.
  init_declarator,
  pointer_declarator,
  array_declarator,
  function_declarator,
  reference_declarator,
  parenthesized_declarator,
  function_definition,
  asm_,
};

[[nodiscard]] Kind kind_of(syntax::Node node);

// Without parentheses around.
[[nodiscard]] syntax::Node inner(syntax::Node node);

}  // namespace leyden::review::c
