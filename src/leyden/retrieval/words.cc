#include "leyden/retrieval/words.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <libstemmer.h>
#include <utf8proc.h>

#include "leyden/base/utf8.h"

namespace leyden::retrieval {
namespace {

// What is longer is no word of a person's or a program's (a key, a checksum, base64): its beginning is kept, its parts are not.
constexpr std::size_t kWordBytesMax = 64;

enum class Class : std::uint8_t { none, lower, upper, letter, digit, underscore, mark, unspaced };

// Scripts that are written without spaces between words, and Hangul, whose words carry endings.
bool is_unspaced(char32_t c) {
  struct Range {
    char32_t first, last;
  };
  static constexpr std::array<Range, 13> kRanges = {{{0x0E00, 0x0EFF},  // Thai, Lao
                                                     {0x1000, 0x109F},  // Myanmar
                                                     {0x1780, 0x17FF},  // Khmer
                                                     {0x3005, 0x3007},
                                                     {0x3040, 0x30FF},  // Hiragana, Katakana
                                                     {0x3100, 0x318F},
                                                     {0x31F0, 0x31FF},
                                                     {0x3400, 0x4DBF},
                                                     {0x4E00, 0x9FFF},  // Han
                                                     {0xAC00, 0xD7A3},  // Hangul
                                                     {0xF900, 0xFAFF},
                                                     {0xFF66, 0xFFDC},  // Halfwidth
                                                     {0x20000, 0x323AF}}};
  return c >= 0x0E00 && std::ranges::any_of(kRanges, [c](const Range& range) {
           return c >= range.first && c <= range.last;
         });
}

Class class_of_ascii(char c) {
  if (c >= 'a' && c <= 'z') return Class::lower;
  if (c >= 'A' && c <= 'Z') return Class::upper;
  if (c >= '0' && c <= '9') return Class::digit;
  return c == '_' ? Class::underscore : Class::none;
}

Class class_of(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
      return Class::upper;
    case UTF8PROC_CATEGORY_LL:
      return Class::lower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return is_unspaced(c) ? Class::unspaced : Class::letter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return is_unspaced(c) ? Class::unspaced : Class::digit;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
      return is_unspaced(c) ? Class::unspaced : Class::mark;
    default:
      return Class::none;
  }
}

struct Character {
  Class kind = Class::none;
  std::size_t size = 0;  // 0: the end.
};

Character character_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  if (static_cast<unsigned char>(text[at]) < 0x80) return {class_of_ascii(text[at]), 1};
  const utf8::Decoded decoded = utf8::decode(text, at);
  return {decoded.valid ? class_of(decoded.code_point) : Class::none, decoded.size};
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// `text` normalized with `options`, valid UTF-8; as it is when there is no memory for it.
std::string normalized(std::string_view text, unsigned options) {
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &raw,
                                 static_cast<utf8proc_option_t>(options));
  if (size < 0) return std::string(text);
  std::string out(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
  std::free(raw);
  return out;
}

void fold(std::string_view text, std::string& out) {
  if (is_ascii(text)) {
    out.assign(text);
    for (char& c : out) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return;
  }
  out = normalized(text, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                             UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
}

std::string_view cut_to(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  text = text.substr(0, bytes_max);
  return text.substr(0, text.size() - utf8::incomplete_suffix(text));
}

std::string_view without_underscores(std::string_view text) {
  const std::size_t first = text.find_first_not_of('_');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of('_') - first + 1);
}

// Whether a new part of an identifier begins at a character of class `now`, behind one of class `before`.
bool part_begins(Class before, Class now, Class next) {
  if (before == Class::underscore || now == Class::underscore) return before != now;
  if ((before == Class::digit) != (now == Class::digit)) return true;
  return now == Class::upper && (before == Class::lower || next == Class::lower);
}

}  // namespace

void WordSplitter::Delete::operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }

WordSplitter::WordSplitter() : stemmer_(sb_stemmer_new("english", "UTF_8")) {}

