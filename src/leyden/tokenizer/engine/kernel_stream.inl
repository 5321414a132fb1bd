// Streams of ASCII: part of kernel.inl.
//
// Restarting at borders costs the time from a block's load to its last border, each time. Where block after block is ASCII,
// they are taken at a stride of 64 instead, whatever begins in them, and all that the patterns need to know of the block before
// is the top bits of its masks: the processor works on several blocks at once. What is rare and would need more leaves the
// stream; the next round restarts at the last border found.

// Bit i: whether i - 1 is in `now`, or for i = 0 the block before's last bit.
inline u64 behind(u64 now, u64 before) { return now << 1 | before >> 63; }

// The patterns' borders in block after block. All masks are those of the block before.
template <Cut kCut>
struct AsciiStream {
  u64 letter = 0;
  u64 lower = 0;
  u64 number = 0;
  u64 white = 0;
  u64 blank = 0;
  u64 symbol = 0;
  u64 symbol_start = 0;
  u64 taken = 0;         // Newlines that belong to the symbols in front of them.
  u64 free_newline = 0;  // The others.
  u64 left = 0;          // Whitespace but `taken`.
  u64 printable = 0;     // The last bytes of plain characters.
  u64 plain_lead = 0;
  // What the block before says of this one: bits that begin a segment, bits that don't.
  u64 starts = 0;
  u64 not_starts = 0;
  std::size_t contraction_end = 0;
  // Spaces behind a newline begin a segment where no newline follows them. Such a run that goes on behind the block: where it began, + 1.
  std::size_t undecided = 0;

  // The borders of `b`, which `n` follows; both ASCII. `at`: of the block in `text`; `last`: the last border before it. `before`: one
  // more border in front of all others, or 0. False where the stream must be left in front of this block.
  inline bool next(const Block& b, const Block& n, const char* text, std::size_t size,
                   std::size_t at, std::size_t last, u64& mask, std::size_t& before);

 private:
  // Behind a contraction of `length` bytes at `i` a segment begins; in it none does from its byte `inner` on.
  inline void take_contraction(unsigned i, unsigned length, unsigned inner, u64& mask) {
    const unsigned end = i + length;
    mask &= ~(below(end) & ~below(i + inner));
    if (end < 64) {
      mask |= bit(end);
    } else {
      starts = bit(end - 64);
      not_starts = below(end - 64) & (i + inner <= 64 ? ~u64{0} : ~below(i + inner - 64));
    }
  }
};

