#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/normalizers/normalized_text.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// A normalized text and the pieces that pre-tokenizers have cut it into so far.
struct Pieces {
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  NormalizedText text;
  std::vector<Range> ranges;  // From left to right, none empty; what was removed lies between them.
  bool at_start = false;      // The text begins at byte 0 of the text that is encoded.

  // True when the piece that begins at `begin` begins the text that is encoded.
  [[nodiscard]] bool starts_text(std::size_t begin) const {
    if (text.tracked()) return text.origin(begin, begin + 1).begin == 0;
    return at_start && begin == 0;
  }
};

// One pre-tokenizer. const, safe to share; linear in the text.
class PieceCutter {
 public:
  virtual ~PieceCutter() = default;
  // Cuts each piece further; may also change its text (a space put in front, U+2581 for spaces).
  virtual void apply(Pieces& pieces) const = 0;
};

// Errors: unsupported (a pattern).
[[nodiscard]] Result<std::unique_ptr<PieceCutter>> make_cutter(const PretokenizerStep& step);

}  // namespace leyden::tokenizer
