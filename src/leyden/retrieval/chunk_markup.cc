#include <algorithm>
#include <array>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/retrieval/chunk_atoms.h"
#include "leyden/retrieval/chunk_structure.h"

namespace leyden::retrieval {
namespace {

using syntax::Language;

constexpr std::size_t kLevels = 6;
constexpr std::size_t kTitleBytes = 80;
// Above paragraphs by the heading's level.
constexpr std::uint16_t kHeadingRank = Cut::kBorder + 0x20;
constexpr std::uint16_t kItemRank = kLineRank + 1;

struct Heading {
  std::size_t level = 0;  // 1 to kLevels; 0: none.
  std::string_view title;
  std::size_t lines = 1;
};

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  return line.substr(0, line.find_last_not_of(kSpace) + 1);
}

// How many of `mark` the line begins with.
std::size_t run_of(std::string_view line, char mark) {
  return std::min(line.find_first_not_of(mark), line.size());
}

// "## Title ##": CommonMark's ATX headings, and AsciiDoc's and Org's with marks of their own.
Heading marked_heading(std::string_view line, char mark) {
  const std::size_t level = run_of(line, mark);
  if (level == 0 || level > kLevels) return {};
  if (level < line.size() && line[level] != ' ' && line[level] != '\t') return {};
  std::string_view title = trimmed(line.substr(level));
  const std::string_view open = title.substr(0, title.find_last_not_of(mark) + 1);
  if (open.empty() || open.ends_with(' ')) title = trimmed(open);
  return {.level = level, .title = title};
}

Heading tex_heading(std::string_view line) {
  static constexpr auto kCommands = std::to_array<std::string_view>(
      {"\\chapter", "\\section", "\\subsection", "\\subsubsection", "\\paragraph"});
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (!line.starts_with(kCommands[i])) continue;
    std::string_view rest = line.substr(kCommands[i].size());
    if (rest.starts_with('*')) rest.remove_prefix(1);
    if (!rest.starts_with('{')) continue;
    return {.level = i + 1, .title = rest.substr(1, rest.find_last_of('}') - 1)};
  }
  return {};
}

// The mark of a line of at least `least` equal punctuation marks; 0: it is another line.
char adornment(std::string_view line, std::size_t least) {
  if (line.size() < least || line.empty()) return 0;
  if (std::string_view("=-~^\"'#*+.:_`").find(line[0]) == std::string_view::npos) return 0;
  return run_of(line, line[0]) == line.size() ? line[0] : '\0';
}

// Code between lines of ``` or ~~~ (CommonMark 0.31, 4.5): what opens may say more, what closes may not, and is as long.
class Fence {
 public:
  // Whether the line is in a fence or one of its two ends.
  bool holds(std::string_view line) {
    const char mark = line.empty() ? '\0' : line[0];
    const std::size_t length = mark == '`' || mark == '~' ? run_of(line, mark) : 0;
    if (length_ == 0) {
      if (length < 3 || (mark == '`' && line.find('`', length) != std::string_view::npos))
        return false;
      mark_ = mark;
      length_ = length;
      return true;
    }
    if (mark == mark_ && length >= length_ && length == line.size()) length_ = 0;
    return true;
  }

 private:
  char mark_ = 0;
  std::size_t length_ = 0;  // 0: outside.
};

class Markup {
 public:
  Markup(Language language, std::string_view text, std::vector<Atom>& atoms)
      : language_(language), text_(text), atoms_(atoms) {}

  std::vector<Section> read() {
    std::size_t i = skip_front_matter();
    bool below_heading = false;
    while (i < atoms_.size()) {
      Atom& atom = atoms_[i];
      if (!atom.begins_line) {
        ++i;
        continue;
      }
      const bool fenced = language_ == Language::markdown && fence_.holds(line(i));
      const bool starts_fence = fenced && !std::exchange(in_fence_, fenced);
      in_fence_ = fenced;
      if (Heading heading = fenced ? Heading{} : heading_at(i); heading.level > 0) {
        atom.before.rank = static_cast<std::uint16_t>(kHeadingRank - heading.level);
        open_section(atom.begin, heading);
        i += heading.lines;
        below_heading = true;
        continue;
      }
      // A heading stays with what it is about, and a fence is not a place to tell paragraphs apart.
      if (!std::exchange(below_heading, false)) {
        if (after_blank(atoms_, i) && (!fenced || starts_fence))
          atom.before.rank = Cut::kBorder;
        else if (after_blank(atoms_, i) || begins_item(line(i)))
          atom.before.rank = kItemRank;
      }
      ++i;
    }
    while (!open_.empty()) close_section(text_.size());
    return std::move(sections_);
  }

