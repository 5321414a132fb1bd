#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/base/result.h"
#include "leyden/syntax/parser.h"

namespace leyden::review {

// A file under review: its text, where its lines are, and its syntax tree where there is a grammar. const is safe to share.
class SourceFile {
 public:
  // `path` is told in findings; `text` is valid UTF-8. A text that can't be parsed (too large, too deep, made to hurt, stopped) has no
  // tree, then why_no_tree() says why.
  [[nodiscard]] static SourceFile open(std::string path, std::string text,
                                       std::stop_token stop = {});

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] syntax::Language language() const { return language_; }
  [[nodiscard]] const syntax::Tree* tree() const { return tree_ ? &*tree_ : nullptr; }
  [[nodiscard]] const std::string& why_no_tree() const { return why_no_tree_; }
  // walk() over the tree, or over the part below a node of it, from a list: it is gone through many times, and a cursor's steps cost most of each.
  template <class Visit>
  void walk_nodes(Visit&& visit) const {
    walk_listed(0, nodes_.size(), visit);
  }
  template <class Visit>
  void walk_below(syntax::Node node, Visit&& visit) const {
    const std::size_t at = place_of(node);
    if (at < nodes_.size()) walk_listed(at, behind_[at], visit);
  }

  [[nodiscard]] std::size_t line_count() const { return line_begins_.size(); }
  // Without its end; `line` counts from 1.
  [[nodiscard]] std::string_view line(std::size_t line) const;
  [[nodiscard]] std::size_t line_of(std::size_t byte) const;  // From 1.
  [[nodiscard]] std::size_t line_begin(std::size_t line) const { return line_begins_[line - 1]; }
  [[nodiscard]] Range range(std::size_t begin, std::size_t end) const;
  [[nodiscard]] Range range(syntax::Node node) const { return range(node.begin(), node.end()); }

 private:
  template <class Visit>
  void walk_listed(std::size_t at, std::size_t end, Visit&& visit) const {
    while (at < end) at = visit(nodes_[at]) ? at + 1 : behind_[at];
  }
  [[nodiscard]] std::size_t place_of(syntax::Node node) const;
  // Whether the tree can be reviewed; else why_no_tree_ says why not.
  bool list_nodes(const std::stop_token& stop);

  std::string path_;
  std::string text_;
  syntax::Language language_{};
  std::vector<std::size_t> line_begins_;
  std::optional<syntax::Tree> tree_;
  std::string why_no_tree_;
  std::vector<syntax::Node> nodes_;    // Of the tree, in the order of the text, parents first.
  std::vector<std::uint32_t> behind_;  // Of each node: the first that is not below it.
};

}  // namespace leyden::review
