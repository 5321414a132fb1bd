#include "leyden/agents/review/diff/unified_diff.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace leyden::review {
namespace {

// "a\tb\"c\303\244" as git quotes paths; also unquoted ones. nullopt: not a path.
std::optional<std::string> unquoted(std::string_view text) {
  if (!text.starts_with('"')) return std::string(text);
  if (text.size() < 2 || !text.ends_with('"')) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case 'a':
        out += '\a';
        break;
      case 'b':
        out += '\b';
        break;
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'v':
        out += '\v';
        break;
      case 'f':
        out += '\f';
        break;
      case 'r':
        out += '\r';
        break;
      case '"':
      case '\\':
        out += text[i];
        break;
      default: {
        unsigned value = 0;
        const auto [end, error] =
            std::from_chars(text.data() + i, text.data() + std::min(i + 3, text.size()), value, 8);
        if (error != std::errc() || end != text.data() + i + 3 || value > 255) return std::nullopt;
        out += static_cast<char>(value);
        i += 2;
      }
    }
  }
  return out;
}

// Of "--- a/x" and "+++ b/x": `diff -u` puts a tab and a time behind the name.
std::optional<std::string> path_of(std::string_view text) {
  if (text.starts_with('"')) {
    const std::size_t end = text.rfind('"');
    return unquoted(text.substr(0, end + 1));
  }
  return std::string(text.substr(0, text.find('\t')));
}

std::string without_side(std::string path, char side, bool prefixed) {
  if (prefixed && path.size() > 2 && path[0] == side && path[1] == '/') path.erase(0, 2);
  return path;
}

