#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <xxhash.h>

#include "leyden/base/token_id.h"

namespace leyden::tokenizer {

// IDs by text, for resolving merges while a file is read: keeps views only, so a million look-ups cost no allocation.
class TextTable {
 public:
  explicit TextTable(std::size_t entries) : slots_(std::bit_ceil(entries + entries / 2 + 2)) {
    entries_.reserve(entries);
  }

  // False when the text is there already. Room is for as many as the constructor was told.
  [[nodiscard]] bool add(std::string_view text, TokenId id) {
    std::uint64_t hash = hash_of(text);
    Slot& slot = slots_[find_slot(text, hash)];
    if (slot.entry != 0) return false;
    entries_.push_back({text, id});
    slot = {tag_of(hash), static_cast<std::uint32_t>(entries_.size())};
    return true;
  }
  [[nodiscard]] std::optional<TokenId> find(std::string_view text) const {
    const Slot& slot = slots_[find_slot(text, hash_of(text))];
    if (slot.entry == 0) return std::nullopt;
    return entries_[slot.entry - 1].id;
  }
  // find() of each of up to kManyMax texts. Nearly all of its time a look-up waits for memory: here they wait together.
  static constexpr std::size_t kManyMax = 96;
  void find_many(std::span<const std::string_view> texts,
                 std::span<std::optional<TokenId>> ids) const {
    std::array<std::uint64_t, kManyMax> hashes;
    std::array<const Entry*, kManyMax> likely;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      hashes[i] = hash_of(texts[i]);
      __builtin_prefetch(&slots_[hashes[i] & mask]);
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::uint32_t entry = slots_[hashes[i] & mask].entry;
      likely[i] = entry == 0 ? nullptr : &entries_[entry - 1];
      if (likely[i] != nullptr) __builtin_prefetch(likely[i]);
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (likely[i] != nullptr) __builtin_prefetch(likely[i]->text.data());
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Slot& slot = slots_[find_slot(texts[i], hashes[i])];
      ids[i].reset();
      if (slot.entry != 0) ids[i] = entries_[slot.entry - 1].id;
    }
  }

 private:
  struct Entry {
    std::string_view text;
    TokenId id = 0;
  };
  // Small, as look-ups wait for them.
  struct Slot {
    std::uint32_t tag = 0;  // Of the hash: most other texts are told apart without looking at them.
    std::uint32_t entry = 0;  // Its index + 1; 0 when free.
  };
  static std::uint64_t hash_of(std::string_view text) {
    return XXH3_64bits(text.data(), text.size());
  }
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  [[nodiscard]] std::size_t find_slot(std::string_view text, std::uint64_t hash) const {
    std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].entry != 0 &&
           (slots_[at].tag != tag_of(hash) || entries_[slots_[at].entry - 1].text != text)) {
      at = (at + 1) & mask;
    }
    return at;
  }
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // A power of two, at most two thirds full.
};

}  // namespace leyden::tokenizer
