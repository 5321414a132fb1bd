// Texts of inputs: letters, words, lines, and variations of these.
#include <algorithm>
#include <utility>

#include "leyden/agents/qa/input_maker.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kRowsMax = 5;
constexpr std::size_t kWordsMax = 40;

char with_other_case(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Of a character in UTF-8, not its first byte.
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

}  // namespace

Value InputMaker::text(const Style& style, std::size_t depth) {
  const auto& own = style.literals->texts;
  if (!own.empty() && chance(0.1)) return Value::of(own[below(own.size())]);
  if (style.rows && chance(0.3)) return Value::of(grid(style));
  if (style.words && depth < 2 && chance(0.3)) return Value::of(sentence(style));
  std::size_t length = depth > 0
                           ? (chance(0.7) ? std::max<std::size_t>(1, style.width) : below(5))
                           : (style.lengths_equal ? style.length : below(style.length_max * 2 + 1));
  if (chance(0.02)) length = 0;
  std::string out;
  if (!own.empty() && depth == 0 && chance(0.15)) {  // Words of the source, joined.
    if (chance(0.5)) return Value::of(phrase(own, style, 1 + length / 2));
    for (std::size_t i = 0; i < 1 + length / 3; ++i) {
      out += own[below(own.size())];
      if (chance(0.3)) out += style.alphabet[below(style.alphabet.size())];
    }
    return Value::of(std::move(out));
  }
  for (std::size_t i = 0; i < length; ++i) {
    if (i > 0 && chance(0.25)) {
      out += out.back();
    } else {
      out += style.alphabet[below(style.alphabet.size())];
    }
  }
  if (chance(0.1)) {  // A palindrome.
    std::string back(out.rbegin(), out.rend());
    out += chance(0.5) || back.empty() ? back : back.substr(1);
  }
  return Value::of(std::move(out));
}

// Lines of one length, as boards and tables have them, of the source's single characters.
std::string InputMaker::grid(const Style& style) {
  std::string cells;
  for (const std::string& own : style.literals->texts) {
    if (own.size() == 1 && own[0] > ' ') cells += own;
  }
  cells = cells.empty() ? style.alphabet : cells.substr(0, 8) + ".";
  const std::size_t width = 1 + below(kRowsMax);
  const std::size_t height = chance(0.5) ? width : 1 + below(kRowsMax);
  std::string out;
  // Some begin with an empty line, as texts of several lines are written.
  const auto& own = style.literals->texts;
  if (std::ranges::find(own, "\n") != own.end() && chance(0.25)) out += '\n';
  for (std::size_t i = 0; i < height; ++i) {
    if (i > 0) out += '\n';
    for (std::size_t k = 0; k < width; ++k) out += cells[below(cells.size())];
  }
  return out;
}

// Words of the source among numbers, or words of one length, of which some end alike: cards, codes.
std::string InputMaker::sentence(const Style& style) {
  std::vector<std::string> words;
  for (const std::string& own : style.literals->texts) {
    if (own.find_first_of(" \n") == std::string::npos) words.push_back(own);
  }
  const std::size_t count = 1 + (style.lengths_equal ? style.length : below(style.length_max + 1));
  if (!words.empty() && chance(0.7)) return phrase(words, style, std::min(count, kWordsMax));
  const std::size_t length = 1 + below(3);
  const double alike = static_cast<double>(below(5)) / 4;
  words.clear();
  for (std::size_t i = 0; i < std::min(count, kWordsMax); ++i) {
    std::string word;
    for (std::size_t k = 0; k < length; ++k) word += style.alphabet[below(style.alphabet.size())];
    if (!words.empty() && chance(alike)) word.back() = words.back().back();
    words.push_back(std::move(word));
  }
  return joined(words, " ");
}

// Words of the source and numbers, as small languages have them: "3 dup +". Some stand as they do in the source: "what", "is".
std::string InputMaker::phrase(const std::vector<std::string>& words, const Style& style,
                               std::size_t count) {
  std::size_t word = below(words.size());
  if (count > 1 && chance(0.3)) {
    const auto first = std::ranges::find(words, style.first_text);
    if (first != words.end()) word = static_cast<std::size_t>(first - words.begin());
  }
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ' ';
    if (chance(i == 0 ? 0.2 : 0.4)) {
      out += std::to_string(below(12));
      continue;
    }
    out += words[word];
    word = chance(0.5) ? (word + 1) % words.size() : below(words.size());
  }
  return out;
}

// One of the words or lines comes twice, not at all, elsewhere, or is another one.
void InputMaker::vary_words(std::string& text, char separator, const Style& style) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const auto at = static_cast<std::ptrdiff_t>(below(words.size()));
  const std::vector<std::string>& own = style.literals->texts;
  switch (below(4)) {
    case 0:
      if (words.size() < kWordsMax)
        words.insert(words.begin() + at, std::string(words[below(words.size())]));
      break;
    case 1:
      words.erase(words.begin() + at);
      break;
    case 2:
      std::swap(words[static_cast<std::size_t>(at)], words[below(words.size())]);
      break;
    default:
      words[static_cast<std::size_t>(at)] =
          own.empty() || chance(0.4) ? std::to_string(below(12)) : own[below(own.size())];
      break;
  }
  text = joined(words, std::string(1, separator));
}

void InputMaker::vary_text(std::string& text, const Style& style) {
  const auto letter = [&] { return style.alphabet[below(style.alphabet.size())]; };
  std::size_t at = below(text.size() + 1);
  while (at < text.size() && is_continuation(text[at])) ++at;  // Not within a character.
  for (const char separator : {'\n', ' '}) {
    if (text.find(separator) != std::string::npos && chance(0.3)) {
      vary_words(text, separator, style);
      return;
    }
  }
  switch (below(7)) {
    case 0:
      text.insert(at, 1, letter());
      return;
    case 1:
      if (at < text.size() && static_cast<unsigned char>(text[at]) < 128) text.erase(at, 1);
      return;
    case 2:
      if (at < text.size() && static_cast<unsigned char>(text[at]) < 128) text[at] = letter();
      return;
    case 3:
      if (text.size() < 200) text += text;
      return;
    case 4: {
      const auto& own = style.literals->texts;
      if (!own.empty() && (at == text.size() || static_cast<unsigned char>(text[at]) < 128))
        text.insert(at, own[below(own.size())]);
      return;
    }
    case 5:
      for (char& c : text) c = with_other_case(c);
      return;
    default:
      if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; }))
        std::ranges::reverse(text);
      return;
  }
}

}  // namespace leyden::qa
