#include "leyden/agents/qa/cpp/cpp_answer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "leyden/agents/qa/cpp/cpp_text.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

// Each of the outermost declarations with what stands before it; in one piece where that can't be told.
std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> out;
  auto tree = syntax::parse(syntax::Language::cpp, text);
  if (trimmed(text).empty()) return out;
  if (!tree || tree->has_errors()) return {std::string(trimmed(text))};
  std::size_t begin = 0;
  for (const syntax::Node node : tree->root().named_children()) {
    if (node.type() == "comment") continue;
    std::size_t end = node.end();
    if (end < text.size() && text[end] == ';') ++end;
    out.emplace_back(trimmed(text.substr(begin, end - begin)));
    begin = end;
  }
  return out;
}

}  // namespace

Result<std::vector<SourceTest>> cpp_tests_in(std::string_view answer) {
  const std::string_view code = code_of(answer);
  std::vector<std::string> imports;
  std::string support;
  SplitTests split = split_tests(code, cpp_placed_tests(code));
  std::vector<SourceTest> out = std::move(split.tests);
  const std::string& rest = split.between;
  if (out.empty()) return fail(Errc::invalid_argument, "there is no TEST(Suite, Name) in it");
  for (std::size_t begin = 0; begin < rest.size();) {
    const std::size_t end = std::min(rest.find('\n', begin), rest.size());
    const std::string line = rest.substr(begin, end - begin);
    if (line.starts_with("#include")) {
      imports.push_back(line);
    } else if (!line.empty() || (!support.empty() && !support.ends_with("\n\n"))) {
      support += line + "\n";
    }
    begin = end + 1;
  }
  const std::vector<std::string> pieces = pieces_of(support);
  for (SourceTest& one : out) {
    one.imports = imports;
    one.support = pieces;
  }
  return out;
}

}  // namespace leyden::qa
