#include "leyden/agents/review/fixes.h"

#include <algorithm>

#include "leyden/agents/review/code_shape.h"
#include "leyden/agents/review/source_file.h"

namespace leyden::review {
namespace {

constexpr std::size_t kContextLines = 3;

std::size_t errors_in(const SourceFile& file) {
  std::size_t out = 0;
  if (file.tree() == nullptr) return out;
  walk(file.tree()->root(), [&](syntax::Node node) {
    out += ts_node_is_error(node.get()) || ts_node_is_missing(node.get()) ? 1 : 0;
    return node.has_error();
  });
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

void append_line(std::string& out, char sign, std::string_view line) {
  out += sign;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

}  // namespace

Result<FixedFile> make_fixes(const std::string& path, const std::string& text,
                             const std::vector<const Finding*>& findings) {
  FixedFile out{.path = path, .text = text, .patch = {}};
  std::vector<Edit> edits;
  for (const Finding* finding : findings) {
    if (finding->fix.empty()) continue;
    const bool overlaps = std::ranges::any_of(finding->fix, [&](const Edit& edit) {
      return edit.range.end > text.size() || std::ranges::any_of(edits, [&](const Edit& made) {
               return edit.range.begin < made.range.end && made.range.begin < edit.range.end;
             });
    });
    if (overlaps) {
      ++out.left;
      continue;
    }
    edits.insert(edits.end(), finding->fix.begin(), finding->fix.end());
    ++out.made;
  }
  std::ranges::sort(edits, {}, [](const Edit& edit) { return edit.range.begin; });
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit)
    out.text.replace(edit->range.begin, edit->range.end - edit->range.begin, edit->text);
  if (errors_in(SourceFile::open(path, out.text)) > errors_in(SourceFile::open(path, text)))
    return fail(Errc::invalid_argument, "the fixes for {} would not parse", path);
  out.patch = unified_diff(path, text, out.text, edits);
  return out;
}

std::string unified_diff(const std::string& path, std::string_view before, std::string_view after,
                         const std::vector<Edit>& edits) {
  if (before == after) return {};
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  // Lines [first, last) of the old text that an edit touches; edits on neighbouring lines are one.
  struct Change {
    std::size_t first = 0, last = 0;  // Of the old lines.
    std::ptrdiff_t grows = 0;         // Lines that the new text has more.
  };
  std::vector<std::size_t> begins;
  std::size_t at = 0;
  for (const std::string_view line : old_lines) {
    begins.push_back(at);
    at += line.size();
  }
  const auto line_of = [&](std::size_t byte) {
    return static_cast<std::size_t>(std::ranges::upper_bound(begins, byte) - begins.begin()) - 1;
  };
  std::vector<Change> changes;
  for (const Edit& edit : edits) {
    const std::size_t first = old_lines.empty() ? 0 : line_of(edit.range.begin);
    const std::size_t last =
        old_lines.empty()
            ? 0
            : line_of(std::max(edit.range.begin, edit.range.end == 0 ? 0 : edit.range.end - 1)) + 1;
    const auto count = [](std::string_view text) {
      return static_cast<std::ptrdiff_t>(std::ranges::count(text, '\n'));
    };
    const std::ptrdiff_t grows =
        count(edit.text) -
        count(before.substr(edit.range.begin, edit.range.end - edit.range.begin));
    if (!changes.empty() && first < changes.back().last) {
      changes.back().last = std::max(changes.back().last, last);
      changes.back().grows += grows;
    } else {
      changes.push_back({.first = first, .last = last, .grows = grows});
    }
  }
  std::string out = fmt::format("--- a/{0}\n+++ b/{0}\n", path);
  std::ptrdiff_t moved = 0;  // How far lines behind the changes so far stand later in the new text.
  for (std::size_t i = 0; i < changes.size();) {
    std::size_t end = i + 1;
    while (end < changes.size() && changes[end].first <= changes[end - 1].last + 2 * kContextLines)
      ++end;
    const std::size_t from = changes[i].first - std::min(changes[i].first, kContextLines);
    const std::size_t to = std::min(changes[end - 1].last + kContextLines, old_lines.size());
    std::ptrdiff_t grows = 0;
    for (std::size_t k = i; k < end; ++k) grows += changes[k].grows;
    const auto new_from = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(from) + moved);
    const auto new_count = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(to - from) + grows);
    out += fmt::format("@@ -{},{} +{},{} @@\n", to == from ? from : from + 1, to - from,
                       new_count == 0 ? new_from : new_from + 1, new_count);
    std::size_t line = from;
    for (std::size_t k = i; k < end; ++k) {
      for (; line < changes[k].first; ++line) append_line(out, ' ', old_lines[line]);
      const auto new_first =
          static_cast<std::size_t>(static_cast<std::ptrdiff_t>(changes[k].first) + moved);
      for (; line < changes[k].last; ++line) append_line(out, '-', old_lines[line]);
      const auto new_last = static_cast<std::size_t>(
          static_cast<std::ptrdiff_t>(new_first + changes[k].last - changes[k].first) +
          changes[k].grows);
      for (std::size_t n = new_first; n < new_last && n < new_lines.size(); ++n)
        append_line(out, '+', new_lines[n]);
      moved += changes[k].grows;
    }
    for (; line < to; ++line) append_line(out, ' ', old_lines[line]);
    i = end;
  }
  return out;
}

}  // namespace leyden::review
