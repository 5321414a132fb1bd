#pragma once

#include <cstddef>
#include <optional>
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
  // `path` is told in findings; `text` is valid UTF-8. A text that can't be parsed (too large, made to hurt) has no tree, then
  // why_no_tree() says why.
  [[nodiscard]] static SourceFile open(std::string path, std::string text);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] syntax::Language language() const { return language_; }
  [[nodiscard]] const syntax::Tree* tree() const { return tree_ ? &*tree_ : nullptr; }
  [[nodiscard]] const std::string& why_no_tree() const { return why_no_tree_; }

  [[nodiscard]] std::size_t line_count() const { return line_begins_.size(); }
  // Without its end; `line` counts from 1.
  [[nodiscard]] std::string_view line(std::size_t line) const;
  [[nodiscard]] std::size_t line_of(std::size_t byte) const;  // From 1.
  [[nodiscard]] std::size_t line_begin(std::size_t line) const { return line_begins_[line - 1]; }
  [[nodiscard]] Range range(std::size_t begin, std::size_t end) const;
  [[nodiscard]] Range range(syntax::Node node) const { return range(node.begin(), node.end()); }

 private:
  std::string path_;
  std::string text_;
  syntax::Language language_{};
  std::vector<std::size_t> line_begins_;
  std::optional<syntax::Tree> tree_;
  std::string why_no_tree_;
};

}  // namespace leyden::review
