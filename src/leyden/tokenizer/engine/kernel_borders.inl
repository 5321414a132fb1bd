// Where the segments of one block begin, the first at its beginning: part of kernel.inl.

// First bytes of the characters behind those whose first bytes are given, and before them.
template <bool kAscii>
inline u64 next_characters(u64 firsts, u64 continuation) {
  u64 at = firsts << 1;
  if constexpr (kAscii) return at;
  u64 out = at & ~continuation;
  for (int i = 0; i < 3; ++i) {
    at = (at & continuation) << 1;
    out |= at & ~continuation;
  }
  return out;
}
template <bool kAscii>
inline u64 previous_characters(u64 firsts, u64 continuation) {
  u64 at = firsts >> 1;
  if constexpr (kAscii) return at;
  u64 out = at & ~continuation;
  for (int i = 0; i < 3; ++i) {
    at = (at & continuation) >> 1;
    out |= at & ~continuation;
  }
  return out;
}

// Length of the contraction that begins with the apostrophe at `text`, or 0; see pretokenizer.cc.
template <bool kAnyCase>
inline unsigned contraction_at(const char* text, std::size_t size) {
  if (size < 2) return 0;
  auto letter = [&](std::size_t i) -> char {
    if (i >= size) return '\0';
    char c = text[i];
    return kAnyCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  char a = letter(1);
  char b = letter(2);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return 3;
  if (kAnyCase && a == '\xC5' && b == '\xBF') return 3;
  return 0;
}

struct Starts {
  u64 mask = 1;         // Where segments begin.
  unsigned limit = 63;  // Bits above it mean nothing.
};

constexpr bool is_gpt2(Cut cut) { return cut == Cut::gpt2 || cut == Cut::digits_gpt2; }
constexpr bool single_digits(Cut cut) { return cut == Cut::qwen2 || cut == Cut::digits_gpt2; }

// `size` bytes of the block are text; `more`: the text goes on behind them. `rest`: bytes of text from `text` on.
template <Cut kCut, bool kAscii>
// leyden:ignore common.complex-function the inner loop: a call costs more than it explains
inline Starts find_starts(const char* text, std::size_t rest, const Block& b, unsigned size,
                          bool more) {
  constexpr bool kO200k = kCut == Cut::o200k;
  Starts out;
  u64 hard = 0;
  auto limit_to = [&](unsigned i) { out.limit = i < out.limit ? i : out.limit; };
  const u64 valid = below(size);
  const u64 inner = b.continuation;
  const u64 cased = b.upper | b.lower;
  const u64 letter = kO200k ? cased | b.other | b.mark : cased | b.other;
  const u64 number = b.number;
  const u64 newline = b.newline;
  const u64 white = b.white | newline;
  const u64 symbol = valid & ~(letter | number | white);
  const u64 symbol_starts = run_starts(symbol) & ~(b.blank << 1);

  if constexpr (is_gpt2(kCut)) {
    //  's|'t|...| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    out.mask |= (run_starts(letter) & ~(b.blank << 1)) | symbol_starts;
    if constexpr (single_digits(kCut)) {
      out.mask |= number & ~inner;
    } else {
      out.mask |= run_starts(number) & ~(b.blank << 1);
    }
    for (u64 quotes = b.quote & symbol_starts; quotes != 0; quotes &= quotes - 1) {
      unsigned i = first_of(quotes);
      if (more && i + 3 > size) {
        limit_to(i);
        break;
      }
      if (unsigned length = contraction_at<false>(text + i, rest - i); length != 0) {
        out.mask &= ~(below(i + length) & ~below(i + 1));
        if (i + length < 64) out.mask |= bit(i + length);
      }
    }
    u64 behind = next_characters<kAscii>(white & ~inner, inner) & valid & ~white;
    if constexpr (single_digits(kCut)) behind &= ~number;
    out.mask |= run_starts(white) | previous_characters<kAscii>(behind, inner);
  } else {
    // Words: [^\r\n\p{L}\p{N}]?\p{L}+, where the character in front is whitespace, or a symbol that stands alone.
    const u64 behind_first_symbol = next_characters<kAscii>(symbol_starts, inner);
    out.mask |= run_starts(letter) & ~(b.white << 1) & ~behind_first_symbol;
    out.mask |= symbol_starts;
    if constexpr (kO200k) {
      // [upper]*[lower]+ or [upper]+[lower]*: a word ends between lower and upper. Letters without case are both: what they do
      // in front of an upper one depends on what follows.
      out.mask |= b.upper & ~inner & (b.lower << 1);
      if constexpr (!kAscii) {
        hard |= b.upper & ~inner & ((b.other | b.mark) << 1);
        hard |= run_starts(letter) &
                b.mark;  // A mark that follows no letter may be a symbol or a word.
      }
      // A contraction belongs to the word in front of it.
      unsigned last_end = 0;
      for (u64 quotes = b.quote & (letter << 1); quotes != 0; quotes &= quotes - 1) {
        unsigned i = first_of(quotes);
        if (i == last_end) continue;
        if (more && i + 3 > size) {
          hard |= bit(i);
          break;
        }
        if (unsigned length = contraction_at<true>(text + i, rest - i); length != 0) {
          last_end = i + length;
          out.mask &= ~(below(last_end) & ~below(i));
          if (last_end < 64) out.mask |= bit(last_end);
        }
      }
    } else {
      for (u64 quotes = b.quote & symbol_starts; quotes != 0; quotes &= quotes - 1) {
        unsigned i = first_of(quotes);
        if (more && i + 3 > size) {
          limit_to(i);
          break;
        }
        if (unsigned length = contraction_at<true>(text + i, rest - i);
            length != 0 && i + length < 64)
          out.mask |= bit(i + length);
      }
    }
    // Numbers: \p{N}{1,3} or \p{N}.
    if constexpr (single_digits(kCut)) {
      out.mask |= number & ~inner;
    } else {
      u64 starts = run_starts(number);
      out.mask |= starts;
      const u64 fourth = number & (number << 1) & (number << 2) & (number << 3);
      while ((starts = (starts << 3) & fourth) != 0) out.mask |= starts;
      if constexpr (!kAscii) {
        // Digits of several bytes are not counted by shifts.
        if (u64 wide = number & b.non_ascii; wide != 0) {
          u64 before = ~number & below(first_of(wide));
          limit_to(before == 0 ? 0 : last_of(before) + 1);
        }
      }
    }
    // Newlines right behind symbols belong to them. Adding the first of a run carries through the run.
    u64 taken = newline & (symbol << 1);
    if (taken != 0) {
      taken = newline & ~(newline + taken);
      if constexpr (kO200k) hard |= b.slash & (taken << 1);  // [\r\n/]*
    }
    // What is left of whitespace: \s*[\r\n]+ up to the last newline, then all but the last character, then that.
    const u64 left = white & ~taken;
    out.mask |= run_starts(left);
    out.mask |= previous_characters<kAscii>(
        next_characters<kAscii>(b.white & ~inner, inner) & valid & ~white, inner);
    const u64 line_starts = run_starts(b.white) & ((newline & ~taken) << 1);
    if (line_starts != 0) {
      out.mask |= line_starts;
      u64 ends = (b.white + run_starts(b.white)) & ~b.white & newline;
      for (; ends != 0; ends &= ends - 1) {
        u64 before = ~b.white & below(first_of(ends));
        if (before == 0) continue;
        unsigned begin = last_of(before) + 1;
        if ((line_starts >> begin & 1) != 0) out.mask &= ~bit(begin);
      }
    }
  }
  if constexpr (kCut == Cut::digits_gpt2 && !kAscii) {
    // Numbers of the pattern and digits of the first pre-tokenizer differ by Unicode version.
    if (u64 wide = number & b.non_ascii; wide != 0) hard |= wide;
  }
  if (more && (white >> (size - 1) & 1) != 0) {
    u64 before = ~white & valid;
    limit_to(before == 0 ? 0 : last_of(before) + 1);
  }
  if (hard != 0)
    limit_to(last_of((out.mask | 1) & below(first_of(hard) == 0 ? 1 : first_of(hard))));
  return out;
}
