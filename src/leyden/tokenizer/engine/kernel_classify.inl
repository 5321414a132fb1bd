// The classes of characters beyond ASCII: part of kernel.inl.

// A bit for each byte of a character in the mask of its class.
struct ClassMasks {
  u64 upper = 0;  // For Cut::o200k only, else all letters are `other`.
  u64 lower = 0;
  u64 other = 0;
  u64 mark = 0;
  u64 number = 0;
  u64 white = 0;

  // The character whose first byte is at bit `i`: so far that bit only.
  template <Cut kCut>
  inline void take(unsigned i, const detail::PageClasses& page, unsigned last_byte) {
    auto of = [&](u64 classes) { return (classes >> (last_byte & 63) & 1) << i; };
    // The digits of digits_gpt2's first step are those of a later Unicode; find_starts() leaves both to the plain twin.
    number |= of(kCut == Cut::digits_gpt2 ? page.number_or_digit : page.number);
    white |= of(page.white);
    if constexpr (kCut == Cut::o200k) {
      upper |= of(page.upper);
      lower |= of(page.lower);
      other |= of(page.other);
      mark |= of(page.mark);
    } else {
      other |= of(page.letter);
    }
  }

  // The characters of one page whose first bytes are `firsts`. `among(set)`: those whose last six bits are in it.
  template <Cut kCut, class Among>
  inline void take_page(u64 firsts, const detail::PageClasses& page, Among&& among) {
    auto add = [&](u64& mask, u64 classes) {
      if (classes == ~u64{0}) {
        mask |= firsts;
      } else if (classes != 0) {
        mask |= firsts & among(classes);
      }
    };
    add(number, kCut == Cut::digits_gpt2 ? page.number_or_digit : page.number);
    add(white, page.white);
    if constexpr (kCut == Cut::o200k) {
      add(upper, page.upper);
      add(lower, page.lower);
      add(other, page.other);
      add(mark, page.mark);
    } else {
      add(other, page.letter);
    }
  }

  // Of characters of `kBytes` bytes each, whole.
  template <unsigned kBytes>
  inline void put_into(Block& block) const {
    auto whole = [](u64 firsts) {
      u64 all = firsts;
      for (unsigned i = 1; i < kBytes; ++i) all |= firsts << i;
      return all;
    };
    block.upper |= whole(upper);
    block.lower |= whole(lower);
    block.other |= whole(other);
    block.mark |= whole(mark);
    block.number |= whole(number);
    block.white |= whole(white);
  }
};

// The classes of characters of two or three bytes: page by page, because neighbours are mostly of one script, and what is left
// one by one.
template <Cut kCut, unsigned kBytes>
inline ClassMasks classes_of(u64 firsts, const char* text) {
  ClassMasks masks;
  auto byte = [&](unsigned i) { return static_cast<unsigned>(static_cast<std::uint8_t>(text[i])); };
  auto page_of = [&](unsigned i) -> const detail::PageClasses& {
    if constexpr (kBytes == 2) return detail::kPages.of[byte(i) & 0x1F];
    return detail::kPages.of[(byte(i) & 0x0F) << 6 | (byte(i + 1) & 0x3F)];
  };
  auto among = [&](u64 set) { return low_bits_in(text, set) >> (kBytes - 1); };
  for (unsigned pages = 0; firsts != 0 && pages < kPagesAtOnce; ++pages) {
    const unsigned i = first_of(firsts);
    u64 same = firsts & equal_bytes(text, text[i]);
    if constexpr (kBytes == 3) same &= equal_bytes(text, text[i + 1]) >> 1;
    masks.take_page<kCut>(same, page_of(i), among);
    firsts &= ~same;
  }
  for (; firsts != 0; firsts &= firsts - 1) {
    const unsigned i = first_of(firsts);
    masks.take<kCut>(i, page_of(i), byte(i + kBytes - 1));
  }
  return masks;
}

// Sets the masks of the characters beyond ASCII of the 64 bytes at `text`, `size` of which count. Returns how many bytes of the block are whole characters.
template <Cut kCut>
inline unsigned classify(const char* text, Block& block, unsigned size) {
  unsigned whole = size;
  auto trim = [&](u64 leads, unsigned length) {
    if (leads != 0 && last_of(leads) + length > size && last_of(leads) < whole)
      whole = last_of(leads);
  };
  trim(block.two & below(size), 2);
  trim(block.three & below(size), 3);
  trim(block.four & below(size), 4);
  auto byte = [&](unsigned i) { return static_cast<unsigned>(static_cast<std::uint8_t>(text[i])); };
  if (const u64 twos = block.two & below(whole); twos != 0)
    classes_of<kCut, 2>(twos, text).template put_into<2>(block);
  if (const u64 threes = block.three & below(whole); threes != 0) {
    // Letters whose class the lead tells: 20 of a block of Chinese text, all but a few.
    ClassMasks masks = classes_of<kCut, 3>(threes & ~block.han, text);
    masks.other |= threes & block.han;
    masks.put_into<3>(block);
  }
  ClassMasks fours;
  for (u64 rest = block.four & below(whole); rest != 0; rest &= rest - 1) {
    const unsigned i = first_of(rest);
    const unsigned point = (byte(i) & 0x07) << 18 | (byte(i + 1) & 0x3F) << 12 |
                           (byte(i + 2) & 0x3F) << 6 | (byte(i + 3) & 0x3F);
    const unsigned c = detail::kBlocks[detail::kBlockOf[point >> 8]][point & 0xFF];
    auto if_any = [&](unsigned classes) { return bit(i) & all_if(c & classes); };
    fours.number |= if_any(kCut == Cut::digits_gpt2 ? kNumber | kDigit : unsigned{kNumber});
    fours.white |= if_any(kWhitespace);
    if constexpr (kCut == Cut::o200k) {
      fours.upper |= if_any(kUpper);
      fours.lower |= if_any(kLower);
      fours.other |= if_any(kOtherLetter);
      fours.mark |= if_any(kMark);
    } else {
      fours.other |= if_any(kLetter);
    }
  }
  fours.put_into<4>(block);
  if constexpr (kCut == Cut::digits_gpt2) block.other &= ~(block.number & block.non_ascii);
  return whole;
}
