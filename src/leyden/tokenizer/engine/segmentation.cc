#include "leyden/tokenizer/engine/segmentation.h"

namespace leyden::tokenizer::engine {

Segmentation segmentation_of(Pattern pattern) {
  Cut cut = Cut::pattern;
  switch (pattern) {
    case Pattern::gpt2:
      cut = Cut::gpt2;
      break;
    case Pattern::digits_gpt2:
      cut = Cut::digits_gpt2;
      break;
    case Pattern::cl100k:
    case Pattern::llama3:
      cut = Cut::cl100k;
      break;
    case Pattern::qwen2:
      cut = Cut::qwen2;
      break;
    case Pattern::o200k:
      cut = Cut::o200k;
      break;
    default:
      break;
  }
  return {cut, pattern};
}

std::size_t word_end(std::string_view text, std::size_t position) {
  for (std::size_t at = position + 1; at < text.size(); ++at) {
    const char before = text[at - 1];
    if (text[at] == ' ' && before != ' ' && before != '>' && before != '\x81') return at;
  }
  return text.size();
}

bool ends_plain(std::string_view text) {
  const char last = text.back();
  if (last > ' ' && last <= '~') return true;
  return text.size() >= 2 && is_plain_lead(static_cast<std::uint8_t>(text[text.size() - 2]));
}

std::size_t plain_word_end(std::string_view text, std::size_t position, bool lines) {
  for (std::size_t at = position + 1; at < text.size(); ++at) {
    const bool is_blank = text[at] == ' ' || (lines && text[at] == '\n');
    if (is_blank && ends_plain(text.substr(position, at - position))) return at;
  }
  return text.size();
}

bool is_part_begin(const Segmentation& segmentation, std::string_view segment, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(segment[i]); };
  if ((byte(at) & 0xC0U) == 0x80) return false;
  std::size_t before = at - 1;
  while (before > 0 && (byte(before) & 0xC0U) == 0x80) --before;
  const char* const text = segment.data() + at;
  if (byte(at) >= 0xE0 && byte(before) >= 0xE0) return segmentation.cuts->cuts_wide(text);
  auto is_symbol = [&](std::size_t i) {
    const char lower = static_cast<char>(segment[i] | 0x20);
    return byte(i) < 0x80 && segment[i] != ' ' && (lower < 'a' || lower > 'z');
  };
  if (!is_symbol(at) && !is_symbol(before)) return false;
  if (segmentation.cut == Cut::words) return segmentation.cuts->cuts_any(text);
  return byte(at) < 0x80 && byte(before) < 0x80 && segmentation.cuts->cuts_ascii(text);
}

std::size_t part_end(const Segmentation& segmentation, std::string_view segment,
                     std::size_t begin) {
  if (segmentation.cuts == nullptr) return segment.size();
  std::size_t at = begin + 1;
  while (at < segment.size() && !is_part_begin(segmentation, segment, at)) ++at;
  return at;
}

std::size_t segment_end(const Segmentation& segmentation, std::string_view text,
                        std::size_t position) {
  switch (segmentation.cut) {
    case Cut::words:
      return word_end(text, position);
    case Cut::plain_words:
    case Cut::plain_lines:
      return plain_word_end(text, position, segmentation.cut == Cut::plain_lines);
    default:
      return pretoken_end(segmentation.pattern, text, position);
  }
}

}  // namespace leyden::tokenizer::engine
