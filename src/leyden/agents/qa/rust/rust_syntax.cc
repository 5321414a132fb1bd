#include "leyden/agents/qa/rust/rust_syntax.h"

#include <algorithm>

#include "leyden/agents/qa/rust/rust_crate.h"

namespace leyden::qa {
namespace {

// Tests of the file itself, and what runs while it is compiled.
bool is_skipped(syntax::Node node, std::string_view text) {
  if (node.type() != "function_item" && node.type() != "mod_item") return false;
  if (rust_is_test(node, text)) return true;
  return std::ranges::any_of(node.named_children(), [&](syntax::Node child) {
    return child.type() == "function_modifiers" &&
           child.text(text).find("const") != std::string_view::npos;
  });
}

}  // namespace

const ProbeSyntax& rust_probe_syntax() {
  static const ProbeSyntax syntax{
      .hit = "crate::leyden_probes::hit({});",
      .condition = "crate::leyden_probes::branch({},{},{})",
      .throws = {},
      .blocks = {"block"},
      // Most may stand at the end of a block, as its value.
      .statements = {"expression_statement",
                     "let_declaration",
                     "macro_invocation",
                     "binary_expression",
                     "call_expression",
                     "if_expression",
                     "match_expression",
                     "identifier",
                     "self",
                     "integer_literal",
                     "float_literal",
                     "string_literal",
                     "boolean_literal",
                     "char_literal",
                     "field_expression",
                     "index_expression",
                     "unary_expression",
                     "reference_expression",
                     "struct_expression",
                     "tuple_expression",
                     "array_expression",
                     "scoped_identifier",
                     "try_expression",
                     "type_cast_expression",
                     "closure_expression",
                     "return_expression",
                     "parenthesized_expression",
                     "range_expression",
                     "for_expression",
                     "while_expression",
                     "loop_expression",
                     "break_expression",
                     "continue_expression",
                     "assignment_expression",
                     "compound_assignment_expr",
                     "generic_function",
                     "unsafe_block",
                     "unit_expression"},
      .initialized = {},
      .conditional = {"if_expression", "while_expression", "match_pattern"},
      .loops = {"for_expression", "loop_expression"},
      .cases = {},
      .functions = {"function_item"},
      .left_alone = {"const_item", "static_item", "attribute_item", "inner_attribute_item",
                     "macro_definition", "token_tree", "type_arguments", "array_type", "parameters",
                     "const_block", "use_declaration"},
      .has_errors = true,
      .bare_conditions = {},
      .throwing_call = {},
      .arms = {"match_arm", "closure_expression"},
      .skipped = is_skipped};
  return syntax;
}

}  // namespace leyden::qa
