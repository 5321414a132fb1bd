#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "leyden/retrieval/words.h"

namespace leyden::retrieval {

// Okapi BM25 (Robertson, Walker, Jones, Hancock-Beaulieu, Gatford 1994) over several fields as in Robertson, Zaragoza, Taylor
// 2004: a word's occurrences are added up with the weight of the field and kind that they stand in, then count as one frequency.
// Frequencies and lengths are counted in halves, so that parts of identifiers can weigh half a word.
namespace bm25 {

// Of the usual range, what ranked best in bench/retrieval.
inline constexpr double kK1 = 1.0;
inline constexpr double kB = 0.9;

enum class Field : std::uint8_t { text, context, name };

// In halves of an occurrence.
constexpr std::uint32_t weight(Field field, WordKind kind) {
  const std::uint32_t of_kind = kind == WordKind::whole || kind == WordKind::form ? 2 : 1;
  return field == Field::text ? of_kind : 2 * of_kind;
}
// What a word adds to the length of its passage: neither parts nor the name make it longer.
constexpr std::uint32_t length(Field field, WordKind kind) {
  return field == Field::text && kind == WordKind::whole ? 2 : 0;
}

// A length as one byte in steps of 4.4 % (up to 65,536), so that a posting can carry it.
inline std::uint8_t length_code(std::uint32_t length) {
  return static_cast<std::uint8_t>(
      std::clamp(std::lround(16 * std::log2(std::max(length, 1U))), 0L, 255L));
}
inline double length_of(std::uint8_t code) { return std::exp2(code / 16.0); }

// Never negative, unlike the original's: a word that most passages hold still speaks for a passage.
inline double idf(std::uint64_t passages, std::uint64_t with_word) {
  const auto n = static_cast<double>(with_word);
  return std::log(1 + (static_cast<double>(passages) - n + 0.5) / (n + 0.5));
}

// k1 * (1 - b + b * length / average) for every code.
struct Norms {
  explicit Norms(double average_length) {
    for (std::size_t code = 0; code < of_code.size(); ++code) {
      of_code[code] =
          kK1 * (1 - kB +
                 kB * length_of(static_cast<std::uint8_t>(code)) / std::max(average_length, 1.0));
    }
  }
  std::array<double, 256> of_code{};
};

// What a word adds to a passage's score. `frequency` in halves. Grows with frequency, shrinks with norm.
inline double score(double idf, std::uint32_t frequency, double norm) {
  const double f = frequency / 2.0;
  return idf * f * (kK1 + 1) / (f + norm);
}
// No frequency gives more.
inline double score_limit(double idf) { return idf * (kK1 + 1); }

}  // namespace bm25
}  // namespace leyden::retrieval
