#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/syntax/parser.h"

namespace leyden::evolve {

struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A program's text with its tree, and what of it may change: all, or what stands between lines with EVOLVE-BLOCK-START and
// EVOLVE-BLOCK-END, where there are such lines.
class Program {
 public:
  // Errors: unsupported (no grammar), those of the parser.
  [[nodiscard]] static Result<Program> parse(syntax::Language language, std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] syntax::Language language() const { return tree_.language(); }
  [[nodiscard]] syntax::Node root() const { return tree_.root(); }
  [[nodiscard]] bool has_errors() const { return tree_.has_errors(); }
  [[nodiscard]] bool may_change(std::size_t begin, std::size_t end) const;
  // What a change made of it; nothing, where it is the same or has syntax errors that this has not.
  [[nodiscard]] std::optional<Program> changed_to(std::string text) const;

 private:
  Program(std::string text, syntax::Tree tree) : text_(std::move(text)), tree_(std::move(tree)) {}
  std::string text_;
  syntax::Tree tree_;
  std::vector<ByteRange> open_;
};

// What may be changed, as one text: to see whether an answer keeps the rest as it is.
[[nodiscard]] std::string closed_text(const Program& program);

// `text`, whose lines but the first begin at column `from`, moved to column `to`.
[[nodiscard]] std::string reindented(std::string_view text, std::size_t from, std::size_t to);

// The column of the first character of the line that `at` is in.
[[nodiscard]] std::size_t indentation_at(std::string_view text, std::size_t at);

}  // namespace leyden::evolve
