#include "leyden/agents/qa/java/java_syntax.h"

namespace leyden::qa {

const ProbeSyntax& java_probe_syntax() {
  static const ProbeSyntax syntax{
      .hit = "leyden.Probes.hit({});",
      .condition = "leyden.Probes.when({},{},{})",
      .throws = "leyden.Probes.thrown({});",
      .blocks = {"block", "constructor_body"},
      .statements = {"expression_statement", "local_variable_declaration", "return_statement",
                     "if_statement", "for_statement", "enhanced_for_statement", "while_statement",
                     "do_statement", "switch_expression", "break_statement", "continue_statement",
                     "throw_statement", "try_statement", "try_with_resources_statement",
                     "synchronized_statement", "yield_statement", "assert_statement",
                     "labeled_statement"},
      .initialized = {},
      .conditional = {"if_statement", "while_statement", "do_statement", "for_statement",
                      "ternary_expression"},
      .loops = {"enhanced_for_statement"},
      .cases = {"switch_block_statement_group"},
      .functions = {"method_declaration", "constructor_declaration",
                    "compact_constructor_declaration", "lambda_expression"},
      .left_alone = {"annotation", "marker_annotation", "import_declaration", "package_declaration",
                     "modifiers", "type_arguments", "type_parameters", "formal_parameters",
                     "switch_label", "assert_statement"},
      .has_errors = true,
      .first_statement = "explicit_constructor_invocation",
      .binding = "instanceof_expression",
      .rule = "switch_rule",
      .yield = "yield"};
  return syntax;
}

const ProbeSyntax& java_stop_syntax() {
  static const ProbeSyntax syntax{
      .hit = "leyden.Probes.tick();",
      .condition = {},
      .throws = {},
      .blocks = {"block", "constructor_body"},
      .statements = {},
      .initialized = {},
      .conditional = {},
      .loops = {"enhanced_for_statement", "while_statement", "do_statement", "for_statement"},
      .cases = {},
      .functions = {"method_declaration", "lambda_expression"},
      .left_alone = java_probe_syntax().left_alone,
      .has_errors = false,
      .binding = "instanceof_expression"};
  return syntax;
}

}  // namespace leyden::qa
