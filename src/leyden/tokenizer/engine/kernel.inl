// The inner loop, compiled once for each set of instructions: the including file says which (see kernel_avx2.cc) and gives
// `template <Cut> Block load_block(const char*)`. Everything here is local to that file and uses no inline function of any library that the linker
// could merge with one compiled for a lesser processor.
//
// How it finds segments: a segment's beginning is a place where the patterns remember nothing (no pattern looks back), so each round
// starts at one. It loads 64 bytes, makes one bit mask per class of character, and computes from them, by a few shifts and an
// addition for runs, a mask of all places where a segment begins. Places that depend on text beyond the 64 bytes, or on rules too
// rare for masks, are left out by a limit: the next round starts at the last certain one. A round without any (a run longer than
// a block) takes one segment by segment_end(): the plain twin of all this, and the tests hold them together.
//
// The idea of bit masks over 64-byte blocks is simdjson's (Langdale and Lemire 2019) and gigatoken's; restarting at borders instead
// of carrying state from block to block is ours.

using u64 = std::uint64_t;

// One bit per byte of a block of 64.
struct Block {
  u64 upper =
      0;  // Of ASCII when loaded; all of Unicode after classify(). For Cut::o200k only: else ASCII letters are `other`.
  u64 lower = 0;
  u64 other = 0;  // Letters without case.
  u64 mark = 0;
  u64 number = 0;
  u64 white = 0;  // Whitespace but newlines.
  u64 newline = 0;
  u64 blank = 0;  // U+0020
  u64 quote = 0;  // '
  u64 slash = 0;
  u64 non_ascii = 0;
  u64 continuation = 0;  // Bytes 0x80 to 0xBF.
  u64 no_cut = 0;        // Bytes behind which words are not cut.
  u64 symbol = 0;        // ASCII but letters and blanks.
  u64 printable = 0;     // ! to ~
  u64 two = 0;           // First bytes of characters of two bytes.
  u64 three = 0;         // And of three, and four.
  u64 four = 0;
  u64 han =
      0;  // First bytes of characters of three bytes that are letters without case: U+4E00 to U+9FFF, U+B000 to U+CFFF.
};

// For Cut::words `blank`, `no_cut`, `three`, `four`, `continuation` and `symbol` only, for Cut::ascii_words `blank` and `printable`, for all others all but these.
template <Cut kCut>
inline Block load_block(const char* text);

// Writes from + i for each bit i of `mask`, the lowest first; what stands within 64 + 8 numbers from `to` on may be overwritten.
inline void write_positions(u64 mask, std::uint32_t from, std::uint32_t* to);

constexpr u64 bit(unsigned i) { return u64{1} << i; }
constexpr u64 below(unsigned i) { return i >= 64 ? ~u64{0} : bit(i) - 1; }
inline unsigned first_of(u64 mask) { return static_cast<unsigned>(__builtin_ctzll(mask)); }
inline unsigned last_of(u64 mask) { return 63U - static_cast<unsigned>(__builtin_clzll(mask)); }
constexpr u64 run_starts(u64 mask) { return mask & ~(mask << 1); }
constexpr u64 all_if(unsigned flag) { return u64{0} - u64{flag != 0}; }

