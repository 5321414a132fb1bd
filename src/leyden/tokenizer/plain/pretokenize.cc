#include "leyden/tokenizer/plain/pretokenize.h"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

#include "leyden/tokenizer/plain/reference_unicode.h"
#include "leyden/tokenizer/plain/regex.h"

namespace leyden::tokenizer::plain {
namespace {

// A stretch of a piece, and whether it is what a pattern matched.
struct Stretch {
  std::size_t begin;
  std::size_t end;
  bool matched;
};
using Stretches = std::vector<Stretch>;

// Every character for which `is` holds is a match.
Stretches find_chars(const Text& text, const std::function<bool(char32_t)>& is) {
  Stretches out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is(text.chars[i])) continue;
    if (begin < i) out.push_back({begin, i, false});
    out.push_back({i, i + 1, true});
    begin = i + 1;
  }
  if (begin < text.size()) out.push_back({begin, text.size(), false});
  return out;
}

Stretches find_regex(const Text& text, const Regex& regex) {
  Stretches out;
  std::size_t begin = 0;
  for (Regex::Match match : regex.find_all(text.chars)) {
    if (begin != match.begin) out.push_back({begin, match.begin, false});
    out.push_back({match.begin, match.end, true});
    begin = match.end;
  }
  if (begin != text.size()) out.push_back({begin, text.size(), false});
  return out;
}

// What becomes of matches and of what stands between them.
std::vector<Piece> cut(const Piece& piece, Stretches found, SplitBehavior behavior,
                       bool invert = false) {
  if (invert) {
    for (Stretch& each : found) each.matched = !each.matched;
  }
  Stretches kept;
  switch (behavior) {
    case SplitBehavior::removed:
      std::ranges::copy_if(found, std::back_inserter(kept),
                           [](const Stretch& each) { return !each.matched; });
      break;
    case SplitBehavior::isolated:
      kept = found;
      break;
    case SplitBehavior::contiguous: {  // Neighbours of one kind together.
      bool previous = false;
      for (const Stretch& each : found) {
        if (each.matched == previous && !kept.empty()) {
          kept.back().end = each.end;
        } else {
          kept.push_back(each);
        }
        previous = each.matched;
      }
      break;
    }
    case SplitBehavior::
        merged_with_previous: {  // A match joins what is before it, but not another match.
      bool previous = false;
      for (const Stretch& each : found) {
        if (each.matched && !previous && !kept.empty()) {
          kept.back().end = each.end;
        } else {
          kept.push_back(each);
        }
        previous = each.matched;
      }
      break;
    }
    case SplitBehavior::merged_with_next: {  // The same from the right.
      bool previous = false;
      std::ranges::reverse(found);
      for (const Stretch& each : found) {
        if (each.matched && !previous && !kept.empty()) {
          kept.back().begin = each.begin;
        } else {
          kept.push_back(each);
        }
        previous = each.matched;
      }
      std::ranges::reverse(kept);
      break;
    }
  }
  std::vector<Piece> out;
  for (const Stretch& each : kept)
    out.push_back({piece.text.part(each.begin, each.end), piece.byte_level});
  return out;
}

Text with_prefix(const Text& text, const std::u32string& prefix) {
  Text out;
  if (text.empty()) return out;
  for (char32_t c : prefix) out.add(c, text.origin[0]);
  for (std::size_t i = 0; i < text.size(); ++i) out.add(text.chars[i], text.origin[i]);
  return out;
}

std::vector<Piece> byte_level(const Piece& piece, const SplitByteLevel& step, const Regex& gpt2) {
  Piece whole = piece;
  if (step.add_prefix_space && !whole.text.chars.starts_with(U' '))
    whole.text = with_prefix(whole.text, U" ");
  std::vector<Piece> pieces =
      step.use_regex ? cut(whole, find_regex(whole.text, gpt2), SplitBehavior::isolated)
                     : std::vector{whole};
  for (Piece& each : pieces) {
    Text written;
    for (std::size_t i = 0; i < each.text.size(); ++i) {
      for (char byte : to_utf8(each.text.chars.substr(i, 1))) {
        written.add(byte_to_char(static_cast<std::uint8_t>(byte)), each.text.origin[i]);
      }
    }
    each = {std::move(written), true};
  }
  return pieces;
}

std::vector<Piece> metaspace(const Piece& piece, const SplitMetaspace& step) {
  std::u32string mark = to_chars(step.replacement);
  Piece whole = piece;
  whole.text = {};
  for (std::size_t i = 0; i < piece.text.size(); ++i) {
    if (piece.text.chars[i] != U' ') {
      whole.text.add(piece.text.chars[i], piece.text.origin[i]);
    } else {
      for (char32_t c : mark) whole.text.add(c, piece.text.origin[i]);
    }
  }
  using Prepend = SplitMetaspace::Prepend;
  bool first = !piece.text.empty() && piece.text.origin[0] == 0;
  if (!whole.text.chars.starts_with(mark) &&
      (step.prepend == Prepend::always || (step.prepend == Prepend::first && first))) {
    whole.text = with_prefix(whole.text, mark);
  }
  if (!step.split) return {whole};
  return cut(whole,
             find_chars(whole.text, [&](char32_t c) { return mark == std::u32string(1, c); }),
             SplitBehavior::merged_with_next);
}