std::string_view WordSplitter::stem(std::string_view folded) {
  const bool plain =
      folded.size() > 2 && std::ranges::all_of(folded, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!plain || !stemmer_) return folded;
  const sb_symbol* stem =
      sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(folded.data()),
                      static_cast<int>(folded.size()));
  if (stem == nullptr) return folded;
  return {reinterpret_cast<const char*>(stem),
          static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
}

void WordSplitter::emit(std::string_view text, WordKind kind,
                        const std::function<void(const Word&)>& on_word) {
  fold(text, folded_);
  if (folded_.empty()) return;
  const std::string_view stemmed = stem(folded_);
  on_word({.text = stemmed, .kind = kind});
  if (kind == WordKind::whole && stemmed != folded_)
    on_word({.text = folded_, .kind = WordKind::form});
}

void WordSplitter::emit_pairs(std::string_view run,
                              const std::function<void(const Word&)>& on_word) {
  const std::string text =
      normalized(run, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  const std::string_view view = text;
  std::size_t before = view.size();
  for (std::size_t at = 0; at < view.size();) {
    const std::size_t size = std::max<std::size_t>(utf8::decode(view, at).size, 1);
    const std::string_view one = view.substr(at, size);
    const bool alone = size == view.size();
    on_word({.text = one, .kind = alone ? WordKind::whole : WordKind::character});
    if (before < at) {
      const std::string_view pair = view.substr(before, at + size - before);
      on_word({.text = pair, .kind = WordKind::whole});
    }
    before = at;
    at += size;
  }
}

// `cuts`: where parts begin, counted from the segment's start.
void WordSplitter::emit_segment(std::string_view text, const std::vector<std::size_t>& cuts,
                                const std::function<void(const Word&)>& on_word) {
  emit(cut_to(without_underscores(text), kWordBytesMax), WordKind::whole, on_word);
  if (text.size() > kWordBytesMax) return;
  std::size_t parts = 0;
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0, begin = 0; i <= cuts.size(); ++i) {
      const std::size_t end = i < cuts.size() ? cuts[i] : text.size();
      const std::string_view part = text.substr(begin, end - begin);
      begin = end;
      if (part.empty() || part[0] == '_') continue;
      if (pass == 0) {
        ++parts;
      } else {
        emit(part, WordKind::part, on_word);
      }
    }
    if (parts < 2) return;
  }
}

void WordSplitter::split(std::string_view text, const std::function<void(const Word&)>& on_word) {
  std::size_t compound = 0;  // Where the present compound begins.
  std::size_t segments = 0;  // Of it.
  for (std::size_t at = 0; at < text.size();) {
    Character now = character_at(text, at);
    const std::size_t begin = at;
    if (now.kind == Class::unspaced) {
      while (now.size != 0 && (now.kind == Class::unspaced || now.kind == Class::mark)) {
        at += now.size;
        now = character_at(text, at);
      }
      emit_pairs(text.substr(begin, at - begin), on_word);
      segments = 0;
      continue;
    }
    if (now.kind == Class::none || now.kind == Class::mark) {
      at += now.size;
      segments = 0;
      continue;
    }
    cuts_.clear();
    for (Class before = Class::none;
         now.size != 0 && now.kind != Class::none && now.kind != Class::unspaced;) {
      const Character next = character_at(text, at + now.size);
      if (now.kind != Class::mark) {
        if (before != Class::none && part_begins(before, now.kind, next.kind))
          cuts_.push_back(at - begin);
        before = now.kind;
      }
      at += now.size;
      now = next;
    }
    emit_segment(text.substr(begin, at - begin), cuts_, on_word);
    if (segments++ == 0) compound = begin;
    const std::size_t joiner = text.substr(at).starts_with("::")  ? 2
                               : text.substr(at).starts_with('.') ? 1
                                                                  : 0;
    const Class behind = character_at(text, at + joiner).kind;
    if (joiner != 0 && behind != Class::none && behind != Class::mark &&
        behind != Class::unspaced) {
      at += joiner;
      continue;
    }
    if (segments > 1 && at - compound <= kWordBytesMax)
      emit(text.substr(compound, at - compound), WordKind::compound, on_word);
    segments = 0;
  }
}

}  // namespace leyden::retrieval
