#pragma once

#include <cstddef>
#include <cstring>
#include <unordered_map>

#include "leyden/cache/store.h"

namespace leyden::cache {

struct TenantLimits {
  std::size_t quota_bytes = 0;       // At most that much; 0: no bound but the budget.
  std::size_t guaranteed_bytes = 0;  // Other tenants can't push it below that.
  [[nodiscard]] bool any() const { return quota_bytes > 0 || guaranteed_bytes > 0; }
};

struct GroupTagHash {
  std::size_t operator()(const GroupTag& tag) const noexcept {
    std::size_t bits = 0;  // A keyed digest's: uniform.
    std::memcpy(&bits, tag.data(), sizeof(bits));
    return bits;
  }
};
using TenantOverrides = std::unordered_map<GroupTag, TenantLimits, GroupTagHash>;

}  // namespace leyden::cache
