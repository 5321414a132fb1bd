#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace leyden::retrieval {

// Where a text may be cut, and how gladly: what outranks decides first, the hash between equals.
struct Cut {
  // Ranks from here on are borders between things that are whole (definitions, sections, paragraphs); below it, places within one.
  static constexpr std::uint16_t kBorder = 0x100;

  std::uint16_t rank = 0;
  std::uint32_t hash =
      0;  // Of the text at the cut, so that equal ranks are told apart by content and never by position.
};

// A stretch of text that is not cut: a line, or a part of one that is too long. Blank lines are gaps behind an atom.
struct Atom {
  std::size_t begin = 0;
  std::size_t end = 0;   // Without the gap.
  std::size_t line = 1;  // On which it begins.
  std::uint32_t tokens = 0;
  std::uint32_t gap_tokens = 0;
  Cut before;
  bool begins_line = true;
};

// Atoms [first, last).
struct AtomRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

struct CutLimits {
  std::size_t target_tokens = 0;
  std::size_t max_tokens = 0;
};

// Ranges of atoms, in order, that cover all: each at most max_tokens (an atom above it stands alone).
//
// A range above the target is cut at its best place, and its parts likewise, down to ranges that fit: a treap (Seidel and Aragon, 1996)
// whose priorities are ranks and content hashes. So what is cut depends on each range's own text alone: an edit changes only the ranges
// that hold it, and of their parts only those that hold it or that now fit together. Places so near to a range's end that they
// would leave a scrap are passed over where there is another. O(n log n).
[[nodiscard]] std::vector<AtomRange> cut(const std::vector<Atom>& atoms, const CutLimits& limits);

}  // namespace leyden::retrieval
