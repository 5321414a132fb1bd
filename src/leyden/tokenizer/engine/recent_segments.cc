#include "leyden/tokenizer/engine/recent_segments.h"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace leyden::tokenizer::engine {
namespace {

constexpr std::size_t kHeaderWords = 1;
constexpr std::size_t kSlots = std::size_t{1} << 17;

}  // namespace

RecentSegments::RecentSegments()
    : memory_(kSlots * sizeof(*index_) + kRingWords * sizeof(*ring_)),
      index_(static_cast<std::uint64_t*>(memory_.data())),
      ring_(reinterpret_cast<std::uint32_t*>(index_ + kSlots)) {}

std::optional<TokenIdsView> RecentSegments::find(std::string_view segment) const {
  const std::uint64_t hash = XXH3_64bits(segment.data(), segment.size());
  const std::size_t place = hash & (kSlots - 1);
  std::uint64_t slot = index_[place];
  if (slot >> 32 != hash >> 32) slot = index_[place ^ 1];
  if (slot >> 32 != hash >> 32) return std::nullopt;
  const auto begin = static_cast<std::uint32_t>(slot);
  // Overwritten since? A slot that was never filled has hash 0 and reads whatever lies at the beginning: its bytes are compared, too.
  if (written_ - begin > kRingWords) return std::nullopt;
  const std::size_t at = begin % kRingWords;
  const std::uint32_t header = ring_[at];
  const std::size_t count = header >> 16;
  if ((header & 0xFFFF) != segment.size()) return std::nullopt;
  if (std::memcmp(&ring_[at + kHeaderWords + count], segment.data(), segment.size()) != 0)
    return std::nullopt;
  return TokenIdsView(&ring_[at + kHeaderWords], count);
}

void RecentSegments::add(std::string_view segment, TokenIdsView ids) {
  const std::size_t words = kHeaderWords + ids.size() + (segment.size() + 3) / 4;
  // A record does not wrap around: what is left at the end stays unused.
  if (const std::size_t at = written_ % kRingWords; at + words > kRingWords)
    written_ += static_cast<std::uint32_t>(kRingWords - at);
  const std::size_t at = written_ % kRingWords;
  ring_[at] = static_cast<std::uint32_t>(ids.size() << 16 | segment.size());
  std::ranges::copy(ids, &ring_[at + kHeaderWords]);
  std::memcpy(&ring_[at + kHeaderWords + ids.size()], segment.data(), segment.size());
  const std::uint64_t hash = XXH3_64bits(segment.data(), segment.size());
  const std::size_t place = hash & (kSlots - 1);
  if (index_[place] != 0) index_[place ^ 1] = index_[place];
  index_[place] = hash >> 32 << 32 | written_;
  written_ += static_cast<std::uint32_t>(words);
}

}  // namespace leyden::tokenizer::engine