// Sets the masks of the characters beyond ASCII. Returns how many bytes of the block are whole characters.
template <Cut kCut>
inline unsigned classify(const char* text, Block& block, unsigned size) {
  unsigned whole = size;
  auto trim = [&](u64 leads, unsigned length) {
    if (leads != 0 && last_of(leads) + length > size && last_of(leads) < whole)
      whole = last_of(leads);
  };
  const u64 leads = block.non_ascii & ~block.continuation & below(size);
  const u64 twos = leads & block.two;
  const u64 threes = leads & block.three;
  const u64 fours = leads & block.four;
  trim(twos, 2);
  trim(threes, 3);
  trim(fours, 4);
  // Characters of three bytes whose class the lead tells: 20 of a block of Chinese text, all but a few.
  const u64 han = block.han & below(whole);
  // First bytes, by class.
  u64 letter = 0, upper = 0, lower = 0, mark = 0, number = 0, white = 0;
  auto byte = [&](unsigned i) { return static_cast<unsigned>(static_cast<std::uint8_t>(text[i])); };
  auto take = [&](unsigned i, const detail::PageClasses& page, unsigned last) {
    auto of = [&](u64 classes) { return (classes >> (last & 63) & 1) << i; };
    // The digits of digits_gpt2's first step are those of a later Unicode; find_starts() leaves both to the plain twin.
    number |= of(kCut == Cut::digits_gpt2 ? page.number_or_digit : page.number);
    white |= of(page.white);
    if constexpr (kCut == Cut::o200k) {
      upper |= of(page.upper);
      lower |= of(page.lower);
      letter |= of(page.other);
      mark |= of(page.mark);
    } else {
      letter |= of(page.letter);
    }
  };
  for (u64 rest = twos & below(whole); rest != 0; rest &= rest - 1) {
    const unsigned i = first_of(rest);
    take(i, detail::kPages.of[byte(i) & 0x1F], byte(i + 1));
  }
  auto spread = [](u64& of, u64 those) { of |= (of & those) << 1; };
  const u64 all = ~u64{0};
  // Of two bytes: their second; then of three their second and third.
  spread(letter, all), spread(upper, all), spread(lower, all), spread(mark, all),
      spread(number, all), spread(white, all);
  const u64 two_letter = letter, two_upper = upper, two_lower = lower, two_mark = mark,
            two_number = number, two_white = white;
  letter = upper = lower = mark = number = white = 0;
  for (u64 rest = threes & ~han & below(whole); rest != 0; rest &= rest - 1) {
    const unsigned i = first_of(rest);
    take(i, detail::kPages.of[(byte(i) & 0x0F) << 6 | (byte(i + 1) & 0x3F)], byte(i + 2));
  }
  letter |= han;
  auto whole_character = [](u64 of) { return of | of << 1 | of << 2; };
  block.other |= two_letter | whole_character(letter);
  block.number |= two_number | whole_character(number);
  block.white |= two_white | whole_character(white);
  if constexpr (kCut == Cut::o200k) {
    block.upper |= two_upper | whole_character(upper);
    block.lower |= two_lower | whole_character(lower);
    block.mark |= two_mark | whole_character(mark);
  }
  for (u64 rest = fours & below(whole); rest != 0; rest &= rest - 1) {
    const unsigned i = first_of(rest);
    const unsigned point = (byte(i) & 0x07) << 18 | (byte(i + 1) & 0x3F) << 12 |
                           (byte(i + 2) & 0x3F) << 6 | (byte(i + 3) & 0x3F);
    const unsigned c = detail::kBlocks[detail::kBlockOf[point >> 8]][point & 0xFF];
    auto if_any = [&](unsigned classes) { return u64{15} << i & all_if(c & classes); };
    block.number |= if_any(kCut == Cut::digits_gpt2 ? kNumber | kDigit : unsigned{kNumber});
    block.white |= if_any(kWhitespace);
    if constexpr (kCut == Cut::o200k) {
      block.upper |= if_any(kUpper);
      block.lower |= if_any(kLower);
      block.other |= if_any(kOtherLetter);
      block.mark |= if_any(kMark);
    } else {
      block.other |= if_any(kLetter);
    }
  }
  if constexpr (kCut == Cut::digits_gpt2) block.other &= ~(block.number & block.non_ascii);
  return whole;
}

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

