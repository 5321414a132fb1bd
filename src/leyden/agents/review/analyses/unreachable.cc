#include "leyden/agents/review/analyses/unreachable.h"

#include <string_view>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

using syntax::Node;

// An expression that is a statement of its own: the jump within.
Node jump_of(const CodeModel& model, Node statement) {
  if (statement.type() == "expression_statement" && statement.named_child_count() == 1)
    statement = statement.named_child(0);
  return shape_of(model.language(), statement) == Shape::jump ? statement : Node();
}

bool may_stand_there(const CodeModel& model, Node node) {
  const std::string_view type = node.type();
  const Shape shape = shape_of(model.language(), node);
  return shape == Shape::comment || shape == Shape::function || shape == Shape::class_ ||
         type == "labeled_statement" || type == "case_statement" ||
         type == "variable_declaration" || type == "empty_statement" || type == "ERROR" ||
         type.starts_with("preproc") || type == "break_statement" || type == "heredoc_body" ||
         type.ends_with("_item") || type.starts_with("else") || type == "access_specifier" ||
         type == "text_interpolation" || type == "attribute_item";
}

}  // namespace

void find_unreachable_code(const CodeModel& model, const Rule&, const ReportHit& report) {
  if (model.file().tree() == nullptr) return;
  model.file().walk_nodes([&](Node node) {
    if (shape_of(model.language(), node) != Shape::block || node.has_error()) return true;
    Node jump;
    for (const Node statement : node.named_children()) {
      if (jump && !may_stand_there(model, statement)) {
        report({.begin = statement.begin(),
                .end = node.named_child(node.named_child_count() - 1).end(),
                .names = {{"jump", std::string(model.text(jump.child(0)))},
                          {"line", std::to_string(jump.first_line())}}});
        break;
      }
      if (jump && statement.type() == "labeled_statement") break;
      if (const Node found = jump_of(model, statement)) jump = found;
    }
    return true;
  });
}

}  // namespace leyden::review
