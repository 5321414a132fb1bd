#include "leyden/agents/review/argument_condition.h"

#include <algorithm>

namespace leyden::review {

using syntax::Node;

std::vector<Node> arguments_for(const ArgumentCondition& condition, const Call& call) {
  std::vector<Node> out;
  std::size_t position = 0;
  for (const Argument& one : call.arguments) {
    const bool named = !one.name.empty();
    if (condition.any || (named && one.name == condition.name) ||
        (!named && condition.at && *condition.at == position))
      out.push_back(one.value);
    if (!named) ++position;
  }
  return out;
}

bool may_give_more(const Call& call) {
  return std::ranges::any_of(call.arguments, [](const Argument& one) {
    return is_one_of(one.value.type(), {"dictionary_splat", "list_splat", "spread_element",
                                        "variadic_unpacking", "hash_splat_argument"});
  });
}

bool text_fits(const ArgumentCondition& condition, Node value, const CodeModel& model) {
  if (!condition.is.empty() &&
      std::ranges::find(condition.is, model.text(value)) == condition.is.end())
    return false;
  if (condition.matches && !condition.matches->find(model.text(value))) return false;
  if (!condition.string) return true;
  const auto text = model.constant_string(value);
  return text && condition.string->find(*text);
}

}  // namespace leyden::review