// Where a block's segments may be cut, as by is_part_begin(). Not among `borders`, which are there already. `before`: the block in
// front. `kSymbols`: around symbols, too.
template <Cut kCut, bool kSymbols>
inline u64 cuts_in(const CharacterCuts& cuts, const char* text, const Block& block,
                   const Block& before, u64 borders) {
  u64 found = 0;
  u64 candidates = (block.three | block.four) & ~borders &
                   (block.three << 3 | before.three >> 61 | block.four << 4 | before.four >> 60);
  for (; candidates != 0; candidates &= candidates - 1) {
    const unsigned i = first_of(candidates);
    found |= u64{cuts.cuts_wide(text + i)} << i;
  }
  if constexpr (!kSymbols) return found;
  const u64 near = block.symbol | block.symbol << 1 | before.symbol >> 63;
  if constexpr (kCut == Cut::words) {
    candidates = near & ~block.continuation & ~borders;
  } else {
    candidates =
        near & ~block.non_ascii & ~(block.non_ascii << 1 | before.non_ascii >> 63) & ~borders;
  }
  for (; candidates != 0; candidates &= candidates - 1) {
    const unsigned i = first_of(candidates);
    const bool cut = kCut == Cut::words ? cuts.cuts_any(text + i) : cuts.cuts_ascii(text + i);
    found |= u64{cut} << i;
  }
  return found;
}

#include "leyden/tokenizer/engine/kernel_stream.inl"

// So long a batch ends: offsets stay small.
constexpr std::size_t kOffsetMax = std::size_t{1} << 20;

// The parts of a long segment that ends at `inside`, from `position` on, as scan_some(); moves `position`. Stops behind `wanted`.
template <Cut kCut>
inline std::size_t scan_parts(const CharacterCuts& cuts, const char* text, std::size_t size,
                              std::size_t base, std::size_t& position, std::size_t inside,
                              std::uint32_t* ends, std::size_t count, std::size_t wanted) {
  Block before;
  u64 first = 1;
  for (std::size_t at = position; at < inside && at - base < kOffsetMax; at += 64) {
    Block block;
    if (size - at >= 64) {
      block = load_block<kCut>(text + at);
    } else {
      char padded[64] = {};
      __builtin_memcpy(padded, text + at, size - at);
      block = load_block<kCut>(padded);
    }
    if constexpr (kCut != Cut::words)
      block.symbol = ~(block.upper | block.lower | block.other | block.blank | block.non_ascii);
    const std::size_t rest = inside - at;
    const u64 mask =
        cuts_in<kCut, true>(cuts, text + at, block, before,
                            first | ~below(rest < 64 ? static_cast<unsigned>(rest) : 64));
    if (mask != 0) {
      write_positions(mask, static_cast<std::uint32_t>(at - base), ends + count);
      count += static_cast<unsigned>(__builtin_popcountll(mask));
      position = at + last_of(mask);
      if (count >= wanted) return count;
    }
    before = block;
    first = 0;
  }
  ends[count++] = static_cast<std::uint32_t>(inside - base);
  position = inside;
  return count;
}

// Ends of segments from `position` on, relative to it, into `ends`, which has room for 80 more than `wanted`. At least one; stops
// behind `wanted`, at the end of the text, or behind a long segment that is cut into parts: `inside` says which, and whether
// `position` is within one.
template <Cut kCut>
inline std::size_t scan_some(const Segmentation& how, const char* text, std::size_t size,
                             std::size_t position, std::uint32_t* ends, std::size_t wanted,
                             LongSegment& inside) {
  std::size_t count = 0;
  const std::size_t base = position;
  if (position > inside.begin && position < inside.end)
    return scan_parts<kCut>(*how.cuts, text, size, base, position, inside.end, ends, count, wanted);
  while (count < wanted && position < size && position - base < kOffsetMax) {
    if constexpr (kCut == Cut::pattern) {
      position = pretoken_end(how.pattern, {text, size}, position);
      ends[count++] = static_cast<std::uint32_t>(position - base);
      continue;
    }
    const char* at = text + position;
    const std::size_t rest = size - position;
    Block block;
    unsigned length = 64;
    if (rest >= 64) {
      block = load_block<kCut>(at);
      if (block.non_ascii == 0 && rest >= 128) {
        const std::size_t before = position;
        count = scan_stream<kCut>(how, block, text, size, base, position, ends, count, wanted);
        if (position != before) continue;
      }
    } else {
      alignas(64) char padded[64] = {};
      __builtin_memcpy(padded, at, rest);
      length = static_cast<unsigned>(rest);
      block = load_block<kCut>(padded);
    }
    Starts starts;
    if constexpr (kCut == Cut::words) {
      starts.mask = block.blank & ~((block.blank | block.no_cut) << 1);
    } else if constexpr (kCut == Cut::ascii_words) {
      starts.mask = block.blank & (block.printable << 1) & (block.printable >> 1);
    } else if (block.non_ascii == 0) {
      starts = find_starts<kCut, true>(at, rest, block, length, rest > length);
    } else {
      length = classify<kCut>(at, block, length);
      starts = find_starts<kCut, false>(at, rest, block, length, rest > length);
    }
    const bool whole =
        rest == length && starts.limit >= length;  // The last one ends where the text does.
    u64 mask = starts.mask & below(starts.limit + 1) & below(length) & ~u64{1};
    const auto from = static_cast<std::uint32_t>(position - base);
    if (mask != 0) {
      position += last_of(mask);
      // Behind the last border the next round looks again.
      if (how.cuts != nullptr && (kCut == Cut::words || (block.three | block.four) != 0))
        mask |= cuts_in < kCut,
            kCut == Cut::words > (*how.cuts, at, block, {}, mask | 1 | ~below(last_of(mask)));
      write_positions(mask, from, ends + count);
      count += static_cast<unsigned>(__builtin_popcountll(mask));
      if (!whole) continue;
    }
    const std::size_t end = whole ? size : segment_end(how, {text, size}, position);
    if (how.cuts != nullptr && end - position > 64) {
      inside = {position, end};
      return scan_parts<kCut>(*how.cuts, text, size, base, position, end, ends, count, wanted);
    }
    position = end;
    ends[count++] = static_cast<std::uint32_t>(position - base);
  }
  return count;
}

