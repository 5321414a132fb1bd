#include "leyden/tokenizer/vocabulary.h"

#include <bit>

#include <xxhash.h>

namespace leyden::tokenizer {

bool Vocabulary::add(TokenId id, std::string_view bytes, TokenKind kind) {
  if (id >= entries_.size() || entries_[id].kind != TokenKind::absent) return false;
  if (kind == TokenKind::ordinary) {
    if (2 * (ordinary_ + 1) > slots_.size()) grow();
    std::size_t slot = slot_of(bytes);
    if (slots_[slot] != 0) return false;
    slots_[slot] = id + 1;
    ++ordinary_;
  }
  entries_[id] = {
      .offset = blob_.size(), .length = static_cast<std::uint32_t>(bytes.size()), .kind = kind};
  blob_ += bytes;
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
  slots_.assign(slots_.empty() ? std::bit_ceil(2 * entries_.size() + 2) : slots_.size() * 2, 0);
  for (TokenId id = 0; id < entries_.size(); ++id) {
    if (entries_[id].kind == TokenKind::ordinary) slots_[slot_of(bytes(id))] = id + 1;
  }
}

}  // namespace leyden::tokenizer
