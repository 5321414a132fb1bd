#include "leyden/agents/qa/javascript/javascript_answer.h"

#include <string>
#include <utility>

#include "leyden/agents/qa/javascript/javascript_jest.h"
#include "leyden/agents/qa/javascript/javascript_source.h"
#include "leyden/agents/qa/javascript/javascript_strip.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Node;

// Without types: a model that is told of a TypeScript file may write them. What has none stays as it is.
std::string without_types(std::string_view code) {
  auto tree = syntax::parse(syntax::Language::javascript, code);
  if (!tree || !tree->has_errors()) return std::string(code);
  auto stripped = javascript_of_typescript(code);
  if (!stripped) return std::string(code);
  if (!stripped->additions.empty()) return stripped->whole();
  std::string out;
  bool dropped = false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char left = stripped->text[i];
    if (left == ' ' && code[i] != ' ') {
      dropped = true;
      continue;
    }
    if (std::exchange(dropped, false)) {
      while (out.ends_with(' ') && std::string_view(" ),;").find(left) != std::string_view::npos)
        out.pop_back();
    }
    out += left;
  }
  return out;
}

// The body of the first function among a call's arguments: `describe("x", () => { ... })`.
Node body_of_callback(Node call) {
  for (const Node argument : call.field("arguments").named_children()) {
    if (argument.field("body").type() == "statement_block") return argument.field("body");
  }
  return {};
}

class AnswerReader {
 public:
  explicit AnswerReader(std::string_view code) : code_(code) {}

  // `before`: what stands before each test's own statements, since beforeEach() says so.
  void read(Node parent, std::string before) {
    for (const Node node : parent.named_children()) {
      const std::string_view type = node.type();
      const Node call = type == "expression_statement" ? node.named_child(0) : Node();
      const std::string_view called = call.field("function").text(code_);
      if (node.has_error() || type == "ERROR") {
        const std::string_view text = trimmed(node.text(code_));
        broken = text.substr(0, text.find('\n'));
      } else if (type == "import_statement" ||
                 (type == "lexical_declaration" &&
                  node.text(code_).find("require(") != std::string_view::npos)) {
        imports.emplace_back(node.text(code_));
      } else if (auto name = javascript_test_name(node, code_)) {
        tests.push_back({.name = *std::move(name),
                         .text = with_before(node, before),
                         .imports = {},
                         .support = {}});
      } else if (called == "describe") {
        read(body_of_callback(call), before);
      } else if (called == "beforeEach") {
        const std::string_view block = body_of_callback(call).text(code_);
        if (block.size() > 2) before += trimmed(block.substr(1, block.size() - 2));
      } else if (type == "function_declaration" || type == "class_declaration" ||
                 type == "lexical_declaration" || type == "variable_declaration") {
        support.emplace_back(node.text(code_));
      }
    }
  }

  std::vector<SourceTest> tests;
  std::vector<std::string> imports;
  std::vector<std::string> support;
  std::string broken;  // The line that does not parse.

 private:
  [[nodiscard]] std::string with_before(Node statement, const std::string& before) const {
    std::string out(statement.text(code_));
    const Node body = body_of_callback(statement.named_child(0));
    if (!before.empty() && body)
      out.insert(body.begin() + 1 - statement.begin(), "\n    " + before);
    return out;
  }

  std::string_view code_;
};

}  // namespace

Result<std::vector<SourceTest>> javascript_tests_in(std::string_view answer) {
  if (trimmed(code_of(answer)).empty()) return fail(Errc::invalid_argument, "the answer is empty");
  const std::string code = node_assertions_of(without_types(code_of(answer)));
  auto tree = syntax::parse(syntax::Language::javascript, code);
  if (!tree) return std::unexpected(tree.error());
  AnswerReader reader(code);
  reader.read(tree->root(), "");
  if (reader.tests.empty()) {
    if (!reader.broken.empty())
      return fail(Errc::invalid_argument, "the answer does not parse, at: {}",
                  reader.broken.substr(0, 120));
    return fail(Errc::invalid_argument, "the answer has no call of test() with a name");
  }
  for (SourceTest& one : reader.tests) {
    one.imports = reader.imports;
    one.support = reader.support;
  }
  return std::move(reader.tests);
}

}  // namespace leyden::qa