struct Key {
  u64 low;
  u64 high;
};

// By length: which bytes are the segment's, and the length where the key has it. A table, because a branch on the length is guessed
// wrong every few words.
struct KeyMasks {
  Key of[SegmentEntry::kBytesMax + 1] = {};
  constexpr KeyMasks() {
    for (unsigned length = 0; length <= SegmentEntry::kBytesMax; ++length) {
      of[length] = {below(8 * length), length > 8 ? below(8 * length - 64) : 0};
    }
  }
};
constexpr KeyMasks kKeyMasks;

// The key of the `length` bytes at `text`; 16 bytes may be read. Of more than 15 bytes: a key that no entry has.
inline Key load_key(const char* text, std::uint32_t length) {
  u64 low;
  u64 high;
  __builtin_memcpy(&low, text, 8);
  __builtin_memcpy(&high, text + 8, 8);
  const Key& mask = kKeyMasks.of[length & 15];
  const std::uint32_t capped = length < 255 ? length : 255;
  return {low & mask.low, (high & mask.high) | u64{capped} << 56};
}

constexpr std::size_t kBatch = 64;

// What one batch of segments needs.
struct Batch {
  std::uint32_t ends[kBatch + 80];
  Key keys[kBatch + 80];
  SegmentEntry news[kBatch + 80];
  const void* places[kBatch + 80];  // A SegmentBucket; a LongEntry of those of 16 to 32 bytes.
};

inline LongKey load_long_key(const char* text, std::uint32_t length) {
  LongKey key;
  __builtin_memcpy(key.words, text, 16);
  __builtin_memcpy(key.words + 2, text + length - 16, 16);
  key.length = length;
  return key;
}

// Keys of all, and where they live; the processor is told to fetch that.
inline void find_places(Batch& batch, std::size_t found, const char* text, std::size_t rest,
                        const KernelContext& context, bool many_are_new) {
  const unsigned shift = context.shift;
  const SegmentBucket* const buckets = context.buckets;
  auto place = [&](std::size_t i, const Key& key) {
    const std::size_t hash = segment_hash(key.low, key.high);
    batch.keys[i] = key;
    batch.places[i] = buckets + (hash >> shift);
    __builtin_prefetch(batch.places[i]);
    if (many_are_new) __builtin_prefetch(context.seed_slots + (hash >> context.seed_shift));
  };
  std::uint32_t from = 0;
  std::size_t i = 0;
  if (rest >= 16) {
    for (; i < found && from <= rest - 16; from = batch.ends[i++]) {
      const std::uint32_t length = batch.ends[i] - from;
      place(i, load_key(text + from, length));
      if (length > SegmentEntry::kBytesMax && length <= LongEntry::kBytesMax) [[unlikely]] {
        batch.places[i] = context.long_entries +
                          (long_hash(load_long_key(text + from, length)) >> context.long_shift);
        __builtin_prefetch(batch.places[i]);
      }
    }
  }
  // The text's last bytes, from which 16 can't be read.
  for (; i < found; from = batch.ends[i++]) {
    const std::uint32_t length = batch.ends[i] - from;
    char padded[16] = {};
    __builtin_memcpy(padded, text + from, length);
    place(i, load_key(padded, length));
  }
}

