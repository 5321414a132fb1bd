#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace leyden::tokenizer {

// The ways to cut text into pretokens that we know. Each is a regular expression, named after who made it known; the
// expressions are in pretokenizer.cc beside the code that does the same.
enum class Pattern {
  gpt2,         // GPT-2 and byte-level tokenizers that set nothing else.
  digits_gpt2,  // Every digit apart, then gpt2 within what is left: SmolLM2.
  cl100k,       // GPT-3.5 and GPT-4.
  llama3,       // As cl100k.
  qwen2,        // As cl100k, but every digit apart: Qwen 2 to 3.
  o200k,        // GPT-4o, gpt-oss.
  deepseek_v3,  // Three patterns, one behind the other: numbers, Chinese and Japanese, the rest.
};

[[nodiscard]] std::string_view pattern_name(Pattern pattern);

// The pattern that a regular expression in a tokenizer.json stands for, by its exact text.
[[nodiscard]] std::optional<Pattern> pattern_of_regex(std::string_view regex);
// The same for three that cut one after the other.
[[nodiscard]] std::optional<Pattern> pattern_of_regexes(std::string_view first,
                                                        std::string_view second,
                                                        std::string_view third);

// Where the pretoken that begins at `position` ends. `text` is valid UTF-8, `position` < text.size() and a pretoken's
// beginning; the pretokens cover the text without gaps. Reads to the end of the pretoken and a character more (whitespace:
// to the end of its run).
[[nodiscard]] std::size_t pretoken_end(Pattern pattern, std::string_view text,
                                       std::size_t position);

// Tokenizer::is_safe_cut, as far as pretokens decide it: true when cutting valid UTF-8 between the two gives the same
// pretokens, by the rules below (docs/decisions/2026-11-24-joins.md).
//   R1: left ends in a character that is no whitespace, right begins with whitespace that is no newline.
//   R2: left ends in a newline, right begins with a character that is no whitespace (o200k: nor '/'; gpt2: the newline is a
//       whitespace run of its own).
//   R3: left ends in a newline, right begins with whitespace whose whole run holds no newline and ends in right (not gpt2).
// A cut stays one when more text follows right.
//   R4: left ends in a letter or number, right begins with any whitespace.
//   R5: left ends in a letter, right begins with no letter (o200k: nor a mark or an apostrophe; DeepSeek: nor a mark).
//   R6: left ends in a number, right begins with no number (Qwen, SmolLM2: or with one).
[[nodiscard]] bool is_pretoken_border(Pattern pattern, std::string_view left,
                                      std::string_view right);

}  // namespace leyden::tokenizer
