#include "leyden/tokenizer/plain/normalize.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "leyden/tokenizer/plain/charsmap.h"
#include "leyden/tokenizer/plain/graphemes.h"
#include "leyden/tokenizer/plain/reference_unicode.h"
#include "leyden/tokenizer/plain/regex.h"

namespace leyden::tokenizer::plain {
namespace {

using Form = NormalizeUnicode::Form;
constexpr char32_t kMeta = 0x2581;

bool is_whitespace(char32_t c) { return unicode::in_set("rust_whitespace", c); }

// --- each normalizer

Text keep(const Text& text, const std::function<bool(char32_t)>& keeps) {
  Text out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (keeps(text.chars[i])) out.add(text.chars[i], text.origin[i]);
  }
  return out;
}

Text map(const Text& text, const std::function<std::u32string(char32_t)>& to) {
  Text out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (char32_t c : to(text.chars[i])) out.add(c, text.origin[i]);
  }
  return out;
}

// UAX #15: decompose, put marks in order, compose.
Text to_form(const Text& text, Form form) {
  bool compatibility = form == Form::nfkc || form == Form::nfkd;
  Text apart = map(text, [&](char32_t c) {
    return compatibility ? unicode::decompose_compatibility(c) : unicode::decompose_canonical(c);
  });
  // The canonical ordering: exchange neighbours until nothing is out of order.
  for (std::size_t i = 1; i < apart.size(); ++i) {
    for (std::size_t j = i; j > 0; --j) {
      int left = unicode::combining_class(apart.chars[j - 1]);
      int right = unicode::combining_class(apart.chars[j]);
      if (right == 0 || left <= right) break;
      std::swap(apart.chars[j - 1], apart.chars[j]);
      std::swap(apart.origin[j - 1], apart.origin[j]);
    }
  }
  // The reference places whatever comes first at the beginning.
  if (!apart.empty()) apart.origin[0] = text.origin[0];
  if (form == Form::nfd || form == Form::nfkd) return apart;
  Text out;
  std::optional<std::size_t> starter;  // The last one in `out`.
  int last_class = -1;                 // Of the character before, if it stands between: -1 none.
  for (std::size_t i = 0; i < apart.size(); ++i) {
    char32_t c = apart.chars[i];
    int its_class = unicode::combining_class(c);
    if (starter && last_class < its_class) {  // Not blocked.
      if (auto composed = unicode::compose(out.chars[*starter], c)) {
        out.chars[*starter] = *composed;
        continue;
      }
    }
    out.add(c, apart.origin[i]);
    if (its_class == 0) {
      starter = out.size() - 1;
      last_class = -1;
    } else {
      last_class = its_class;
    }
  }
  return out;
}

Text strip(const Text& text, const NormalizeStrip& step) {
  std::size_t begin = 0;
  std::size_t end = text.size();
  while (step.left && begin < end && is_whitespace(text.chars[begin])) ++begin;
  while (step.right && end > begin && is_whitespace(text.chars[end - 1])) --end;
  return text.part(begin, end);
}

Text prepend(const Text& text, const std::u32string& what) {
  if (text.empty()) return text;
  Text out;
  for (char32_t c : what) out.add(c, text.origin[0]);
  for (std::size_t i = 0; i < text.size(); ++i) out.add(text.chars[i], text.origin[i]);
  return out;
}

Text replace(const Text& text, const Regex& pattern, const std::u32string& content) {
  Text out;
  std::size_t at = 0;
  auto copy_to = [&](std::size_t end) {
    for (; at < end; ++at) out.add(text.chars[at], text.origin[at]);
  };
  for (Regex::Match match : pattern.find_all(text.chars)) {
    copy_to(match.begin);
    // The reference places what it puts in with the last character before it, which is the last that was taken out.
    std::size_t from = match.end > 0 ? text.origin[match.end - 1] : 0;
    for (char32_t c : content) out.add(c, from);
    at = match.end;
  }
  copy_to(text.size());
  return out;
}

