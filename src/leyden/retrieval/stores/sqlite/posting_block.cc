#include "leyden/retrieval/stores/sqlite/posting_block.h"

#include <limits>

namespace leyden::retrieval {
namespace {

void put(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

// LEB128; false when the block ends within, or the number is too long.
bool take(BytesView block, std::size_t& at, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 63 && at < block.size(); shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(block[at++]);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::unexpected<Error> damaged() {
  return fail(Errc::corrupt,
              "the index holds a damaged posting block: delete it and run `leyden index` again");
}

}  // namespace

Bytes encode_postings(const std::vector<Posting>& postings) {
  Bytes out;
  out.reserve(postings.size() * 3);
  std::int64_t last = 0;
  for (const Posting& posting : postings) {
    // Most words stand once in a passage, at full weight: that takes no byte of its own.
    const bool once = posting.frequency == 2;
    put(out, static_cast<std::uint64_t>(posting.passage - last) << 1 | (once ? 1 : 0));
    if (!once) put(out, posting.frequency);
    out.push_back(static_cast<std::byte>(posting.length_code));
    last = posting.passage;
  }
  return out;
}

Result<void> decode_postings(BytesView block, std::vector<Posting>& out) {
  out.clear();
  std::int64_t last = 0;
  for (std::size_t at = 0; at < block.size();) {
    std::uint64_t gap = 0;
    std::uint64_t frequency = 2;
    if (!take(block, at, gap)) return damaged();
    if ((gap & 1) == 0 && !take(block, at, frequency)) return damaged();
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    if (gap >> 1 == 0 || gap >> 1 > static_cast<std::uint64_t>(kMax - last) || frequency == 0 ||
        frequency > std::numeric_limits<std::uint32_t>::max() || at >= block.size() ||
        out.size() == kBlockPostings)
      return damaged();
    last += static_cast<std::int64_t>(gap >> 1);
    out.push_back({.passage = last,
                   .frequency = static_cast<std::uint32_t>(frequency),
                   .length_code = std::to_integer<std::uint8_t>(block[at++])});
  }
  return {};
}

}  // namespace leyden::retrieval
