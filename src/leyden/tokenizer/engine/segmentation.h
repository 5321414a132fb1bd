#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "leyden/tokenizer/engine/character_cuts.h"
#include "leyden/tokenizer/pretokenizer.h"

namespace leyden::tokenizer::engine {

// How text is cut into segments, each of which is encoded alone.
enum class Cut : std::uint8_t {
  gpt2,
  digits_gpt2,
  cl100k,  // And llama3.
  qwen2,
  o200k,
  pattern,      // Any other Pattern: by pretoken_end(), one at a time.
  words,        // In front of runs of spaces: see word_end().
  plain_words,  // In front of spaces behind plain characters: see plain_word_end().
  plain_lines,  // And in front of newlines there.
};

struct Segmentation {
  Cut cut = Cut::pattern;
  Pattern pattern{};  // Of all cuts that are a pattern's.
  // Segments are cut further by these, where they are there: by the kernel where it comes by them, the rest by each_part().
  const CharacterCuts* cuts = nullptr;
};

[[nodiscard]] Segmentation segmentation_of(Pattern pattern);

// SentencePiece's words, spaces not yet written as U+2581. A segment is a run of spaces and what follows up to the next run. No
// cut behind '>' (a token of Gemma 3 is ">▁</") nor behind a byte 0x81 (it may be the end of a U+2581 in the text itself): other
// vocabularies with tokens across such a cut can't use it.
[[nodiscard]] std::size_t word_end(std::string_view text, std::size_t position);

// Characters that no normalizer joins with a space behind them: printable ASCII, and U+00C0 to U+02BF, U+03C0 to U+047F, of which
// these are the first bytes. (U+02D8, U+0384 and others may become a space themselves.)
constexpr bool is_plain_lead(std::uint8_t byte) {
  return (byte >= 0xC3 && byte <= 0xCA) || (byte >= 0xCF && byte <= 0xD1);
}
[[nodiscard]] bool ends_plain(std::string_view text);

// Cut in front of the spaces behind a plain character: nothing that normalizers do reaches across it. `lines`: in front of newlines,
// too.
[[nodiscard]] std::size_t plain_word_end(std::string_view text, std::size_t position, bool lines);
constexpr bool is_plain_words(Cut cut) {
  return cut == Cut::plain_words || cut == Cut::plain_lines;
}

// Whether Segmentation::cuts allows to cut in front of the character at `at` > 0, where such a cut is worth the question: between two
// characters of three or four bytes, and on either side of what is ASCII but no letter.
[[nodiscard]] bool is_part_begin(const Segmentation& segmentation, std::string_view segment,
                                 std::size_t at);

// Where the part of `segment` ends that begins at `begin`: at the next such place, or where the segment does.
[[nodiscard]] std::size_t part_end(const Segmentation& segmentation, std::string_view segment,
                                   std::size_t begin);

// The parts of a segment, in order.
template <class Take>
void each_part(const Segmentation& segmentation, std::string_view segment, Take&& take) {
  for (std::size_t begin = 0; begin < segment.size();) {
    const std::size_t end = part_end(segmentation, segment, begin);
    take(segment.substr(begin, end - begin));
    begin = end;
  }
}

// Where the segment that begins at `position` ends: the plain twin of Kernel::scan.
[[nodiscard]] std::size_t segment_end(const Segmentation& segmentation, std::string_view text,
                                      std::size_t position);

}  // namespace leyden::tokenizer::engine
