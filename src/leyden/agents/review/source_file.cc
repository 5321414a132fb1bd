#include "leyden/agents/review/source_file.h"

#include <algorithm>
#include <utility>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

// A run of tokens of which nothing could be made; tree-sitter's queries take quadratic time on one. Programs with errors have some hundred.
constexpr std::uint32_t kErrorChildrenMax = 10'000;
// tree-sitter's queries count depth in 16 bits and go astray in what is deeper. Programs that people write have some ten, tables that programs write some hundred.
constexpr std::size_t kDepthMax = 10'000;
constexpr std::size_t kNodesPerLook = 4096;  // At whether to stop.

}  // namespace

bool SourceFile::list_nodes(const std::stop_token& stop) {
  const syntax::Node root = tree_->root();
  const bool has_errors = tree_->has_errors();
  nodes_.reserve(ts_node_descendant_count(root.get()));
  behind_.reserve(nodes_.capacity());
  std::vector<std::uint32_t> open;  // Nodes around, outermost first.
  TSTreeCursor cursor = ts_tree_cursor_new(root.get());
  for (bool more = true; more && why_no_tree_.empty();) {
    const syntax::Node node(ts_tree_cursor_current_node(&cursor));
    const auto at = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(node);
    behind_.push_back(0);
    if (at % kNodesPerLook == 0 && stop.stop_requested()) why_no_tree_ = "interrupted";
    if (has_errors && ts_node_is_error(node.get()) && node.child_count() > kErrorChildrenMax)
      why_no_tree_ =
          fmt::format("is not {} as far as its parser can tell: too much of it is one syntax error",
                      syntax::to_string(language_));
    if (open.size() >= kDepthMax)
      why_no_tree_ = fmt::format("is nested more than {} levels deep", kDepthMax);
    if (ts_tree_cursor_goto_first_child(&cursor)) {
      open.push_back(at);
      continue;
    }
    behind_[at] = at + 1;
    while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
      more = ts_tree_cursor_goto_parent(&cursor);
      if (!more) break;
      behind_[open.back()] = static_cast<std::uint32_t>(nodes_.size());
      open.pop_back();
    }
  }
  ts_tree_cursor_delete(&cursor);
  return why_no_tree_.empty();
}

std::size_t SourceFile::place_of(syntax::Node node) const {
  if (!node) return nodes_.size();
  auto at = std::ranges::lower_bound(nodes_, node.begin(), {}, &syntax::Node::begin);
  while (at != nodes_.end() && *at != node) ++at;
  return static_cast<std::size_t>(at - nodes_.begin());
}

SourceFile SourceFile::open(std::string path, std::string text, std::stop_token stop) {
  SourceFile file;
  file.path_ = std::move(path);
  file.text_ = std::move(text);
  file.language_ = syntax::detect_language(file.path_, file.text_);
  file.line_begins_.push_back(0);
  for (std::size_t at = file.text_.find('\n'); at != std::string::npos;
       at = file.text_.find('\n', at + 1)) {
    if (at + 1 < file.text_.size()) file.line_begins_.push_back(at + 1);
  }
  if (syntax::has_grammar(file.language_)) {
    auto tree = syntax::parse(file.language_, file.text_, {}, stop);
    if (!tree) {
      file.why_no_tree_ = tree.error().message;
    } else {
      file.tree_ = *std::move(tree);
      if (!file.list_nodes(stop)) {
        file.tree_.reset();
        file.nodes_ = {};
        file.behind_ = {};
      }
    }
  }
  return file;
}

std::string_view SourceFile::line(std::size_t line) const {
  const std::size_t begin = line_begins_[line - 1];
  const std::size_t end = line < line_begins_.size() ? line_begins_[line] : text_.size();
  std::string_view out = std::string_view(text_).substr(begin, end - begin);
  while (out.ends_with('\n') || out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

std::size_t SourceFile::line_of(std::size_t byte) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(line_begins_, byte) -
                                  line_begins_.begin());
}

Range SourceFile::range(std::size_t begin, std::size_t end) const {
  const auto column = [&](std::size_t byte, std::size_t line) {
    const std::string_view before =
        std::string_view(text_).substr(line_begins_[line - 1], byte - line_begins_[line - 1]);
    return 1 + static_cast<std::size_t>(std::ranges::count_if(
                   before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
  };
  const std::size_t first = line_of(begin);
  const std::size_t last = line_of(end);
  return {.begin = begin,
          .end = end,
          .first_line = first,
          .first_column = column(begin, first),
          .last_line = last,
          .last_column = column(end, last)};
}

}  // namespace leyden::review
