#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/cache/integrity.h"
#include "leyden/cache/store.h"

namespace leyden::cache::testing {

// A store that is well, and one thing that can go wrong with it. Confined to the program's main thread: servers are started from it.
class Fault {
 public:
  virtual ~Fault() = default;
  virtual Store& store() = 0;
  // In force when this returns. `stored`: what is read from the store.
  virtual void begin(std::span<const BlockKey> stored) = 0;
  virtual void end() = 0;
  // Values that were damaged on their way so far.
  [[nodiscard]] virtual std::uint64_t values_damaged() const { return 0; }
};

struct FaultCase {
  std::string name;
  bool is_shared = true;       // Others can write to the store: its values carry a MAC.
  bool opens_breaker = false;  // The store is of no use while it lasts.
  // Errors: unsupported: what it needs is not here, as root's rights; others.
  std::function<Result<std::unique_ptr<Fault>>(const Clock& clock)> make;
};

// Each starts real servers of its own: redis-server, behind a FaultProxy where the fault is one of the way there, and three Sentinels
// for the failover; LMDB's disk is a small tmpfs.
[[nodiscard]] std::vector<FaultCase> fault_cases();

}  // namespace leyden::cache::testing
