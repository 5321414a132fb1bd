#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "leyden/base/digest.h"

namespace leyden::cache {

// A tenant's or a tokenizer's entries, as far as a store needs to know: the first 16 bytes of a keyed digest of the name. All
// zeros: of none.
using GroupTag = std::array<std::byte, 16>;
enum class GroupKind : std::uint8_t { tenant, tokenizer };

[[nodiscard]] GroupTag tenant_tag(const Secret& secret, std::string_view tenant);
[[nodiscard]] GroupTag tokenizer_tag(const Secret& secret, const Digest& fingerprint);

}  // namespace leyden::cache
