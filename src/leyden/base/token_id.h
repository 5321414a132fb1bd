#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace leyden {

// A position in a tokenizer's vocabulary. It means nothing without the tokenizer's fingerprint.
using TokenId = std::uint32_t;
using TokenIds = std::vector<TokenId>;
using TokenIdsView = std::span<const TokenId>;

}  // namespace leyden
