#include "leyden/agents/qa/go/go_syntax.h"

namespace leyden::qa {

const ProbeSyntax& go_probe_syntax() {
  static const ProbeSyntax syntax{
      .hit = "leydenHit({});",
      .condition = "leydenIf(bool({}),{},{})",
      .throws = "leydenThrows({});",
      .blocks = {"block", "statement_list"},
      .statements = {"expression_statement", "return_statement", "if_statement", "for_statement",
                     "expression_switch_statement", "type_switch_statement", "select_statement",
                     "break_statement", "continue_statement", "go_statement", "defer_statement",
                     "short_var_declaration", "assignment_statement", "inc_statement",
                     "dec_statement", "send_statement", "goto_statement", "labeled_statement"},
      .initialized = {},
      .conditional = {"if_statement", "for_clause"},
      .loops = {"for_statement"},
      .cases = {"expression_case", "default_case", "type_case", "communication_case"},
      .functions = {"function_declaration", "method_declaration", "func_literal"},
      .left_alone = {"const_declaration", "type_declaration", "import_declaration",
                     "parameter_list", "type_parameter_list", "label_name", "array_type"},
      .has_errors = true,
      .bare_conditions = {"for_statement"},
      .throwing_call = "panic("};
  return syntax;
}

}  // namespace leyden::qa