 private:
  // Without its margin of up to 3 columns; a deeper one makes it no heading and no fence.
  [[nodiscard]] std::string_view line(std::size_t i) const {
    std::string_view all = text_.substr(atoms_[i].begin, atoms_[i].end - atoms_[i].begin);
    const std::size_t margin = run_of(all, ' ');
    if (margin > 3) return all.substr(0, all.find_last_not_of(" \t\r\n") + 1);
    return trimmed(all);
  }

  [[nodiscard]] bool is_line_below(std::size_t i) const {
    return i < atoms_.size() && !after_blank(atoms_, i) && atoms_[i].begins_line;
  }

  // Markdown's "---" block of settings at the top.
  std::size_t skip_front_matter() {
    if (language_ != Language::markdown || atoms_.empty() || atoms_[0].line != 1 ||
        line(0) != "---")
      return 0;
    constexpr std::size_t kLinesMax = 200;
    for (std::size_t i = 1; i < std::min(atoms_.size(), kLinesMax); ++i) {
      if (line(i) == "---") return i + 1;
    }
    return 0;
  }

  Heading heading_at(std::size_t i) {
    switch (language_) {
      case Language::markdown: {
        if (Heading heading = marked_heading(line(i), '#'); heading.level > 0) return heading;
        if (!after_blank(atoms_, i) || !is_line_below(i + 1)) return {};
        const char mark = adornment(line(i + 1), 2);
        if ((mark != '=' && mark != '-') || adornment(line(i), 1) != 0) return {};
        return {.level = mark == '=' ? 1U : 2U, .title = line(i), .lines = 2};
      }
      case Language::asciidoc:
        return marked_heading(line(i), '=');
      case Language::org:
        return marked_heading(line(i), '*');
      case Language::tex:
        return tex_heading(line(i));
      case Language::restructuredtext:
        return adorned_heading(i);
      default:
        return {};
    }
  }

  // reStructuredText: marks below a title, or above and below; which are whose is said by the order in which they come.
  Heading adorned_heading(std::size_t i) {
    if (!after_blank(atoms_, i) || !is_line_below(i + 1)) return {};
    const char over = adornment(line(i), 3);
    const std::size_t title = over != 0 ? i + 1 : i;
    if (!is_line_below(title + 1)) return {};
    const char under = adornment(line(title + 1), 3);
    if (under == 0 || (over != 0 && over != under) || adornment(line(title), 3) != 0) return {};
    const std::pair<char, bool> style(under, over != 0);
    auto known = std::ranges::find(styles_, style);
    if (known == styles_.end()) known = styles_.insert(known, style);
    const auto level = std::min<std::size_t>(known - styles_.begin() + 1, kLevels);
    return {.level = level, .title = line(title), .lines = over != 0 ? 3U : 2U};
  }

  static bool begins_item(std::string_view line) {
    const std::size_t digits = line.find_first_not_of("0123456789");
    if (digits != std::string_view::npos && digits > 0)
      return line.substr(digits).starts_with(". ") || line.substr(digits).starts_with(") ");
    return line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ");
  }

  void open_section(std::size_t begin, const Heading& heading) {
    while (!open_.empty() && open_.back().first >= heading.level) close_section(begin);
    std::optional<std::size_t> parent;
    if (!open_.empty()) parent = open_.back().second;
    open_.emplace_back(heading.level, sections_.size());
    sections_.push_back(
        {.begin = begin, .title = utf8::short_line(heading.title, kTitleBytes), .parent = parent});
  }

  void close_section(std::size_t end) {
    sections_[open_.back().second].end = end;
    open_.pop_back();
  }

  Language language_;
  std::string_view text_;
  std::vector<Atom>& atoms_;
  Fence fence_;
  bool in_fence_ = false;
  std::vector<std::pair<char, bool>> styles_;
  std::vector<std::pair<std::size_t, std::size_t>> open_;  // Level and index of each.
  std::vector<Section> sections_;
};

}  // namespace

std::vector<Section> structure_of_markup(Language language, std::string_view text,
                                         std::vector<Atom>& atoms) {
  return Markup(language, text, atoms).read();
}

}  // namespace leyden::retrieval
