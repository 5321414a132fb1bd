#include "leyden/tokenizer/vocabulary.h"

#include <algorithm>
#include <bit>

#include <xxhash.h>

namespace leyden::tokenizer {

static_assert(sizeof(Vocabulary::Entry) == 8);

bool Vocabulary::add(TokenId id, std::string_view bytes, TokenKind kind) {
  if (this->kind(id) != TokenKind::absent || id >= entries_.size()) return false;
  if (bytes.size() > kBytesMax || blob_.size() + bytes.size() > 0xFFFFFFFF) return false;
  if (kind == TokenKind::ordinary) {
    if (3 * (ordinary_ + 1) > 2 * slots_.size()) grow();
    std::size_t slot = slot_of(bytes);
    if (slots_[slot] != 0) return false;
    slots_.edit([&](auto& slots) { slots[slot] = id + 1; });
    ++ordinary_;
  }
  entries_.edit([&](auto& entries) {
    entries[id] = {.offset = static_cast<std::uint32_t>(blob_.size()),
                   .length = static_cast<std::uint32_t>(bytes.size()) & kBytesMax,
                   .kind = static_cast<std::uint32_t>(kind) & 3U};
  });
  blob_.edit([&](auto& blob) { blob.insert(blob.end(), bytes.begin(), bytes.end()); });
  return true;
}

std::optional<TokenId> Vocabulary::find(std::string_view bytes) const {
  if (slots_.empty()) return std::nullopt;
  std::uint32_t found = slots_[slot_of(bytes)];
  if (found == 0) return std::nullopt;
  return found - 1;
}

std::size_t Vocabulary::slot_of(std::string_view wanted) const {
  std::size_t mask = slots_.size() - 1;
  std::size_t slot = XXH3_64bits(wanted.data(), wanted.size()) & mask;
  while (slots_[slot] != 0 && bytes(slots_[slot] - 1) != wanted) slot = (slot + 1) & mask;
  return slot;
}

void Vocabulary::grow() {
  // At first for as many as there are IDs, which is nearly always enough.
  slots_ = FlatArray(std::vector<std::uint32_t>(
      slots_.empty() ? std::bit_ceil(3 * entries_.size() / 2 + 2) : slots_.size() * 2));
  slots_.edit([&](auto& slots) {
    for (TokenId id = 0; id < entries_.size(); ++id) {
      if (kind(id) == TokenKind::ordinary) slots[slot_of(bytes(id))] = id + 1;
    }
  });
}

std::optional<Vocabulary> Vocabulary::borrowed(const Tables& tables) {
  // Without branches, so that all of it takes a small part of a millisecond.
  bool fits = true;
  for (const Entry& entry : tables.entries)
    fits &= std::uint64_t{entry.offset} + entry.length <= tables.blob.size();
  bool any_free = tables.slots.empty();
  for (std::uint32_t slot : tables.slots) {
    fits &= slot <= tables.entries.size();
    any_free |= slot == 0;
  }
  // Looking for what is not there ends at a free slot.
  if (!fits || !any_free || (!tables.slots.empty() && !std::has_single_bit(tables.slots.size())))
    return std::nullopt;
  Vocabulary vocabulary(0);
  vocabulary.blob_ = FlatArray<char>::borrowed(tables.blob);
  vocabulary.entries_ = FlatArray<Entry>::borrowed(tables.entries);
  vocabulary.slots_ = FlatArray<std::uint32_t>::borrowed(tables.slots);
  return vocabulary;
}

}  // namespace leyden::tokenizer
