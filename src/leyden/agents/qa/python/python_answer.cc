#include "leyden/agents/qa/python/python_answer.h"

#include <algorithm>
#include <set>
#include <string>

#include "leyden/agents/qa/python/python_class_tests.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Node;

// The text of a test without the assertions of its body that it has had before.
std::string without_repeats(Node definition, std::string_view code, Node whole) {
  std::string out;
  std::set<std::string_view> seen;
  std::size_t from = whole.begin();
  for (const Node statement : definition.field("body").named_children()) {
    if (statement.type() != "assert_statement" || seen.insert(statement.text(code)).second)
      continue;
    std::size_t begin = statement.begin();
    while (begin > from && (code[begin - 1] == ' ' || code[begin - 1] == '\t')) --begin;
    if (begin > from && code[begin - 1] == '\n') --begin;
    out += code.substr(from, begin - from);
    from = statement.end();
  }
  return std::string(trimmed(out + std::string(code.substr(from, whole.end() - from))));
}

// The code in an answer. One that was cut off has no second fence and ends within something: the last paragraphs go, as far as that does not parse. A class
// whose end is missing would be none.
std::string_view whole_code_of(std::string_view answer) {
  const std::string_view code = code_of(answer);
  const std::size_t fence = answer.find("```");
  if (fence == std::string_view::npos || answer.find("```", fence + 3) != std::string_view::npos)
    return code;
  for (std::string_view out = code; !out.empty();) {
    auto tree = syntax::parse(syntax::Language::python, out);
    if (tree && !tree->has_errors()) return out;
    const std::size_t end = out.rfind("\n\n");
    if (end == std::string_view::npos) break;
    out = out.substr(0, end);
  }
  return code;
}

void import_what_it_uses(SourceTest& one, std::string_view module,
                         const std::vector<Function>& functions) {
  const std::string all = joined(one.support, "\n") + "\n" + one.text;
  const auto imported = [&](std::string_view name) {
    return std::ranges::any_of(one.imports,
                               [&](const std::string& line) { return has_word(line, name); });
  };
  for (const std::string runner : {"pytest", "unittest"}) {
    if (has_word(all, runner) && !imported(runner)) one.imports.push_back("import " + runner);
  }
  for (const Function& function : functions) {
    const std::string& name = function.class_name.empty() ? function.name : function.class_name;
    if (has_word(all, name) && !imported(name))
      one.imports.push_back(fmt::format("from {} import {}", module, name));
  }
}

}  // namespace

Result<std::vector<SourceTest>> python_tests_in(std::string_view answer, std::string_view module,
                                                const std::vector<Function>& functions) {
  const std::string_view code = whole_code_of(answer);
  if (trimmed(code).empty()) return fail(Errc::invalid_argument, "the answer is empty");
  auto tree = syntax::parse(syntax::Language::python, code);
  if (!tree) return std::unexpected(tree.error());
  std::vector<SourceTest> out;
  std::vector<std::string> imports;
  std::vector<std::string> support;
  std::string broken;
  for (const Node node : tree->root().named_children()) {
    const std::string text(trimmed(code.substr(node.begin(), node.end() - node.begin())));
    const std::string_view type = node.type();
    const Node definition = python_definition(node);
    if (const auto of_class = python_class_tests(node, code); !of_class.empty()) {
      for (const ClassTest& one : of_class)
        out.push_back({.name = one.name, .text = text_of(one), .imports = {}, .support = {}});
    } else if (node.has_error() || type == "ERROR") {
      broken = text.substr(0, text.find('\n'));
    } else if (type == "import_statement" || type == "import_from_statement") {
      imports.push_back(text);
    } else if (is_python_test(definition, code)) {
      out.push_back({.name = std::string(definition.field("name").text(code)),
                     .text = without_repeats(definition, code, node),
                     .imports = {},
                     .support = {}});
    } else if (type == "function_definition" || type == "decorated_definition" ||
               type == "class_definition" || type == "try_statement" ||
               (type == "expression_statement" && node.named_child(0).type() == "assignment")) {
      support.push_back(text);
    }
  }
  if (out.empty()) {
    if (!broken.empty())
      return fail(Errc::invalid_argument, "the answer does not parse, at: {}",
                  broken.substr(0, 120));
    return fail(Errc::invalid_argument, "the answer has no function whose name begins with test");
  }
  for (SourceTest& one : out) {
    one.imports = imports;
    one.support = support;
    import_what_it_uses(one, module, functions);
  }
  return out;
}

}  // namespace leyden::qa