// The twin of an entry or bucket: tables are pairs of cache lines.
template <class T>
inline const T* beside(const T* place) {
  static_assert(sizeof(T) == 64);
  return reinterpret_cast<const T*>(reinterpret_cast<std::uintptr_t>(place) ^ 64);
}

inline u64 differs(const SegmentEntry& entry, const Key& key) {
  return (entry.low ^ key.low) | (entry.high ^ key.high);
}

inline u64 differs(const LongEntry& entry, const LongKey& key) {
  u64 difference = entry.length ^ key.length;
  for (int i = 0; i < 4; ++i) difference |= entry.words[i] ^ key.words[i];
  return difference;
}

// The entry of `key` in its bucket or beside it; another where there is none.
inline const SegmentEntry* probe(const SegmentBucket* bucket, const Key& key) {
  const SegmentEntry* entry = bucket->entries;
  entry += differs(entry[0], key) != 0 ? 1 : 0;
  if (differs(*entry, key) != 0 && key.high < u64{16} << 56) {
    entry = beside(bucket)->entries;
    entry += differs(entry[0], key) != 0 ? 1 : 0;
  }
  return entry;
}

// Has the short segments from `i` on that are not in the table put into it, all at once. Returns how many they were.
inline std::size_t learn_rest(Batch& batch, std::size_t i, std::size_t found,
                              KernelContext& context) {
  std::size_t count = 0;
  for (; i < found; ++i) {
    const Key key = batch.keys[i];
    if (key.high >= u64{16} << 56) continue;
    if (differs(*probe(static_cast<const SegmentBucket*>(batch.places[i]), key), key) == 0)
      continue;
    batch.news[count].low = key.low;
    batch.news[count++].high = key.high;
  }
  context.learn(context, batch.news, count);
  return count;
}

template <Cut kCut>
KernelResult encode_cut(const Segmentation& how, KernelContext& context, const char* text,
                        std::size_t size, std::size_t position, TokenId* out) {
  Batch batch;
  TokenId* const begin = out;
  // Room for a batch of hits and one miss.
  constexpr std::size_t kFullAt =
      kKernelRoom - (kBatch + 80) * LongEntry::kIdsMax - kKernelBytesMax - 16;
  const auto written = [&] { return static_cast<std::size_t>(out - begin); };
  std::size_t misses = 0;
  while (position < size && written() <= kFullAt) {
    const std::size_t found =
        scan_some<kCut>(how, text, size, position, batch.ends, kBatch, context.inside);
    const char* const base = text + position;
    // New text: what is missing then comes in numbers.
    bool learns = misses > 2 && context.learn != nullptr;
    find_places(batch, found, base, size - position, context,
                learns && context.seed_slots != nullptr);
    misses = 0;
    for (std::size_t i = 0; i < found; ++i) {
      const Key key = batch.keys[i];
      const auto* bucket = static_cast<const SegmentBucket*>(batch.places[i]);
      const SegmentEntry* entry = probe(bucket, key);
      bool is_known = differs(*entry, key) == 0;
      if (!is_known && learns) [[unlikely]] {
        learns = false;
        misses = learn_rest(batch, i, found, context);
        entry = probe(bucket, key);
        is_known = differs(*entry, key) == 0;
      }
      // The count goes with them: what lies behind `out` is free.
      if (is_known && entry->count <= SegmentEntry::kIdsMax) [[likely]] {
        __builtin_memcpy(out, entry->ids, 16);
        out += entry->count;
        continue;
      }
      const std::uint32_t from = i == 0 ? 0 : batch.ends[i - 1];
      const std::uint32_t length = batch.ends[i] - from;
      if (is_known || (length > SegmentEntry::kBytesMax && length <= LongEntry::kBytesMax)) {
        LongKey long_key{.words = {key.low, key.high, 0, 0}, .length = length};
        if (!is_known) long_key = load_long_key(base + from, length);
        const LongEntry* known =
            is_known ? context.long_entries + (long_hash(long_key) >> context.long_shift)
                     : static_cast<const LongEntry*>(batch.places[i]);
        if (differs(*known, long_key) != 0) known = beside(known);
        if (differs(*known, long_key) == 0 && known->count <= LongEntry::kIdsMax) {
          __builtin_memcpy(out, known->ids, sizeof(known->ids));
          out += known->count;
          continue;
        }
      }
      if (length > kKernelBytesMax) return {position + from, written()};
      ++misses;
      const std::size_t count = context.miss(context, base + from, length, out);
      if (count > kKernelBytesMax) return {position + from, written()};
      out += count;
      if (written() > kFullAt) return {position + batch.ends[i], written()};
    }
    position += batch.ends[found - 1];
  }
  return {position, written()};
}

