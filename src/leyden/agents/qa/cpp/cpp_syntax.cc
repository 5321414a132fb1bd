#include "leyden/agents/qa/cpp/cpp_syntax.h"

namespace leyden::qa {

const ProbeSyntax& cpp_probe_syntax() {
  static const ProbeSyntax syntax{
      .hit = "leyden_hit({});",
      .condition = "leyden_if(!!({}),{},{})",
      .throws = "leyden_throws({});",
      .blocks = {"compound_statement"},
      .statements = {"expression_statement", "return_statement", "if_statement", "while_statement",
                     "for_statement", "for_range_loop", "do_statement", "switch_statement",
                     "throw_statement", "break_statement", "continue_statement", "try_statement",
                     "goto_statement", "co_return_statement"},
      .initialized = {"init_declarator"},
      .conditional = {"if_statement", "while_statement", "do_statement", "for_statement",
                      "conditional_expression"},
      .loops = {"for_range_loop"},
      .cases = {"case_statement"},
      .functions = {"function_definition"},
      .left_alone = {"static_assert_declaration", "template_parameter_list",
                     "template_argument_list", "preproc_def", "preproc_function_def",
                     "requires_clause", "decltype", "sizeof_expression", "noexcept",
                     "enumerator_list", "parameter_list", "field_initializer_list",
                     "array_declarator", "concept_definition", "alias_declaration"},
      .has_errors = true};
  return syntax;
}

}  // namespace leyden::qa
