#pragma once

#include <cstddef>

#include "leyden/base/bytes.h"
#include "leyden/base/token_id.h"

namespace leyden::prompt {

// IDs as bytes for the ledger: as many little-endian bytes each as the vocabulary needs, 2, 3 or 4. No header and no
// check: who stores them has both (docs/formats/sessions.md).
[[nodiscard]] std::size_t bytes_per_id(std::size_t vocabulary_size);

// Every ID must be below 2^(8 * bytes).
[[nodiscard]] Bytes pack_ids(TokenIdsView ids, std::size_t bytes);

// Appends to `ids`; bytes that are left over at the end are ignored.
void unpack_ids(BytesView packed, std::size_t bytes, TokenIds& ids);

}  // namespace leyden::prompt
