#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace leyden::bench {

inline constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

// One look-up of a trace. Whoever misses puts.
struct Access {
  std::uint32_t key = 0;  // From 0 on, dense.
  std::uint32_t tokens = 0;
  std::size_t bytes = 0;      // What an entry of it takes, overhead included.
  std::size_t next = kNever;  // Where in the trace the same key comes next: for Belady's alone.
};

// A cache of a fixed number of bytes.
class Policy {
 public:
  virtual ~Policy() = default;
  // Whether it was there; if not, it may be now.
  virtual bool access(const Access& access) = 0;
};

}  // namespace leyden::bench
