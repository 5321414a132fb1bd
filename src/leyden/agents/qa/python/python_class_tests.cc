#include "leyden/agents/qa/python/python_class_tests.h"

#include <algorithm>

#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {

using syntax::Node;

Node python_definition(Node statement) {
  return statement.type() == "decorated_definition" ? statement.field("definition") : statement;
}

bool is_python_test(Node definition, std::string_view text) {
  return definition.type() == "function_definition" &&
         definition.field("name").text(text).starts_with("test");
}

std::string text_of(const ClassTest& test) {
  return test.around + (test.around.ends_with(':') ? "\n" : "\n\n") + test.method;
}

std::vector<ClassTest> python_class_tests(Node statement, std::string_view text) {
  std::vector<ClassTest> out;
  const Node definition = python_definition(statement);
  if (definition.type() != "class_definition" ||
      !(definition.field("name").text(text).starts_with("Test") ||
        definition.field("superclasses")))
    return out;
  std::string around;
  std::size_t from = statement.begin();
  for (const Node member : definition.field("body").named_children()) {
    const Node method = python_definition(member);
    if (!is_python_test(method, text) && !member.has_error()) continue;
    const std::size_t line = text.rfind('\n', member.begin()) + 1;
    around += text.substr(from, std::max(line, from) - from);
    const std::size_t next = text.find_first_not_of(" \n\t\r", member.end());
    from = next == std::string_view::npos ? text.size() : text.rfind('\n', next) + 1;
    if (member.has_error()) continue;
    out.push_back({.name = std::string(method.field("name").text(text)),
                   .method = std::string(text.substr(line, member.end() - line)),
                   .around = {}});
  }
  if (from < statement.end()) around += text.substr(from, statement.end() - from);
  for (ClassTest& one : out) one.around = trimmed(around);
  return out;
}

std::vector<ClassTest> python_class_tests(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::python, text);
  if (!tree) return {};
  for (const Node statement : tree->root().named_children()) {
    if (auto out = python_class_tests(statement, text); !out.empty()) return out;
  }
  return {};
}

}  // namespace leyden::qa