bool read_number(std::string_view& text, std::size_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// "-1,2" or "-1", one line then.
bool read_span(std::string_view& text, char sign, std::size_t& first, std::size_t& count) {
  if (!text.starts_with(sign)) return false;
  text.remove_prefix(1);
  if (!read_number(text, first)) return false;
  count = 1;
  if (text.starts_with(',')) {
    text.remove_prefix(1);
    if (!read_number(text, count)) return false;
  }
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<std::vector<FileDiff>> run() {
    while (next()) {
      if (line_.starts_with("diff --git ")) {
        if (auto begun = begin_git(); !begun) return std::unexpected(begun.error());
      } else if (line_.starts_with("diff --cc ") || line_.starts_with("diff --combined ")) {
        return wrong("this is a combined diff of a merge: review one of `git diff PARENT MERGE`");
      } else if (line_.starts_with("@@@ ")) {
        return wrong("this is a combined diff of a merge: review one of `git diff PARENT MERGE`");
      } else if (line_.starts_with("--- ") && rest_.starts_with("+++ ")) {
        if (auto read = read_names(); !read) return std::unexpected(read.error());
      } else if (line_.starts_with("@@ -")) {
        if (auto read = read_hunk(); !read) return std::unexpected(read.error());
      } else if (open_) {
        read_header();
      }
    }
    for (FileDiff& file : files_) {
      if (file.submodule) continue;
      if (file.old_path.empty() && file.new_path.empty())
        return fail(Errc::invalid_argument, "the diff names no file");
    }
    return std::move(files_);
  }

 private:
  bool next() {
    if (rest_.empty()) return false;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line_ = rest_.substr(0, end);
    ended_ = end < rest_.size();
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    return true;
  }
  template <class... Args>
  [[nodiscard]] std::unexpected<Error> wrong(fmt::format_string<Args...> format,
                                             Args&&... args) const {
    return fail(Errc::invalid_argument, "line {} of the diff: {}", number_,
                fmt::format(format, std::forward<Args>(args)...));
  }

  // Names are taken from here only where nothing better comes: in a change of modes, in an empty file.
  Result<void> begin_git() {
    FileDiff& file = files_.emplace_back();
    open_ = true;
    named_ = false;
    std::string_view names = line_.substr(11);
    if (names.ends_with('\r')) names.remove_suffix(1);
    // "a/x b/x": both are equal, but perhaps quoted; with blanks in them the middle is where the halves agree.
    if (names.starts_with('"')) {
      std::size_t end = 1;
      while (end < names.size() && names[end] != '"') end += names[end] == '\\' ? 2 : 1;
      if (end + 2 >= names.size()) return {};
      auto old_name = unquoted(names.substr(0, end + 1));
      auto new_name = unquoted(names.substr(end + 2));
      if (!old_name || !new_name) return wrong("a quoted name that can't be read");
      file.old_path = without_side(*std::move(old_name), 'a', true);
      file.new_path = without_side(*std::move(new_name), 'b', true);
      return {};
    }
    if (names.size() % 2 == 1) {
      const std::size_t half = names.size() / 2;
      const std::string_view one = names.substr(0, half);
      const std::string_view other = names.substr(half + 1);
      const bool sides = one.starts_with("a/") && other.starts_with("b/");
      if (names[half] == ' ' && (sides ? one.substr(2) == other.substr(2) : one == other)) {
        file.old_path = without_side(std::string(one), 'a', sides);
        file.new_path = without_side(std::string(other), 'b', sides);
      }
    }
    return {};
  }

  void read_header() {
    FileDiff& file = files_.back();
    std::string_view line = line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto rest_of = [&](std::string_view head) -> std::optional<std::string_view> {
      if (!line.starts_with(head)) return std::nullopt;
      return line.substr(head.size());
    };
    if (const auto mode = rest_of("new file mode ")) {
      file.kind = FileDiff::Kind::added;
      file.new_mode = *mode;
      file.old_path.clear();
    } else if (const auto gone = rest_of("deleted file mode ")) {
      file.kind = FileDiff::Kind::deleted;
      file.old_mode = *gone;
      file.new_path.clear();
    } else if (const auto old_mode = rest_of("old mode ")) {
      file.old_mode = *old_mode;
    } else if (const auto new_mode = rest_of("new mode ")) {
      file.new_mode = *new_mode;
    } else if (const auto from = rest_of("rename from ")) {
      file.kind = FileDiff::Kind::renamed;
      file.old_path = unquoted(*from).value_or("");
    } else if (const auto to = rest_of("rename to ")) {
      file.new_path = unquoted(*to).value_or("");
    } else if (const auto copied = rest_of("copy from ")) {
      file.kind = FileDiff::Kind::copied;
      file.old_path = unquoted(*copied).value_or("");
    } else if (const auto copy = rest_of("copy to ")) {
      file.new_path = unquoted(*copy).value_or("");
    } else if (line.starts_with("Binary files ") || line == "GIT binary patch") {
      file.binary = true;
    } else if (const auto index = rest_of("index ")) {
      if (index->ends_with(" 160000")) file.submodule = true;
    }
    if (file.old_mode == "160000" || file.new_mode == "160000") file.submodule = true;
  }

  Result<void> read_names() {
    const auto old_name = path_of(line_.substr(4));
    next();
    const auto new_name = path_of(line_.substr(4));
    if (!old_name || !new_name) return wrong("a quoted name that can't be read");
    if (!open_ || named_) {  // `diff -u`: there is no head before.
      files_.emplace_back();
      open_ = true;
    }
    named_ = true;
    FileDiff& file = files_.back();
    const auto clean = [](std::string name) {
      if (name.ends_with('\r')) name.pop_back();
      return name;
    };
    const std::string from = clean(*old_name);
    const std::string to = clean(*new_name);
    const bool sides = (from.starts_with("a/") || from == "/dev/null") &&
                       (to.starts_with("b/") || to == "/dev/null");
    if (from == "/dev/null") {
      file.kind = FileDiff::Kind::added;
      file.old_path.clear();
    } else {
      file.old_path = without_side(from, 'a', sides);
    }
    if (to == "/dev/null") {
      file.kind = FileDiff::Kind::deleted;
      file.new_path.clear();
    } else {
      file.new_path = without_side(to, 'b', sides);
    }
    return {};
  }

  Result<void> read_hunk() {
    if (files_.empty() || !open_) return wrong("a hunk before any file is named");
    Hunk hunk;
    std::string_view head = line_.substr(3);
    if (!read_span(head, '-', hunk.old_first, hunk.old_count) || !head.starts_with(' '))
      return bad_head();
    head.remove_prefix(1);
    if (!read_span(head, '+', hunk.new_first, hunk.new_count) || !head.starts_with(" @@"))
      return bad_head();
    Left left{.old_lines = hunk.old_count, .new_lines = hunk.new_count};
    while (left.old_lines > 0 || left.new_lines > 0) {
      if (!next())
        return wrong("the diff ends within a hunk: {} old and {} new lines are missing",
                     left.old_lines, left.new_lines);
      if (auto read = read_line(hunk, left); !read) return read;
    }
    if (rest_.starts_with("\\ ")) {
      next();
      if (!hunk.lines.empty()) hunk.lines.back().without_newline = true;
    }
    if (is_word_diff(hunk)) return wrong("this is a word diff: leave out --word-diff");
    files_.back().hunks.push_back(std::move(hunk));
    return {};
  }

  struct Left {  // Lines that the hunk's head promises and that are still to come.
    std::size_t old_lines = 0;
    std::size_t new_lines = 0;
  };
  Result<void> read_line(Hunk& hunk, Left& left) const {
    DiffLine line;
    const char sign = line_.empty() ? ' ' : line_[0];  // Mailers strip the blank of an empty line.
    line.text = line_.empty() ? line_ : line_.substr(1);
    switch (sign) {
      case '\\':
        if (!hunk.lines.empty()) hunk.lines.back().without_newline = true;
        return {};
      case ' ':
      case '\t':
        line.kind = DiffLine::Kind::context;
        if (left.old_lines == 0 || left.new_lines == 0)
          return wrong("more lines than the hunk's head says");
        --left.old_lines;
        --left.new_lines;
        break;
      case '-':
        line.kind = DiffLine::Kind::removed;
        if (left.old_lines == 0) return wrong("more removed lines than the hunk's head says");
        --left.old_lines;
        break;
      case '+':
        line.kind = DiffLine::Kind::added;
        if (left.new_lines == 0) return wrong("more added lines than the hunk's head says");
        --left.new_lines;
        break;
      default:
        if (line_ == "~" || has_word_marks(line_))
          return wrong("this is a word diff: leave out --word-diff");
        return wrong("a line of a hunk begins with none of ' ', '+', '-' and '\\'");
    }
    hunk.lines.push_back(line);
    return {};
  }
  static bool has_word_marks(std::string_view line) {
    return line.find("{+") != std::string_view::npos || line.find("[-") != std::string_view::npos;
  }
  // All of its lines are context, and some hold the marks.
  static bool is_word_diff(const Hunk& hunk) {
    const auto changes = [](const DiffLine& line) { return line.kind != DiffLine::Kind::context; };
    const auto marked = [](const DiffLine& line) { return has_word_marks(line.text); };
    return std::ranges::none_of(hunk.lines, changes) && std::ranges::any_of(hunk.lines, marked);
  }
  [[nodiscard]] std::unexpected<Error> bad_head() const {
    return wrong("the head of a hunk is not \"@@ -1,2 +1,3 @@\"");
  }

  std::string_view rest_;
  std::string_view line_;
  bool ended_ = false;
  std::size_t number_ = 0;
  std::vector<FileDiff> files_;
  bool open_ = false;   // Lines are about the last of files_.
  bool named_ = false;  // It has had its "---" and "+++".
};

}  // namespace

