#include "leyden/agents/qa/helpers.h"

#include <algorithm>

#include "leyden/syntax/definitions.h"

namespace leyden::qa {
namespace {

using syntax::Definition;
using syntax::DefinitionKind;

bool overlaps(const Function& function, const Definition& definition) {
  return function.begin < definition.end && definition.begin < function.end;
}

// What decorators say: another definition is the one that runs.
bool is_declared_only(const Definition& definition, std::string_view text) {
  const std::string_view before =
      text.substr(definition.begin, definition.name_begin - definition.begin);
  return before.find("@overload") != std::string_view::npos ||
         before.find(".overload") != std::string_view::npos ||
         before.find("abstract") != std::string_view::npos;
}

std::string class_around(const Definition& definition, const std::vector<Definition>& all) {
  if (!definition.parent) return {};
  const Definition& around = all[*definition.parent];
  const bool is_class =
      around.kind != DefinitionKind::function && around.kind != DefinitionKind::method;
  return is_class ? around.name : std::string();
}

}  // namespace

void add_helpers(const syntax::Tree& tree, std::string_view text,
                 std::vector<Function>& functions) {
  const std::vector<Definition> all = syntax::definitions(tree, text);
  for (const Definition& one : all) {
    if (one.kind != DefinitionKind::function && one.kind != DefinitionKind::method) continue;
    if (one.name.starts_with("test_") || is_declared_only(one, text)) continue;
    if (std::ranges::any_of(functions, [&](const Function& known) { return overlaps(known, one); }))
      continue;
    Function helper;
    helper.name = one.name;
    helper.class_name = class_around(one, all);
    helper.begin = one.begin;
    helper.end = one.end;
    helper.first_line = one.first_line;
    helper.last_line = one.last_line;
    helper.uncallable = "no test can call it, and no call that was tried reaches it";
    functions.push_back(std::move(helper));
  }
}

}  // namespace leyden::qa
