#include "leyden/agents/qa/go/go_syntax.h"

namespace leyden::qa {

GoReceiver go_receiver(syntax::Node method, std::string_view text) {
  const syntax::Node receiver = method.field("receiver").named_child(0);
  const syntax::Node type = receiver.field("type");
  const bool by_pointer = type.type() == "pointer_type";
  return {.name = receiver.field("name").text(text),
          .type = by_pointer ? type.named_child(0) : type,
          .by_pointer = by_pointer};
}

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
