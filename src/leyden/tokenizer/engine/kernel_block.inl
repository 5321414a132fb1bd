// Blocks of 64 bytes as bit masks: part of kernel.inl.

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

// For Cut::words `blank`, `no_cut`, `three`, `four`, `continuation` and `symbol` only, for Cut::plain_words and plain_lines `blank` (where segments may begin), `printable` and of `two` the plain ones, for all others all but these.
template <Cut kCut>
inline Block load_block(const char* text);

// Writes from + i for each bit i of `mask`, the lowest first; what stands within 64 + 8 numbers from `to` on may be overwritten.
inline void write_positions(u64 mask, std::uint32_t from, std::uint32_t* to);

// Of the 64 bytes at `text`: those that are `c`; those whose low six bits are the number of a bit in `set`.
inline u64 equal_bytes(const char* text, char c);
inline u64 low_bits_in(const char* text, u64 set);

constexpr u64 bit(unsigned i) { return u64{1} << i; }
constexpr u64 below(unsigned i) { return i >= 64 ? ~u64{0} : bit(i) - 1; }
inline unsigned first_of(u64 mask) { return static_cast<unsigned>(__builtin_ctzll(mask)); }
inline unsigned last_of(u64 mask) { return 63U - static_cast<unsigned>(__builtin_clzll(mask)); }
constexpr u64 run_starts(u64 mask) { return mask & ~(mask << 1); }
constexpr u64 all_if(unsigned flag) { return u64{0} - u64{flag != 0}; }
