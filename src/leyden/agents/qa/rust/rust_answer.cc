#include "leyden/agents/qa/rust/rust_answer.h"

#include <string>
#include <utility>

#include "leyden/agents/qa/rust/rust_crate.h"
#include "leyden/agents/qa/rust/rust_text.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

// What a file has beside its tests; use declarations one name each.
Result<void> read_rest(const std::string& rest, SourceTest& out) {
  auto tree = syntax::parse(syntax::Language::rust, rest);
  if (!tree) return std::unexpected(tree.error());
  std::string attributes;  // Of the item behind them.
  for (const syntax::Node node : tree->root().named_children()) {
    const std::string_view text = node.text(rest);
    if (node.type() == "attribute_item" && text.find("cfg(test)") == std::string::npos) {
      attributes += std::string(text) + "\n";
    } else if (node.type() == "use_declaration") {
      for (std::string& path : rust_used_paths(node.field("argument").text(rest))) {
        if (!path.starts_with("super::")) out.imports.push_back(std::move(path));
      }
    } else if (node.type() != "line_comment" && node.type() != "extern_crate_declaration" &&
               node.type() != "inner_attribute_item" &&
               text.find("cfg(test)") == std::string::npos) {
      out.support.push_back(std::exchange(attributes, {}) + std::string(text));
    }
  }
  return {};
}

// "    x" of a module within it is "x".
std::string inner_of(syntax::Node module, std::string_view text) {
  const std::string_view body = module.field("body").text(text);
  return body.size() < 2 ? std::string() : std::string(trimmed(body.substr(1, body.size() - 2)));
}

}  // namespace

Result<std::vector<SourceTest>> rust_tests_in(std::string_view answer) {
  std::string code(code_of(answer));
  if (rust_placed_tests(code).empty()) {
    auto tree = syntax::parse(syntax::Language::rust, code);
    if (!tree) return std::unexpected(tree.error());
    std::string inner;
    for (const syntax::Node node : tree->root().named_children()) {
      if (node.type() == "mod_item" && node.field("body")) inner = inner_of(node, code);
    }
    code = std::move(inner);
  }
  SplitTests split = split_tests(code, rust_placed_tests(code));
  std::vector<SourceTest> out = std::move(split.tests);
  if (out.empty()) return fail(Errc::invalid_argument, "there is no function with #[test] in it");
  SourceTest shared;
  if (auto read = read_rest(split.between + std::string(split.behind), shared); !read)
    return std::unexpected(read.error());
  for (SourceTest& one : out) {
    one.imports = shared.imports;
    one.support = shared.support;
  }
  return out;
}

}  // namespace leyden::qa
