#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::retrieval {

struct ChunkOptions {
  std::size_t target_tokens =
      300;  // Neighbouring definitions, sections and paragraphs are joined up to this.
  std::size_t max_tokens = 600;    // Nothing is longer, not even a line of a megabyte.
  std::size_t overlap_tokens = 0;  // Whole lines, up to this, of the chunk before are repeated.
  // Tokens of a text by itself. Called once for each line, so a chunk's size is the sum of its lines', which for byte-level BPE is what the
  // chunk has or a little more. At most one token for a byte. Thread-safe where several threads chunk. Empty: a quarter of the bytes.
  std::function<std::size_t(std::string_view)> count_tokens;
  std::string tokenizer_name;  // Whose tokens they are.

  [[nodiscard]] Result<void> check() const;
  // All that decides where cuts fall, "3 300/600/0 o200k_base": a document that was chunked under another name is chunked anew.
  [[nodiscard]] std::string name() const;
};

// A part of a document: [begin, end) in bytes and its first and last line, counted from 1.
struct Chunk {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first_line = 1;
  std::size_t last_line = 1;
  // What the part stands in and does not itself begin: "class TokenCache > Found find(Key key)" where a method was split, "Install > Debian"
  // below those headings; empty in text without either. One line of valid UTF-8.
  std::string context;
};

// Cuts valid UTF-8 text along its structure: code between definitions (by tree-sitter's parsers, else by blank lines and indentation),
// then at blank lines, then at other lines; Markdown, reStructuredText, AsciiDoc and Org at headings, then paragraphs; other text at
// paragraphs, sentences, words. The path says the language (syntax/language.h).
//
// Chunks are in order, hold every byte that is not whitespace between them, begin and end at lines (but for parts of a line above
// max_tokens) and don't overlap unless they are to. An edit changes the chunk that it touches and perhaps its neighbours, and leaves the
// others as they are, byte for byte: chunk_cut.h says how. Time is linear but for a logarithm, whatever the text.
[[nodiscard]] std::vector<Chunk> chunk(std::string_view path, std::string_view text,
                                       const ChunkOptions& options);

}  // namespace leyden::retrieval
