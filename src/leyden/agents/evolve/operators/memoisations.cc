#include <fmt/format.h>

#include "leyden/agents/evolve/operators/rewrite_parts.h"

namespace leyden::evolve {
namespace {

using syntax::Language;
using syntax::Node;

void add_decorator(const Program& program, Node function, std::vector<Rewrite>& out) {
  if (function.parent().type() == "decorated_definition" ||
      function.field("parameters").named_child_count() == 0)
    return;
  Rewrite one{.edits = {},
              .what = fmt::format("line {}: {} keeps its answers", function.first_line(),
                                  function.field("name").text(program.text()))};
  add_head_line(program, "import functools", one.edits);
  one.edits.push_back(line_before(program, function, "@functools.lru_cache(maxsize=None)"));
  out.push_back(std::move(one));
}

struct Parameter {
  std::string type;  // With its const and &.
  std::string name;
};

// Empty where one has no name, or is more than a name with a type.
std::vector<Parameter> parameters_of(const Program& program, Node list) {
  std::vector<Parameter> out;
  for (const Node one : list.named_children()) {
    Node name = one.field("declarator");
    if (name.type() == "reference_declarator") name = name.named_child(0);
    if (one.type() != "parameter_declaration" || name.type() != "identifier") return {};
    std::string type(one.text(program.text()));
    type.erase(name.begin() - one.begin(), name.end() - name.begin());
    out.push_back({.type = std::move(type), .name = std::string(name.text(program.text()))});
  }
  return out;
}

// C++ has no decorators: the function gets another name, and one with its old name asks it for what is not known yet.
void add_table(const Program& program, Node function, std::vector<Rewrite>& out) {
  const Node declarator = function.field("declarator");
  const Node name = declarator.field("declarator");
  const std::string_view answer = function.field("type").text(program.text());
  const auto parameters = parameters_of(program, declarator.field("parameters"));
  if (declarator.type() != "function_declarator" || name.type() != "identifier" ||
      answer == "void" || answer == "auto" || parameters.empty())
    return;
  const std::string text(name.text(program.text()));
  const std::string computed = fresh_name(program, text + "_computed");
  const std::string head =
      program.text().substr(function.begin(), declarator.end() - function.begin());
  std::string types;
  std::string names;
  for (const Parameter& one : parameters) {
    types += fmt::format("{}std::decay_t<{}>", types.empty() ? "" : ", ", one.type);
    names += (names.empty() ? "" : ", ") + one.name;
  }
  Rewrite memoised{
      .edits = {},
      .what = fmt::format("line {}: {} keeps its answers", function.first_line(), text)};
  for (const char* header : {"#include <map>", "#include <tuple>", "#include <type_traits>"})
    add_head_line(program, header, memoised.edits);
  memoised.edits.push_back(line_before(program, function, head + ";"));
  memoised.edits.push_back(replacing(name, computed));
  memoised.edits.push_back(
      {.begin = function.end(),
       .end = function.end(),
       .text = fmt::format("\n{} {{\n  static std::map<std::tuple<{}>, std::decay_t<{}>> known;\n"
                           "  const std::tuple<{}> key({});\n"
                           "  const auto at = known.find(key);\n"
                           "  if (at != known.end()) return at->second;\n"
                           "  return known[key] = {}({});\n}}",
                           head, types, answer, types, names, computed, names),
       .what = {}});
  out.push_back(std::move(memoised));
}

}  // namespace

void add_memoisations(const Program& program, std::vector<Rewrite>& out) {
  for_each_node(program, [&](Node node) {
    if (node.type() != "function_definition" || !program.may_change(node.begin(), node.end()))
      return;
    if (program.language() == Language::python) add_decorator(program, node, out);
    if (program.language() == Language::cpp) add_table(program, node, out);
  });
}

}  // namespace leyden::evolve
