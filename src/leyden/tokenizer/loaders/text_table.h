#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <xxhash.h>

#include "leyden/base/token_id.h"

namespace leyden::tokenizer {

// IDs by text, for resolving merges while a file is read: keeps views only, so a million look-ups cost no allocation.
class TextTable {
 public:
  explicit TextTable(std::size_t entries) : slots_(std::bit_ceil(2 * entries + 2)) {}

  // False when the text is there already.
  [[nodiscard]] bool add(std::string_view text, TokenId id) {
    std::uint64_t hash = hash_of(text);
    Slot& slot = slots_[find_slot(text, hash)];
    if (slot.text.data() != nullptr) return false;
    slot = {text.data() == nullptr ? std::string_view("") : text, id, tag_of(hash)};
    return true;
  }
  [[nodiscard]] std::optional<TokenId> find(std::string_view text) const {
    const Slot& slot = slots_[find_slot(text, hash_of(text))];
    if (slot.text.data() == nullptr) return std::nullopt;
    return slot.id;
  }

 private:
  struct Slot {
    std::string_view text;  // data() is null when free.
    TokenId id = 0;
    std::uint32_t tag = 0;  // Of the hash: most other texts are told apart without looking at them.
  };
  static std::uint64_t hash_of(std::string_view text) {
    return XXH3_64bits(text.data(), text.size());
  }
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  [[nodiscard]] std::size_t find_slot(std::string_view text, std::uint64_t hash) const {
    std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].text.data() != nullptr &&
           (slots_[at].tag != tag_of(hash) || slots_[at].text != text)) {
      at = (at + 1) & mask;
    }
    return at;
  }
  std::vector<Slot> slots_;  // A power of two, at most half full.
};

}  // namespace leyden::tokenizer
