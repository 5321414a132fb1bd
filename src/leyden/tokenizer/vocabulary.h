#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"

namespace leyden::tokenizer {

// What a token may be used for.
enum class TokenKind : std::uint8_t {
  absent,    // No token has this ID.
  ordinary,  // Text becomes it.
  special,   // Only a template or SpecialTokens::parse makes it.
  unused,    // Padding of the model's tables: decodes, is never made.
};

// Tokens by ID and ordinary tokens by their bytes. const after building: safe to share.
class Vocabulary {
 public:
  // Reserves room; IDs are below `size`.
  explicit Vocabulary(std::size_t size) : entries_(size) {}

  // False when the ID is out of range or taken, or when an ordinary token has these bytes already.
  [[nodiscard]] bool add(TokenId id, std::string_view bytes, TokenKind kind);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] TokenKind kind(TokenId id) const {
    return id < entries_.size() ? entries_[id].kind : TokenKind::absent;
  }
  // Empty for an absent token. Valid as long as the vocabulary.
  [[nodiscard]] std::string_view bytes(TokenId id) const {
    const Entry& entry = entries_[id];
    return std::string_view(blob_).substr(entry.offset, entry.length);
  }
  [[nodiscard]] std::optional<TokenId> find(std::string_view bytes) const;

 private:
  struct Entry {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    TokenKind kind = TokenKind::absent;
  };
  void grow();
  // Where the ID of `bytes` is or would be put.
  [[nodiscard]] std::size_t slot_of(std::string_view bytes) const;

  std::string blob_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // ID + 1, 0 when free; a power of two, at most half full.
  std::size_t ordinary_ = 0;
};

}  // namespace leyden::tokenizer
