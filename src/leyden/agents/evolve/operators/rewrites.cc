#include "leyden/agents/evolve/operators/rewrites.h"

#include <map>

#include <fmt/format.h>

#include "leyden/agents/evolve/operators/rewrite_parts.h"

namespace leyden::evolve {
namespace {

using syntax::Language;
using syntax::Node;

constexpr std::size_t kDepthMax = 400;

void walk(Node node, std::size_t depth, const std::function<void(Node)>& visit) {
  if (depth > kDepthMax) return;
  visit(node);
  for (const Node child : node.named_children()) walk(child, depth + 1, visit);
}

// Documentation and what must be the first of a file.
bool stays_first(Node node) {
  return node.type() == "comment" || node.type() == "future_import_statement" ||
         (node.type() == "expression_statement" && node.named_child(0).type() == "string");
}

}  // namespace

void for_each_node_in(Node root, const std::function<void(Node)>& visit) { walk(root, 0, visit); }

void for_each_node(const Program& program, const std::function<void(Node)>& visit) {
  walk(program.root(), 0, visit);
}

Edit replacing(Node node, std::string text) {
  return {.begin = node.begin(), .end = node.end(), .text = std::move(text), .what = {}};
}

Edit line_before(const Program& program, Node statement, std::string_view line) {
  const std::size_t column = indentation_at(program.text(), statement.begin());
  const std::size_t begin = program.text().rfind('\n', statement.begin());
  const std::size_t at = begin == std::string::npos ? 0 : begin + 1;
  const char space = program.text()[at] == '\t' ? '\t' : ' ';
  return {.begin = statement.begin(),
          .end = statement.begin(),
          .text = fmt::format("{}\n{}", line, std::string(column, space)),
          .what = {}};
}

void add_head_line(const Program& program, std::string_view line, std::vector<Edit>& edits) {
  if (program.text().find(line) != std::string::npos) return;
  for (const Node node : program.root().named_children()) {
    if (stays_first(node) || !program.may_change(node.begin(), node.end())) continue;
    edits.push_back({.begin = node.begin(),
                     .end = node.begin(),
                     .text = fmt::format("{}\n", line),
                     .what = {}});
    return;
  }
}

std::string fresh_name(const Program& program, std::string_view stem) {
  std::string out(stem);
  for (int i = 2; program.text().find(out) != std::string::npos; ++i)
    out = fmt::format("{}{}", stem, i);
  return out;
}

bool is_loop(Node node) {
  const std::string_view type = node.type();
  return type == "for_statement" || type == "while_statement" || type == "for_range_loop" ||
         type == "do_statement";
}

std::vector<Rewrite> rewrites_of(const Program& program) {
  std::vector<Rewrite> out;
  const Language language = program.language();
  if (language != Language::python && language != Language::cpp && language != Language::c)
    return out;
  add_loop_rewrites(program, out);
  add_container_rewrites(program, out);
  add_memoisations(program, out);
  return out;
}

std::optional<std::string> applied(const Program& program, const Rewrite& rewrite) {
  // What is put in at one place stays in its order.
  std::multimap<std::size_t, const Edit*> edits;
  for (const Edit& edit : rewrite.edits) edits.emplace(edit.begin, &edit);
  std::string text;
  std::size_t at = 0;
  for (const auto& [_, each] : edits) {
    const Edit& edit = *each;
    if (edit.begin < at || !program.may_change(edit.begin, edit.end)) return std::nullopt;
    text.append(program.text(), at, edit.begin - at);
    text += edit.text;
    at = edit.end;
  }
  text.append(program.text(), at);
  if (!program.changed_to(text)) return std::nullopt;
  return text;
}

}  // namespace leyden::evolve
