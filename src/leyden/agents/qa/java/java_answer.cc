#include "leyden/agents/qa/java/java_answer.h"

#include <string>
#include <utility>

#include "leyden/agents/qa/java/java_text.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

// Imports, and what else stands beside the tests of the class.
void read_rest(const std::string& rest, SourceTest& out) {
  auto tree = syntax::parse(syntax::Language::java, rest);
  if (!tree) return;
  const auto add = [&](syntax::Node node) { out.support.emplace_back(node.text(rest)); };
  bool seen_class = false;
  for (const syntax::Node node : tree->root().named_children()) {
    if (node.type() == "import_declaration") {
      out.imports.emplace_back(node.text(rest));
    } else if (node.type() == "class_declaration" && !std::exchange(seen_class, true)) {
      for (const syntax::Node member : node.field("body").named_children()) {
        if (!member.type().ends_with("comment")) add(member);
      }
    } else if (node.type().ends_with("_declaration") && node.type() != "package_declaration") {
      add(node);
    }
  }
}

}  // namespace

Result<std::vector<SourceTest>> java_tests_in(std::string_view answer) {
  std::string code(code_of(answer));
  if (java_placed_tests(code).empty()) code = "class Tests {\n" + code + "\n}\n";
  SplitTests split = split_tests(code, java_placed_tests(code));
  std::vector<SourceTest> out = std::move(split.tests);
  if (out.empty()) return fail(Errc::invalid_argument, "there is no method with @Test in it");
  SourceTest shared;
  read_rest(split.between + std::string(split.behind), shared);
  for (SourceTest& one : out) {
    one.imports = shared.imports;
    one.support = shared.support;
  }
  return out;
}

}  // namespace leyden::qa
