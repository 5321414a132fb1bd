#include "leyden/tokenizer/plain/charsmap.h"

namespace leyden::tokenizer::plain {
namespace {

// Darts-clone's units: bits 0-7 label, bit 8 "a value follows", bit 9 "offset is shifted by 8", from bit 10 the offset;
// a value has bit 31 set.
bool has_leaf(std::uint32_t unit) { return ((unit >> 8) & 1) == 1; }
std::uint32_t value(std::uint32_t unit) { return unit & 0x7FFFFFFFU; }
std::uint32_t label(std::uint32_t unit) { return unit & 0x800000FFU; }
std::uint32_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }

std::uint32_t number_at(std::string_view blob, std::size_t at) {
  std::uint32_t number = 0;
  for (unsigned i = 0; i < 4; ++i) {
    number |= std::uint32_t{static_cast<std::uint8_t>(blob[at + i])} << (8 * i);
  }
  return number;
}

}  // namespace

Charsmap::Charsmap(std::string_view blob) {
  if (blob.size() < 4) return;
  std::size_t trie_size = number_at(blob, 0);
  if (trie_size > blob.size() - 4) return;
  for (std::size_t at = 0; at + 4 <= trie_size; at += 4) units_.push_back(number_at(blob, 4 + at));
  replacements_ = blob.substr(4 + trie_size);
}

std::optional<std::uint32_t> Charsmap::unit(std::size_t at) const {
  if (at >= units_.size()) return std::nullopt;
  return units_[at];
}

std::vector<Charsmap::Rule> Charsmap::prefixes(std::string_view text) const {
  std::vector<Rule> found;
  auto node = unit(0);
  if (!node) return found;
  std::size_t at = offset(*node);
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte == 0) break;
    at ^= byte;
    node = unit(at);
    if (!node || label(*node) != byte) break;
    at ^= offset(*node);
    if (!has_leaf(*node)) continue;
    auto leaf = unit(at);
    if (!leaf || value(*leaf) >= replacements_.size()) continue;
    std::size_t begin = value(*leaf);
    found.push_back({i + 1, replacements_.substr(begin, replacements_.find('\0', begin) - begin)});
  }
  return found;
}

}  // namespace leyden::tokenizer::plain
