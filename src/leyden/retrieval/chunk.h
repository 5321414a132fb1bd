#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::retrieval {

struct ChunkOptions {
  std::size_t target_bytes = 1200;  // Neighbouring pieces are joined up to about this.
  std::size_t max_bytes =
      2400;  // Nothing is longer, not even a line of a megabyte: cut at a character border.
  [[nodiscard]] Result<void> check() const;
};

// A part of a document: [begin, end) in bytes and its first and last line, counted from 1.
struct Chunk {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first_line = 1;
  std::size_t last_line = 1;
};

// Cuts valid UTF-8 text along its structure: Markdown and reStructuredText at headings, code at top-level definitions
// (by indentation and blank lines; parsers come with the syntax module), other text at blank lines, then at lines.
// Chunks don't overlap, are in order, and hold every byte that is not whitespace between chunks. An edit changes the
// chunks near it and leaves the others as they are, byte for byte: a cut depends on the text around it and not on where
// earlier cuts fell (content-defined), so that cached token IDs survive. Linear time.
[[nodiscard]] std::vector<Chunk> chunk(std::string_view path, std::string_view text,
                                       const ChunkOptions& options);

}  // namespace leyden::retrieval
