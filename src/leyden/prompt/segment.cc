#include "leyden/prompt/segment.h"

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::prompt {
namespace {

using tokenizer::classed_char;
using tokenizer::ClassedChar;

bool is_whitespace(ClassedChar c) { return (c.char_class & tokenizer::kWhitespace) != 0; }

// Where the empty lines at the start of `text` end.
std::size_t first_line_with_text(std::string_view text) {
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    ClassedChar c = classed_char(text, at);
    if (!is_whitespace(c)) return line;
    at += c.size;
    if (c.code_point == '\n') line = at;
  }
  return text.size();
}

std::size_t end_of_text(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t start = end - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80) --start;
    if (!is_whitespace(classed_char(text, start))) break;
    end = start;
  }
  return end;
}

void append_in_one_line(std::string& out, std::string_view name) {
  const std::string valid = utf8::replace_invalid(name);
  for (std::size_t at = 0; at < valid.size();) {
    ClassedChar c = classed_char(valid, at);
    bool control = c.code_point < 0x20 || (c.code_point >= 0x7F && c.code_point < 0xA0);
    utf8::append(out, control ? U'\uFFFD' : c.code_point);
    at += c.size;
  }
}

}  // namespace

std::string layout_segment(std::string_view document, std::string_view context,
                           std::string_view text) {
  std::string owned_text;
  if (!utf8::is_valid(text)) {
    owned_text = utf8::replace_invalid(text);
    text = owned_text;
  }
  std::string segment = "[";
  append_in_one_line(segment, document);
  if (!context.empty()) {
    segment += " | ";
    append_in_one_line(segment, context);
  }
  segment += "]\n";
  std::size_t begin = first_line_with_text(text);
  std::size_t end = end_of_text(text);
  if (begin < end) {
    segment += text.substr(begin, end - begin);
    segment += '\n';
  }
  return segment;
}

}  // namespace leyden::prompt