template <Cut kCut>
// leyden:ignore common.complex-function the inner loop: a call costs more than it explains
inline bool AsciiStream<kCut>::next(const Block& b, const Block& n, const char* text,
                                    std::size_t size, std::size_t at, std::size_t last, u64& mask,
                                    std::size_t& before) {
  if constexpr (is_plain_words(kCut)) {
    const u64 plain = b.printable | behind(b.two, plain_lead);
    mask = b.blank & behind(plain, printable);
    printable = plain;
    plain_lead = b.two;
    before = 0;
    return true;
  }
  constexpr bool kO200k = kCut == Cut::o200k;
  const u64 letters = b.upper | b.lower | b.other;
  const u64 numbers = b.number;
  const u64 whites = b.white | b.newline;
  const u64 whites_next = n.white | n.newline;
  const u64 symbols = ~(letters | numbers | whites);
  const u64 blank_before = behind(b.blank, blank);
  const u64 letter_runs = letters & ~behind(letters, letter);
  const u64 number_runs = numbers & ~behind(numbers, number);
  const u64 symbol_starts = symbols & ~behind(symbols, symbol) & ~blank_before;
  const u64 not_starts_here = not_starts;
  const u64 starts_here = starts;
  starts = not_starts = 0;
  before = 0;
  if constexpr (is_gpt2(kCut)) {
    mask = (letter_runs & ~blank_before) | symbol_starts;
    mask |= single_digits(kCut) ? numbers : number_runs & ~blank_before;
    mask &= ~not_starts_here;
    for (u64 quotes = b.quote & symbol_starts; quotes != 0; quotes &= quotes - 1) {
      const unsigned i = first_of(quotes);
      if (unsigned length = contraction_at<false>(text + at + i, size - at - i); length != 0)
        take_contraction(i, length, 1, mask);
    }
    u64 ends = ~(whites >> 1 | whites_next << 63);
    if constexpr (single_digits(kCut)) ends &= ~(numbers >> 1 | n.number << 63);
    mask |= (whites & ~behind(whites, left)) | (whites & ends) | starts_here;
    left = whites;
  } else {
    const u64 white_before = behind(b.white, white);
    mask = letter_runs & ~white_before & ~behind(symbol_starts, symbol_start);
    mask |= symbol_starts;
    if constexpr (kO200k) {
      mask |= b.upper & behind(b.lower, lower);
      mask &= ~not_starts_here;
      for (u64 quotes = b.quote & behind(letters, letter); quotes != 0; quotes &= quotes - 1) {
        const unsigned i = first_of(quotes);
        if (at + i == contraction_end) continue;
        if (unsigned length = contraction_at<true>(text + at + i, size - at - i); length != 0) {
          contraction_end = at + i + length;
          take_contraction(i, length, 0, mask);
        }
      }
    } else {
      for (u64 quotes = b.quote & symbol_starts; quotes != 0; quotes &= quotes - 1) {
        const unsigned i = first_of(quotes);
        if (unsigned length = contraction_at<true>(text + at + i, size - at - i); length != 0)
          take_contraction(i, length, length, mask);
      }
    }
    mask |= starts_here;
    if constexpr (single_digits(kCut)) {
      mask |= numbers;
    } else {
      u64 threes = number_runs;
      mask |= threes;
      const u64 fourth = numbers & (numbers << 1) & (numbers << 2) & (numbers << 3);
      while ((threes = (threes << 3) & fourth) != 0) mask |= threes;
      if ((numbers & number >> 63) != 0) {
        // Digits go on from the block before: the last border there is where the last three of them begin.
        const unsigned run = ~numbers == 0 ? 64 : first_of(~numbers);
        for (std::size_t i = 3 - (at - last); i < run; i += 3)
          mask |= bit(static_cast<unsigned>(i));
      }
    }
    u64 taken_here = b.newline & (behind(symbols, symbol) | taken >> 63);
    if (taken_here != 0) {
      taken_here = b.newline & ~(b.newline + taken_here);
      if constexpr (kO200k) {
        if ((b.slash & behind(taken_here, taken)) != 0) return false;
      }
    } else if constexpr (kO200k) {
      if ((b.slash & taken >> 63) != 0) return false;
    }
    const u64 left_here = whites & ~taken_here;
    mask |= left_here & ~behind(left_here, left);
    mask |= b.white & ~(whites >> 1 | whites_next << 63);
    const u64 free_here = b.newline & ~taken_here;
    const u64 white_runs = b.white & ~white_before;
    const u64 lines = white_runs & behind(free_here, free_newline);
    if (undecided != 0 && ~b.white != 0) {
      if ((b.newline >> first_of(~b.white) & 1) == 0) before = undecided - 1;
      undecided = 0;
    }
    if (lines != 0) {
      mask |= lines;
      for (u64 ends = (b.white + white_runs) & ~b.white & b.newline; ends != 0; ends &= ends - 1) {
        const u64 others = ~b.white & below(first_of(ends));
        const unsigned begin = others == 0 ? 0 : last_of(others) + 1;
        mask &= ~(lines & bit(begin));
      }
      if ((b.white >> 63) != 0) {
        const u64 others = ~b.white;
        const unsigned begin = others == 0 ? 0 : last_of(others) + 1;
        if ((lines >> begin & 1) != 0 && (whites_next & 1) != 0) {
          mask &= ~bit(begin);
          if ((n.newline & 1) == 0) undecided = at + begin + 1;
        }
      }
    }
    white = b.white;
    taken = taken_here;
    free_newline = free_here;
    left = left_here;
    symbol_start = symbol_starts;
    lower = b.lower;
  }
  letter = letters;
  number = numbers;
  blank = b.blank;
  symbol = symbols;
  return true;
}

// Words need no more than their neighbours.
template <>
inline bool AsciiStream<Cut::words>::next(const Block& b, const Block&, const char*, std::size_t,
                                          std::size_t, std::size_t, u64& mask,
                                          std::size_t& before) {
  mask = b.blank & ~behind(b.blank | b.no_cut, blank);
  blank = b.blank | b.no_cut;
  before = 0;
  return true;
}
// As scan_some(), from `position` on as far as the stream goes, the first block loaded and ASCII; may find nothing. Moves
// `position` to the last border.
template <Cut kCut>
// leyden:ignore common.many-parameters the inner loop: a call costs more than it explains
inline std::size_t scan_stream(const Segmentation& how, Block block, const char* text,
                               std::size_t size, std::size_t base, std::size_t& position,
                               std::uint32_t* ends, std::size_t count, std::size_t wanted) {
  std::size_t at = position;
  AsciiStream<kCut> stream;
  Block last_block;
  u64 not_first = ~u64{1};  // What begins at `position` does not end there.
  while (count < wanted && size - at >= 128) {
    const Block next = load_block<kCut>(text + at + 64);
    u64 mask;
    std::size_t before;
    if (next.non_ascii != 0 || !stream.next(block, next, text, size, at, position, mask, before))
      break;
    if (before != 0) ends[count++] = static_cast<std::uint32_t>(before - base);
    if constexpr (kCut == Cut::words) {
      if (how.cuts != nullptr)
        mask |= cuts_in<kCut, true>(*how.cuts, text + at, block, last_block, mask | ~not_first);
      last_block = block;
    }
    mask &= not_first;
    not_first = ~u64{0};
    const auto found = static_cast<unsigned>(__builtin_popcountll(mask));
    write_positions(mask, static_cast<std::uint32_t>(at - base), ends + count);
    count += found;
    if (found != 0)
      position = at + last_of(mask);
    else if (before != 0)
      position = before;
    at += 64;
    block = next;
  }
  return count;
}
