#include "leyden/agents/evolve/operators/program.h"

#include <algorithm>

namespace leyden::evolve {
namespace {

constexpr std::string_view kBlockStart = "EVOLVE-BLOCK-START";
constexpr std::string_view kBlockEnd = "EVOLVE-BLOCK-END";

std::vector<ByteRange> open_ranges(std::string_view text) {
  std::vector<ByteRange> out;
  std::size_t at = 0;
  while ((at = text.find(kBlockStart, at)) != std::string_view::npos) {
    const std::size_t begin = std::min(text.find('\n', at), text.size());
    const std::size_t mark = text.find(kBlockEnd, begin);
    const std::size_t end =
        mark == std::string_view::npos ? text.size() : text.rfind('\n', mark) + 1;
    if (end > begin) out.push_back({begin, end});
    at = std::max(begin, end);
  }
  if (out.empty()) out.push_back({0, text.size()});
  return out;
}

}  // namespace

Result<Program> Program::parse(syntax::Language language, std::string text) {
  auto tree = syntax::parse(language, text);
  if (!tree) return std::unexpected(tree.error());
  Program out(std::move(text), *std::move(tree));
  out.open_ = open_ranges(out.text_);
  return out;
}

bool Program::may_change(std::size_t begin, std::size_t end) const {
  return std::ranges::any_of(
      open_, [&](const ByteRange& range) { return range.begin <= begin && end <= range.end; });
}

std::optional<Program> Program::changed_to(std::string text) const {
  if (text == text_) return std::nullopt;
  auto out = parse(language(), std::move(text));
  if (!out || (out->has_errors() && !has_errors())) return std::nullopt;
  return *std::move(out);
}

std::string closed_text(const Program& program) {
  std::string out;
  const std::string& text = program.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!program.may_change(i, i + 1)) out += text[i];
  }
  return out;
}

std::string reindented(std::string_view text, std::size_t from, std::size_t to) {
  if (from == to) return std::string(text);
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    std::string_view line = text.substr(begin, end - begin);
    if (begin > 0 && line != "\n") {
      const std::size_t spaces = std::min(line.find_first_not_of(" \t"), line.size());
      out += std::string(std::max(spaces + to, from) - from, line.starts_with('\t') ? '\t' : ' ');
      line.remove_prefix(spaces);
    }
    out += line;
    begin = end;
  }
  return out;
}

std::size_t indentation_at(std::string_view text, std::size_t at) {
  const std::size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0.
  std::size_t column = 0;
  while (line + column < text.size() && (text[line + column] == ' ' || text[line + column] == '\t'))
    ++column;
  return column;
}

}  // namespace leyden::evolve
