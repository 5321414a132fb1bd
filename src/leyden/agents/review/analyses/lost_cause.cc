#include "leyden/agents/review/analyses/lost_cause.h"

#include <string_view>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

using syntax::Node;

// The handler around a statement, in the same function.
Node handler_around(Node node) {
  for (Node up = node.parent(); up; up = up.parent()) {
    if (up.type() == "except_clause") return up;
    if (up.type() == "function_definition" || up.type() == "class_definition") return {};
  }
  return {};
}

}  // namespace

void find_lost_causes(const CodeModel& model, const Rule&, const ReportHit& report) {
  if (model.file().tree() == nullptr) return;
  model.file().walk_nodes([&](Node node) {
    if (node.type() != "raise_statement") return true;
    const Node raised = node.named_child_count() > 0 ? node.named_child(0) : Node();
    if (!raised || raised.type() != "call" || node.field("cause") || !handler_around(node))
      return true;
    // `raise error.with_traceback(...)` is the same error.
    const Node callee = raised.field("function");
    if (callee.type() == "attribute" && model.text(callee.field("attribute")) == "with_traceback")
      return true;
    report({.begin = node.begin(), .end = node.end()});
    return true;
  });
}

}  // namespace leyden::review
