#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/flat_array.h"

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
  explicit Vocabulary(std::size_t size) : entries_(std::vector<Entry>(size)) {}

  // False when the ID is out of range or taken, when an ordinary token has these bytes already, or when they are too many
  // (kBytesMax for a token, 4 GiB for all).
  [[nodiscard]] bool add(TokenId id, std::string_view bytes, TokenKind kind);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] TokenKind kind(TokenId id) const {
    return id < entries_.size() ? static_cast<TokenKind>(entries_[id].kind) : TokenKind::absent;
  }
  // Empty for an absent token. Valid as long as the vocabulary.
  [[nodiscard]] std::string_view bytes(TokenId id) const {
    const Entry& entry = entries_[id];
    return {blob_.data() + entry.offset, entry.length};
  }
  [[nodiscard]] std::optional<TokenId> find(std::string_view bytes) const;

  static constexpr std::uint32_t kBytesMax = (1U << 30) - 1;

  // The parts, as an image keeps them.
  struct Entry {
    std::uint32_t offset = 0;
    std::uint32_t length : 30 = 0;
    std::uint32_t kind : 2 = 0;
  };
  struct Tables {
    std::span<const char> blob;
    std::span<const Entry> entries;
    std::span<const std::uint32_t> slots;
  };
  [[nodiscard]] Tables tables() const { return {blob_.view(), entries_.view(), slots_.view()}; }
  // A view of tables that outlive it. nullopt where an index in them leads nowhere.
  [[nodiscard]] static std::optional<Vocabulary> borrowed(const Tables& tables);

 private:
  void grow();
  // Where the ID of `bytes` is or would be put.
  [[nodiscard]] std::size_t slot_of(std::string_view bytes) const;

  FlatArray<char> blob_;
  FlatArray<Entry> entries_;
  FlatArray<std::uint32_t> slots_;  // ID + 1, 0 when free; a power of two, at most two thirds full.
  std::size_t ordinary_ = 0;
};

}  // namespace leyden::tokenizer
