#include "leyden/agents/qa/literals.h"

#include <charconv>

#include "leyden/base/ascii.h"

namespace leyden::qa {
std::optional<std::int64_t> whole_number(std::string text) {
  std::erase(text, '_');
  int base = 10;
  std::size_t at = 0;
  if (text.size() > 2 && text[0] == '0') {
    const char kind = text[1];
    base = kind == 'x' || kind == 'X'   ? 16
           : kind == 'b' || kind == 'B' ? 2
           : kind == 'o' || kind == 'O' ? 8
                                        : 10;
    at = base == 10 ? 0 : 2;
  }
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), out, base);
  if (error != std::errc{} || end != text.data() + text.size() || out > (std::int64_t{1} << 53))
    return std::nullopt;
  return out;
}

void add_number(const std::string& text, bool negative, Literals& out) {
  if (const auto whole = whole_number(text)) {
    add_literal(out.integers, negative ? -*whole : *whole);
    return;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size())
    add_literal(out.reals, negative ? -value : value);
}

void merge_literals(const Literals& more, Literals& out) {
  for (const std::int64_t one : more.integers) add_literal(out.integers, one);
  for (const double one : more.reals) add_literal(out.reals, one);
  for (const std::string& one : more.texts) add_literal(out.texts, one);
}

void read_doc_literals(std::string_view doc, Literals& out, std::size_t text_bytes_max) {
  for (std::size_t i = 0; i < doc.size(); ++i) {
    const char c = doc[i];
    const bool starts = i == 0 || !is_word(doc[i - 1]);
    if ((c == '"' || c == '\'') && starts) {
      const std::size_t end = doc.find(c, i + 1);
      const std::size_t line = doc.find('\n', i + 1);
      if (end == std::string_view::npos || end > line || end - i > text_bytes_max) continue;
      if (end > i + 1) add_literal(out.texts, std::string(doc.substr(i + 1, end - i - 1)));
      i = end;
    } else if (c >= '0' && c <= '9' && starts) {
      std::size_t end = i;
      while (end < doc.size() && is_word(doc[end])) ++end;
      if (const auto value = whole_number(std::string(doc.substr(i, end - i))))
        add_literal(out.integers, *value);
      i = end - 1;
    }
  }
}

std::optional<std::string> unescaped(std::string_view text, std::string_view marks) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'n') {
      out += '\n';
    } else if (c == 't') {
      out += '\t';
    } else if (c == 'r') {
      out += '\r';
    } else if (c == '\\' || marks.find(c) != std::string_view::npos) {
      out += c;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace leyden::qa