Result<std::vector<FileDiff>> parse_diff(std::string_view text) { return Parser(text).run(); }

std::vector<std::pair<std::size_t, std::size_t>> FileDiff::changed_lines() const {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  const auto add = [&](std::size_t line) {
    if (!out.empty() && (out.back().second == line || out.back().second + 1 == line)) {
      out.back().second = line;
    } else {
      out.emplace_back(line, line);
    }
  };
  for (const Hunk& hunk : hunks) {
    std::size_t line = hunk.new_first + (hunk.new_count == 0 ? 1 : 0);
    bool added_here = false;
    std::size_t removed_at = 0;
    const auto end_of_block = [&] {
      if (removed_at > 0 && !added_here) add(std::max<std::size_t>(removed_at - 1, 1));
      removed_at = 0;
      added_here = false;
    };
    for (const DiffLine& each : hunk.lines) {
      switch (each.kind) {
        case DiffLine::Kind::context:
          end_of_block();
          ++line;
          break;
        case DiffLine::Kind::added:
          add(line++);
          added_here = true;
          break;
        case DiffLine::Kind::removed:
          removed_at = line;
          break;
      }
    }
    end_of_block();
  }
  return out;
}

Result<std::string> apply_in_reverse(const FileDiff& diff, std::string_view after) {
  std::string out;
  std::size_t line = 1;  // Of `after`, the next.
  const auto take = [&]() -> std::pair<std::string_view, bool> {
    const std::size_t end = after.find('\n');
    const std::string_view text = after.substr(0, end);
    const bool ended = end != std::string_view::npos;
    after.remove_prefix(ended ? end + 1 : after.size());
    ++line;
    return {text, ended};
  };
  for (const Hunk& hunk : diff.hunks) {
    const std::size_t begin = hunk.new_count == 0 ? hunk.new_first + 1 : hunk.new_first;
    while (line < begin) {
      if (after.empty())
        return fail(Errc::invalid_argument, "the file ends before line {}, where the diff goes on",
                    begin);
      const auto [text, ended] = take();
      out += text;
      if (ended) out += '\n';
    }
    for (const DiffLine& each : hunk.lines) {
      if (each.kind == DiffLine::Kind::removed) {
        out += each.text;
        if (!each.without_newline) out += '\n';
        continue;
      }
      const std::size_t at = line;
      if (after.empty())
        return fail(Errc::invalid_argument, "line {} is not there, which the diff names", at);
      const auto [text, ended] = take();
      if (text != each.text || ended == each.without_newline)
        return fail(Errc::invalid_argument, "line {} is not what the diff says", at);
      if (each.kind == DiffLine::Kind::added) continue;
      out += text;
      if (ended) out += '\n';
    }
  }
  out += after;
  return out;
}

}  // namespace leyden::review
