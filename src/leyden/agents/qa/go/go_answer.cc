#include "leyden/agents/qa/go/go_answer.h"

#include <string>
#include <utility>

#include "leyden/agents/qa/go/go_text.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {

Result<std::vector<SourceTest>> go_tests_in(std::string_view answer) {
  const std::string_view code = code_of(answer);
  SplitTests split = split_tests(code, go_placed_tests(code));
  std::vector<SourceTest> out = std::move(split.tests);
  if (out.empty())
    return fail(Errc::invalid_argument, "there is no func TestName(t *testing.T) in it");
  const std::string rest = split.between + std::string(split.behind);
  SourceTest shared;
  auto tree = syntax::parse(syntax::Language::go, rest);
  if (!tree) return std::unexpected(tree.error());
  for (const syntax::Node node : tree->root().named_children()) {
    const std::string_view text = node.text(rest);
    if (node.type() == "import_declaration") {
      for (std::size_t begin = text.find('"'); begin != std::string_view::npos;) {
        const std::size_t end = text.find('"', begin + 1);
        if (end == std::string_view::npos) break;
        shared.imports.emplace_back(text.substr(begin, end + 1 - begin));
        begin = text.find('"', end + 1);
      }
    } else if (node.type() != "package_clause" && node.type() != "comment") {
      shared.support.emplace_back(text);
    }
  }
  for (SourceTest& one : out) {
    one.imports = shared.imports;
    one.support = shared.support;
  }
  return out;
}

}  // namespace leyden::qa
