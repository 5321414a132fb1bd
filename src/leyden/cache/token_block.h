#pragma once

#include <memory>

#include "leyden/base/token_id.h"

namespace leyden::cache {

// The token IDs of one passage: immutable and shared, so that a hit copies nothing. Never null in
// our code; a passage that encodes to nothing is an empty array.
using TokenBlock = std::shared_ptr<const TokenIds>;

[[nodiscard]] inline TokenBlock make_block(TokenIds ids) {
  ids.shrink_to_fit();
  return std::make_shared<const TokenIds>(std::move(ids));
}

}  // namespace leyden::cache
