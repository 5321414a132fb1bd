#include "leyden/tokenizer/loaders/huggingface_scores.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include <simdjson.h>

namespace leyden::tokenizer::huggingface {
namespace {

// 1e0 to 1e308, the nearest doubles.
const std::array<double, 309>& powers_of_ten() {
  static const std::array<double, 309> powers = [] {
    std::array<double, 309> made{};
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = std::strtod(("1e" + std::to_string(i)).c_str(), nullptr);
    }
    return made;
  }();
  return powers;
}

// serde_json's Deserializer::f64_from_parts.
double from_parts(std::uint64_t significand, int exponent) {
  const auto& powers = powers_of_ten();
  auto value = static_cast<double>(significand);
  constexpr int kMost = 308;
  while (exponent < -kMost && value != 0) {
    value /= powers[kMost];
    exponent += kMost;
  }
  if (value == 0) return 0;
  if (exponent < 0) return value / powers[static_cast<std::size_t>(-exponent)];
  if (exponent > kMost) return std::numeric_limits<double>::infinity();
  return value * powers[static_cast<std::size_t>(exponent)];
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

double serde_number(std::string_view text) {
  std::size_t at = 0;
  const bool negative = text.starts_with('-');
  if (negative) ++at;
  std::uint64_t significand = 0;
  int exponent = 0;
  bool full = false;  // No digit more fits: those of the integer count, the others are dropped.
  auto take_digits = [&](int when_taken, int when_dropped) {
    for (; at < text.size() && is_digit(text[at]); ++at) {
      const auto digit = static_cast<std::uint64_t>(text[at] - '0');
      constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
      full = full || significand > kMost / 10 || (significand == kMost / 10 && digit > kMost % 10);
      if (!full) significand = significand * 10 + digit;
      exponent += full ? when_dropped : when_taken;
    }
  };
  take_digits(0, 1);
  if (at < text.size() && text[at] == '.') {
    ++at;
    // The reference begins to look for room anew behind the point.
    full = false;
    take_digits(-1, 0);
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    int written = 0;
    constexpr int kEnough = 100'000;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (written < kEnough) written = written * 10 + (text[at] - '0');
    }
    exponent += minus ? -written : written;
  }
  const double value = from_parts(significand, exponent);
  return negative ? -value : value;
}

void put_serde_scores(std::string_view content, UnigramSpec& unigram) {
  namespace ondemand = simdjson::ondemand;
  simdjson::padded_string padded(content);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array vocab;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document["model"]["vocab"].get_array().get(vocab) != simdjson::SUCCESS)
    return;
  std::size_t next = 0;
  for (auto entry : vocab) {
    ondemand::array pair;
    if (next == unigram.pieces.size() || entry.get_array().get(pair) != simdjson::SUCCESS) return;
    std::size_t place = 0;
    for (auto value : pair) {
      std::string_view text;
      if (place++ == 1 && value.raw_json_token().get(text) == simdjson::SUCCESS) {
        unigram.pieces[next].score = serde_number(text);
      }
    }
    ++next;
  }
}

}  // namespace leyden::tokenizer::huggingface