template <Cut kCut>
std::size_t scan_cut(const Segmentation& how, const char* text, std::size_t size,
                     std::size_t position, std::size_t* ends, std::size_t room) {
  Segmentation segments = how;
  segments.cuts = nullptr;
  LongSegment none;
  std::size_t count = 0;
  std::uint32_t some[kBatch + 80];
  while (position < size && room - count >= 64) {
    const std::size_t found = scan_some<kCut>(segments, text, size, position, some, 1, none);
    for (std::size_t i = 0; i < found; ++i) ends[count++] = position + some[i];
    position = ends[count - 1];
  }
  return count;
}

KernelResult encode_any(const Segmentation& how, KernelContext& context, const char* text,
                        std::size_t size, std::size_t position, TokenId* out) {
  switch (how.cut) {
    case Cut::gpt2:
      return encode_cut<Cut::gpt2>(how, context, text, size, position, out);
    case Cut::digits_gpt2:
      return encode_cut<Cut::digits_gpt2>(how, context, text, size, position, out);
    case Cut::cl100k:
      return encode_cut<Cut::cl100k>(how, context, text, size, position, out);
    case Cut::qwen2:
      return encode_cut<Cut::qwen2>(how, context, text, size, position, out);
    case Cut::o200k:
      return encode_cut<Cut::o200k>(how, context, text, size, position, out);
    case Cut::pattern:
      return encode_cut<Cut::pattern>(how, context, text, size, position, out);
    case Cut::ascii_words:
      return encode_cut<Cut::ascii_words>(how, context, text, size, position, out);
    case Cut::words:
      return encode_cut<Cut::words>(how, context, text, size, position, out);
  }
  __builtin_unreachable();
}

std::size_t scan_any(const Segmentation& how, const char* text, std::size_t size,
                     std::size_t position, std::size_t* ends, std::size_t room) {
  switch (how.cut) {
    case Cut::gpt2:
      return scan_cut<Cut::gpt2>(how, text, size, position, ends, room);
    case Cut::digits_gpt2:
      return scan_cut<Cut::digits_gpt2>(how, text, size, position, ends, room);
    case Cut::cl100k:
      return scan_cut<Cut::cl100k>(how, text, size, position, ends, room);
    case Cut::qwen2:
      return scan_cut<Cut::qwen2>(how, text, size, position, ends, room);
    case Cut::o200k:
      return scan_cut<Cut::o200k>(how, text, size, position, ends, room);
    case Cut::pattern:
      return scan_cut<Cut::pattern>(how, text, size, position, ends, room);
    case Cut::ascii_words:
      return scan_cut<Cut::ascii_words>(how, text, size, position, ends, room);
    case Cut::words:
      return scan_cut<Cut::words>(how, text, size, position, ends, room);
  }
  __builtin_unreachable();
}
