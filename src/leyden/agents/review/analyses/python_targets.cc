#include "leyden/agents/review/analyses/python_targets.h"

#include <string_view>

namespace leyden::review {

using syntax::Node;

void add_targets(Node target, bool is_part, std::vector<Target>& out) {
  const std::string_view type = target.type();
  if (type == "identifier") out.push_back({.name = target, .is_part = is_part});
  if (type != "pattern_list" && type != "tuple_pattern" && type != "list_pattern" &&
      type != "list_splat_pattern")
    return;
  for (std::uint32_t i = 0; i < target.named_child_count(); ++i)
    add_targets(target.named_child(i), true, out);
}

void add_targets_of(Node statement, std::vector<Target>& out) {
  const std::string_view type = statement.type();
  if (type == "assignment" && statement.parent().type() == "expression_statement" &&
      statement.field("right"))
    add_targets(statement.field("left"), false, out);
  if (type == "for_statement") add_targets(statement.field("left"), true, out);
  if (type == "as_pattern" && statement.parent().type() == "except_clause") {
    const Node alias = statement.field("alias");
    if (alias && alias.named_child_count() == 1) add_targets(alias.named_child(0), false, out);
  }
}

}  // namespace leyden::review
