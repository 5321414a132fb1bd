#include "leyden/agents/review/source_file.h"

#include <algorithm>
#include <utility>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

// A run of tokens of which nothing could be made; tree-sitter's queries take quadratic time on one. Programs with errors have some hundred.
constexpr std::uint32_t kErrorChildrenMax = 10'000;

bool is_rubble(const syntax::Tree& tree) {
  bool found = false;
  if (!tree.has_errors()) return false;
  walk(tree.root(), [&](syntax::Node node) {
    found = found || (ts_node_is_error(node.get()) && node.child_count() > kErrorChildrenMax);
    return !found && node.has_error();
  });
  return found;
}

}  // namespace

SourceFile SourceFile::open(std::string path, std::string text) {
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
    auto tree = syntax::parse(file.language_, file.text_);
    if (tree && is_rubble(*tree)) {
      file.why_no_tree_ =
          fmt::format("is not {} as far as its parser can tell: too much of it is one syntax error",
                      syntax::to_string(file.language_));
    } else if (tree) {
      file.tree_ = *std::move(tree);
    } else {
      file.why_no_tree_ = tree.error().message;
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
