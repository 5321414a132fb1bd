#pragma once

#include <algorithm>
#include <cstddef>

#include "leyden/base/bytes.h"

namespace leyden::cache {

// What malloc really takes for `size` bytes (glibc on 64 bits): 8 bytes of its own before them, in
// multiples of 16, at least 32; from 128 KiB on whole pages. Below 128 KiB this is
// malloc_usable_size() + 8 exactly, or 16 less where malloc found a hole that it could not split;
// above it up to a page more. Other allocators differ by some percent. 0 for nothing: our code
// allocates nothing then.
[[nodiscard]] constexpr std::size_t allocated(std::size_t size) {
  if (size == 0) return 0;
  if (size >= 128 * KiB) return (size + 16 + 4095) & ~std::size_t{4095};
  return std::max<std::size_t>(32, (size + 8 + 15) & ~std::size_t{15});
}

// Of a std::unordered_map: its nodes (libstdc++ puts one pointer before the pair) and its table.
template <class Map>
[[nodiscard]] std::size_t allocated_by(const Map& map) {
  constexpr std::size_t kNode = allocated(sizeof(void*) + sizeof(typename Map::value_type));
  return map.size() * kNode +
         (map.bucket_count() > 1 ? allocated(map.bucket_count() * sizeof(void*)) : 0);
}

}  // namespace leyden::cache
