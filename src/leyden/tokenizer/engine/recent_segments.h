#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/mapped_table.h"

namespace leyden::tokenizer::engine {

// The IDs of segments that have no place in a SegmentEntry, for being too long or having too many IDs. The oldest go when
// the memory is full: records lie in a ring, and an index of one record a slot points into it, two slots for each to be in. Confined to one thread.
class RecentSegments {
 public:
  static constexpr std::size_t kBytesMax = 240;

  RecentSegments();

  // Valid until the next add(). `segment` has 1 to kBytesMax bytes.
  [[nodiscard]] std::optional<TokenIdsView> find(std::string_view segment) const;
  void add(std::string_view segment, TokenIdsView ids);

 private:
  // A record: its segment's length and count of IDs in one word, the IDs, the bytes.
  static constexpr std::size_t kRingWords = std::size_t{1} << 21;  // 8 MiB, touched as it fills.
  MappedTable memory_;
  std::uint64_t*
      index_;  // Hash in the high half, where the record begins as `written_` counted in the low one.
  std::uint32_t* ring_;
  std::uint32_t written_ = 0;  // Words ever written, modulo 2^32.
};

}  // namespace leyden::tokenizer::engine
