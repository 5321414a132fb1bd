// Text to the ends of its segments: part of kernel.inl.

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

// What is too far away is kTooFar: it ends a segment of gigabytes, the batch's last.
constexpr std::uint32_t kTooFar = ~std::uint32_t{0};
inline std::uint32_t offset_of(std::size_t distance) {
  return distance < kTooFar ? static_cast<std::uint32_t>(distance) : kTooFar;
}

// The parts of a long segment that ends at `inside`, from `position` on, as scan_some(); moves `position`. Stops behind `wanted`.
template <Cut kCut>
// leyden:ignore common.many-parameters the inner loop: what stays in registers is passed in them
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
  ends[count++] = offset_of(inside - base);
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
      ends[count++] = offset_of(position - base);
      continue;
    }
    const char* at = text + position;
    const std::size_t rest = size - position;
    alignas(64) char padded[64];
    const char* bytes = at;
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
      __builtin_memset(padded, 0, sizeof(padded));
      __builtin_memcpy(padded, at, rest);
      bytes = padded;
      length = static_cast<unsigned>(rest);
      block = load_block<kCut>(padded);
    }
    Starts starts;
    if constexpr (kCut == Cut::words) {
      starts.mask = block.blank & ~((block.blank | block.no_cut) << 1);
    } else if constexpr (is_plain_words(kCut)) {
      starts.mask = block.blank & (block.printable | block.two << 1) << 1;
    } else if (block.non_ascii == 0) {
      starts = find_starts<kCut, true>(at, rest, block, length, rest > length);
    } else {
      length = classify<kCut>(bytes, block, length);
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
    ends[count++] = offset_of(position - base);
  }
  return count;
}
