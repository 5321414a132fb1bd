#pragma once

#include <cstdint>
#include <span>

#include "leyden/base/bytes.h"
#include "leyden/base/token_id.h"

namespace leyden::cache {

// IDs as a row of bits, `bits` each, lowest bit first: ID i takes bits i * bits to (i + 1) * bits - 1,
// and bit k is bit k % 8 of byte k / 8. docs/formats/token_block.md. Thread-safe: no state.

// What a vocabulary of that size needs, 1 to 32. At least one, so that the length of what is packed
// bounds its count.
[[nodiscard]] unsigned bits_per_id(std::uint32_t vocabulary_size);

[[nodiscard]] constexpr std::uint64_t packed_size(std::uint64_t count, unsigned bits) {
  return (count * bits + 7) / 8;
}

// Writes packed_size() bytes; what is left of the last one is 0. Every ID must be below 2^bits.
void pack(TokenIdsView ids, unsigned bits, std::byte* to);

// Fills `ids` and says which is the largest, 0 for none. `packed` has packed_size() bytes; never
// reads outside them. With AVX2 where the machine has it: about 0.1 ns per ID.
TokenId unpack(BytesView packed, unsigned bits, std::span<TokenId> ids);
// The same on any machine: about 1 ns per ID.
TokenId unpack_portable(BytesView packed, unsigned bits, std::span<TokenId> ids);

}  // namespace leyden::cache