// SentencePiece's scripts: Hiragana, Katakana and the prolonged sound mark count as Han, a space as any script.
std::vector<Piece> scripts(const Piece& piece) {
  auto script_of = [](char32_t c) { return c == U' ' ? 0 : unicode::script(c); };
  std::vector<std::size_t> borders;
  std::optional<int> last;
  for (std::size_t i = 0; i < piece.text.size(); ++i) {
    int script = script_of(piece.text.chars[i]);
    if (script != 0 && last != script) borders.push_back(i);
    if (script != 0) last = script;
  }
  // What stands before the first character with a script is lost, as in the reference.
  borders.push_back(piece.text.size());
  std::vector<Piece> out;
  for (std::size_t i = 1; i < borders.size(); ++i) {
    out.push_back({piece.text.part(borders[i - 1], borders[i]), piece.byte_level});
  }
  return out;
}

std::vector<Piece> fixed_length(const Piece& piece, std::size_t length) {
  std::vector<Piece> out;
  for (std::size_t at = 0; at < piece.text.size(); at += length) {
    out.push_back(
        {piece.text.part(at, std::min(at + length, piece.text.size())), piece.byte_level});
  }
  return out;
}

auto in(std::string_view set) {
  return [set](char32_t c) { return unicode::in_set(set, c); };
}

// \w+|[^\w\s]+ with Rust's classes.
std::vector<Piece> words(const Piece& piece) {
  auto kind = [](char32_t c) {
    return unicode::in_set("rust_word", c) ? 1 : unicode::in_set("rust_whitespace", c) ? 0 : 2;
  };
  std::vector<Piece> out;
  for (std::size_t begin = 0; begin < piece.text.size();) {
    std::size_t end = begin;
    int its = kind(piece.text.chars[begin]);
    while (end < piece.text.size() && kind(piece.text.chars[end]) == its) ++end;
    if (its != 0) out.push_back({piece.text.part(begin, end), piece.byte_level});
    begin = end;
  }
  return out;
}

std::vector<Piece> bert(const Piece& piece) {
  std::vector<Piece> out;
  for (const Piece& word :
       cut(piece, find_chars(piece.text, in("rust_whitespace")), SplitBehavior::removed)) {
    for (Piece& each :
         cut(word, find_chars(word.text, in("bert_punctuation")), SplitBehavior::isolated)) {
      out.push_back(std::move(each));
    }
  }
  return out;
}

constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

using Apply = std::function<std::vector<Piece>(const Piece&)>;

Apply cut_chars(std::function<bool(char32_t)> is, SplitBehavior behavior) {
  return [is = std::move(is), behavior](const Piece& piece) {
    return cut(piece, find_chars(piece.text, is), behavior);
  };
}

Apply step_of(const SplitPattern& step) {
  return [regex = step.is_regex ? Regex(step.pattern) : Regex::literal(step.pattern),
          behavior = step.behavior, invert = step.invert](const Piece& piece) {
    return cut(piece, find_regex(piece.text, regex), behavior, invert);
  };
}
Apply step_of(const SplitByteLevel& step) {
  return [step, gpt2 = Regex(kGpt2)](const Piece& piece) { return byte_level(piece, step, gpt2); };
}
Apply step_of(const SplitDigits& step) {
  return cut_chars(in("rust_numeric"),
                   step.individual ? SplitBehavior::isolated : SplitBehavior::contiguous);
}
Apply step_of(const SplitMetaspace& step) {
  return [step](const Piece& piece) { return metaspace(piece, step); };
}
Apply step_of(const SplitPunctuation& step) {
  return cut_chars(in("bert_punctuation"), step.behavior);
}
Apply step_of(const SplitWhitespace& /*step*/) { return words; }
Apply step_of(const SplitOnWhitespace& /*step*/) {
  return cut_chars(in("rust_whitespace"), SplitBehavior::removed);
}
Apply step_of(const SplitBert& /*step*/) { return bert; }
Apply step_of(const SplitUnicodeScripts& /*step*/) { return scripts; }
Apply step_of(const SplitCharDelimiter& step) {
  return cut_chars([delimiter = step.delimiter](char32_t c) { return c == delimiter; },
                   SplitBehavior::removed);
}
Apply step_of(const SplitFixedLength& step) {
  if (step.length == 0)
    throw std::runtime_error("plain: pieces of length 0");  // The reference panics.
  return [length = step.length](const Piece& piece) { return fixed_length(piece, length); };
}

bool is_printed(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) ||
         (byte >= 0xAE && byte <= 0xFF);
}

}  // namespace

char32_t byte_to_char(std::uint8_t byte) {
  if (is_printed(byte)) return byte;
  char32_t next = 0x100;
  for (int other = 0; other < byte; ++other) {
    if (!is_printed(other)) ++next;
  }
  return next;
}

std::optional<std::uint8_t> char_to_byte(char32_t c) {
  static const std::map<char32_t, std::uint8_t> kBytes = [] {
    std::map<char32_t, std::uint8_t> bytes;
    for (int byte = 0; byte < 256; ++byte) {
      bytes[byte_to_char(static_cast<std::uint8_t>(byte))] = static_cast<std::uint8_t>(byte);
    }
    return bytes;
  }();
  auto found = kBytes.find(c);
  if (found == kBytes.end()) return std::nullopt;
  return found->second;
}

Pretokenizers::Pretokenizers(const TokenizerSpec& spec) {
  for (const PretokenizerStep& any : spec.pretokenizers) {
    steps_.push_back(std::visit([](const auto& step) { return step_of(step); }, any));
  }
}

std::vector<Piece> Pretokenizers::apply(const Text& text) const {
  std::vector<Piece> pieces;
  pieces.push_back({text, false});
  for (const auto& step : steps_) {
    std::vector<Piece> next;
    for (const Piece& piece : pieces) {
      for (Piece& each : step(piece)) {
        if (!each.text.empty()) next.push_back(std::move(each));
      }
    }
    pieces = std::move(next);
  }
  return pieces;
}

}  // namespace leyden::tokenizer::plain