Text nmt(const Text& text) {
  auto removed = [](char32_t c) {
    return (c >= 1 && c <= 8) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F ||
           c == 0x9F;
  };
  auto is_space = [](char32_t c) {
    return c == 9 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
           (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
           c == 0xFEFF || c == 0xFFFD;
  };
  return map(keep(text, [&](char32_t c) { return !removed(c); }),
             [&](char32_t c) { return std::u32string(1, is_space(c) ? U' ' : c); });
}

bool is_chinese(char32_t c) {
  // 0x2B920 is the reference's mistake for 0x2B820.
  constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
      {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  return std::ranges::any_of(kRanges,
                             [&](auto range) { return range.first <= c && c <= range.second; });
}

Text bert(Text text, const NormalizeBert& step) {
  if (step.clean_text) {
    text = keep(text, [](char32_t c) { return !unicode::in_set("bert_removed", c); });
    text = map(text, [](char32_t c) {
      return std::u32string(1, unicode::in_set("bert_space", c) ? U' ' : c);
    });
  }
  if (step.handle_chinese_chars) {
    text = map(text, [](char32_t c) {
      return is_chinese(c) ? std::u32string{U' ', c, U' '} : std::u32string(1, c);
    });
  }
  if (step.strip_accents) {
    text = keep(to_form(text, Form::nfd),
                [](char32_t c) { return !unicode::in_set("bert_accent", c); });
  }
  if (step.lowercase) text = map(text, unicode::lowercase);
  return text;
}

// Hugging Face's reading of the character map: grapheme by grapheme; one of fewer than 6 bytes is replaced as a whole by
// what its shortest known prefix becomes; else each character is looked up by itself.
Text charsmap_huggingface(const Text& text, const Charsmap& charsmap) {
  Text out;
  std::size_t begin = 0;
  for (std::size_t end : grapheme_ends(text.chars)) {
    // Puts the replacement for [from, to) if there is one.
    auto replaced = [&](std::size_t from, std::size_t to) {
      auto rules =
          charsmap.prefixes(to_utf8(std::u32string_view(text.chars).substr(from, to - from)));
      if (rules.empty()) return false;
      // What leads the text is placed at its beginning, even if characters before it were removed.
      for (char32_t c : to_chars(rules.front().replacement)) {
        out.add(c, text.origin[out.empty() ? 0 : from]);
      }
      return true;
    };
    bool is_short = to_utf8(std::u32string_view(text.chars).substr(begin, end - begin)).size() < 6;
    if (!is_short || !replaced(begin, end)) {
      for (std::size_t i = begin; i < end; ++i) {
        if (!replaced(i, i + 1)) out.add(text.chars[i], text.origin[out.empty() ? 0 : i]);
      }
    }
    begin = end;
  }
  return out;
}

// SentencePiece's normalizer is one thing: character map and spaces in one pass, user-defined symbols left alone.
class SentencePieceNormalizer {
 public:
  SentencePieceNormalizer(const NormalizeCharsmap* charsmap, const NormalizeSpaces* spaces)
      : charsmap_(charsmap != nullptr ? charsmap->blob : ""), has_spaces_(spaces != nullptr) {
    if (charsmap != nullptr) kept_ = charsmap->kept;
    if (spaces != nullptr) spaces_ = *spaces;
  }

  [[nodiscard]] Text apply(const Text& text) const {
    if (text.empty()) return text;
    std::string input = to_utf8(text.chars);
    std::string output = has_spaces_ ? with_spaces(input) : without(input);
    Text out;  // Nothing of SentencePiece's asks for places.
    for (char32_t c : to_chars(output)) out.add(c, text.origin[0]);
    return out;
  }

 private:
  struct Prefix {
    std::string normalized;
    std::size_t length;
  };
  [[nodiscard]] Prefix prefix(std::string_view input) const {
    std::size_t symbol = 0;
    for (const std::string& each : kept_) {
      if (input.starts_with(each)) symbol = std::max(symbol, each.size());
    }
    if (symbol > 0) return {std::string(input.substr(0, symbol)), symbol};
    auto rules = charsmap_.prefixes(input);
    if (!rules.empty()) return {rules.back().replacement, rules.back().length};
    std::size_t size = utf8::decode(input, 0).size;
    return {std::string(input.substr(0, size)), size};
  }

  [[nodiscard]] std::string without(std::string_view input) const {
    std::string out;
    while (!input.empty()) {
      Prefix next = prefix(input);
      out += next.normalized;
      input.remove_prefix(next.length);
    }
    return out;
  }

  [[nodiscard]] std::string with_spaces(std::string_view input) const {
    bool trims = spaces_.remove_extra_whitespaces;
    if (trims) {  // Leading spaces.
      while (!input.empty()) {
        Prefix next = prefix(input);
        if (next.normalized != " ") break;
        input.remove_prefix(next.length);
      }
    }
    if (input.empty()) return {};
    std::string space = spaces_.escape_whitespaces ? to_utf8(std::u32string(1, kMeta)) : " ";
    std::string out;
    if (!spaces_.treat_whitespace_as_suffix && spaces_.add_dummy_prefix) out += space;
    bool after_space = trims;
    while (!input.empty()) {
      Prefix next = prefix(input);
      std::string_view piece = next.normalized;
      while (after_space && piece.starts_with(' ')) piece.remove_prefix(1);
      for (char c : piece) {
        if (c == ' ') {
          out += space;
        } else {
          out += c;
        }
      }
      if (!piece.empty()) after_space = piece.ends_with(' ');
      if (!trims) after_space = false;
      input.remove_prefix(next.length);
    }
    while (trims && out.ends_with(space)) out.resize(out.size() - space.size());
    if (spaces_.treat_whitespace_as_suffix && spaces_.add_dummy_prefix) out += space;
    return out;
  }

  Charsmap charsmap_;
  std::vector<std::string> kept_;
  NormalizeSpaces spaces_;
  bool has_spaces_;
};

using Apply = std::function<Text(const Text&)>;

Apply step_of(const NormalizeUnicode& step) {
  return [form = step.form](const Text& text) { return to_form(text, form); };
}
Apply step_of(const NormalizeLowercase& /*step*/) {
  return [](const Text& text) { return map(text, unicode::lowercase); };
}
Apply step_of(const NormalizeStripAccents& /*step*/) {
  return [](const Text& text) {
    return keep(text, [](char32_t c) { return !unicode::in_set("accent", c); });
  };
}
Apply step_of(const NormalizeStrip& step) {
  return [step](const Text& text) { return strip(text, step); };
}
Apply step_of(const NormalizePrepend& step) {
  return [what = to_chars(step.text)](const Text& text) { return prepend(text, what); };
}
Apply step_of(const NormalizeReplace& step) {
  return [pattern = step.is_regex ? Regex(step.pattern) : Regex::literal(step.pattern),
          content = to_chars(step.content)](const Text& text) {
    return replace(text, pattern, content);
  };
}
Apply step_of(const NormalizeNmt& /*step*/) { return nmt; }
Apply step_of(const NormalizeBert& step) {
  return [step](const Text& text) { return bert(text, step); };
}
Apply step_of(
    const NormalizeCharsmap& step) {  // Hugging Face's; SentencePiece's goes with its spaces.
  return [charsmap = Charsmap(step.blob)](const Text& text) {
    return charsmap_huggingface(text, charsmap);
  };
}
Apply step_of(const NormalizeSpaces& /*step*/) {
  return [](const Text& text) { return text; };
}  // Not reached.

}  // namespace

Normalizers::Normalizers(const TokenizerSpec& spec) {
  const NormalizeCharsmap* pending =
      nullptr;  // SentencePiece's character map, until we know whether spaces follow.
  auto flush = [&](const NormalizeSpaces* spaces) {
    if (pending == nullptr && spaces == nullptr) return;
    SentencePieceNormalizer normalizer(std::exchange(pending, nullptr), spaces);
    steps_.emplace_back([normalizer](const Text& text) { return normalizer.apply(text); });
  };
  for (const NormalizerStep& any : spec.normalizers) {
    const auto* spaces = std::get_if<NormalizeSpaces>(&any);
    const auto* charsmap = std::get_if<NormalizeCharsmap>(&any);
    flush(spaces);
    if (charsmap != nullptr && charsmap->matching == NormalizeCharsmap::Matching::sentencepiece) {
      pending = charsmap;
    } else if (spaces == nullptr) {
      steps_.push_back(std::visit([](const auto& step) { return step_of(step); }, any));
    }
  }
  flush(nullptr);
}

Text Normalizers::apply(Text text) const {
  for (const auto& step : steps_) text = step(text);
  return text;
}

}  // namespace leyden::tokenizer::plain
