#include "leyden/retrieval/chunk.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace leyden::retrieval {
namespace {

enum class Kind { markup, code };

Kind kind_of(std::string_view path) {
  static constexpr std::array<std::string_view, 7> kMarkup = {".md",   ".markdown", ".rst", ".txt",
                                                              ".adoc", ".org",      ".tex"};
  std::string_view name = path.substr(
      path.find_last_of('/') == std::string_view::npos ? 0 : path.find_last_of('/') + 1);
  bool markup =
      name.find('.') == std::string_view::npos ||
      std::ranges::any_of(kMarkup, [&](std::string_view ending) { return name.ends_with(ending); });
  return markup ? Kind::markup : Kind::code;
}

struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;  // Behind the newline.
};

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

std::size_t heading_level(std::string_view line) {
  std::size_t level = line.find_first_not_of('#');
  return level == std::string_view::npos || level > 6 || line[level] != ' ' ? 0 : level;
}

// FNV-1a: any hash that spreads will do, it decides only where a cut is liked.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash ^ (hash >> 29);
}

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    lines.push_back({at, end});
    at = end;
  }
  return lines;
}

// Whether a block of its own begins with line i: a heading, a paragraph, a definition at the left margin.
class BlockStarts {
 public:
  BlockStarts(Kind kind, std::string_view text) : kind_(kind), text_(text) {}

  struct Start {
    bool block = false;
    bool section = false;  // A chunk begins here whatever its size.
  };
  Start next(Line at) {
    std::string_view line = text_.substr(at.begin, at.end - at.begin);
    bool after_blank = std::exchange(blank_, is_blank(line));
    if (blank_) return {};
    if (kind_ == Kind::code) {
      bool at_margin =
          line[0] != ' ' && line[0] != '\t' && line[0] != '}' && line[0] != ')' && line[0] != ']';
      return {.block = after_blank && at_margin, .section = false};
    }
    bool fence = line.starts_with("```") || line.starts_with("~~~");
    if (fence) in_fence_ = !in_fence_;
    if (in_fence_ && !fence) return {};
    std::size_t level = heading_level(line);
    return {.block = after_blank || level > 0, .section = level == 1 || level == 2};
  }

 private:
  Kind kind_;
  std::string_view text_;
  bool blank_ = true;
  bool in_fence_ = false;
};

// Grows a chunk line by line and closes it where the rules of chunk() say so.
class Chunker {
 public:
  Chunker(std::string_view text, const ChunkOptions& options) : text_(text), options_(options) {}

  void add(Line line, std::size_t number, BlockStarts::Start start) {
    std::size_t size = end_ - begin_;
    std::string_view content = text_.substr(line.begin, line.end - line.begin);
    bool liked = hash_of(content) % 4 == 0;
    // A cut that depends on the line alone brings the cuts of an edited text back to where they were.
    bool cut = start.section || size + content.size() > options_.max_bytes ||
               (start.block &&
                (size >= options_.target_bytes || (size >= options_.target_bytes / 3 && liked))) ||
               (!is_blank(content) && size >= options_.target_bytes && liked);
    if (cut) close();
    if (content.size() > options_.max_bytes) {
      close();
      add_long_line(line, number);
      return;
    }
    if (end_ == begin_) {
      if (is_blank(content)) return;  // A chunk begins with a line that says something.
      begin_ = line.begin;
      first_line_ = number;
    }
    end_ = line.end;
    if (!is_blank(content)) {
      text_end_ = line.end;
      last_line_ = number;
    }
  }

  std::vector<Chunk> finish() && {
    close();
    return std::move(chunks_);
  }

 private:
  void close() {
    if (end_ != begin_) chunks_.push_back({begin_, text_end_, first_line_, last_line_});
    begin_ = end_ = text_end_ = 0;
  }
  void add_long_line(Line line, std::size_t number) {
    for (std::size_t at = line.begin; at < line.end;) {
      std::size_t end = std::min(at + options_.target_bytes, line.end);
      while (end < line.end && end > at + 1 &&
             (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80)
        --end;
      if (!is_blank(text_.substr(at, end - at))) chunks_.push_back({at, end, number, number});
      at = end;
    }
  }

  std::string_view text_;
  const ChunkOptions& options_;
  std::vector<Chunk> chunks_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;       // Blank lines at the end included.
  std::size_t text_end_ = 0;  // Without them.
  std::size_t first_line_ = 1;
  std::size_t last_line_ = 1;
};

}  // namespace

Result<void> ChunkOptions::check() const {
  if (target_bytes < 64)
    return fail(Errc::invalid_argument, "target_bytes is {}: at least 64", target_bytes);
  if (max_bytes < target_bytes) {
    return fail(Errc::invalid_argument, "max_bytes ({}) is below target_bytes ({})", max_bytes,
                target_bytes);
  }
  return {};
}

std::vector<Chunk> chunk(std::string_view path, std::string_view text,
                         const ChunkOptions& options) {
  BlockStarts starts(kind_of(path), text);
  Chunker chunker(text, options);
  std::size_t number = 0;
  for (Line line : lines_of(text)) chunker.add(line, ++number, starts.next(line));
  return std::move(chunker).finish();
}

}  // namespace leyden::retrieval
