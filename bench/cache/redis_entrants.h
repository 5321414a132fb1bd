#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contender.h"
#include "leyden/base/result.h"

namespace leyden::bench {

// What a server has done since its start. Asking is one of each.
struct ServerWork {
  std::uint64_t commands = 0;
  std::uint64_t reads = 0;   // From sockets of clients,
  std::uint64_t writes = 0;  // and to them.
};

// A Redis server on this machine: the one at `url`, or, where that is empty, one of our own on a unix socket, that keeps nothing
// and ends with the last copy of this.
class RedisPlace {
 public:
  // Errors: unavailable (not installed, does not start), invalid_argument (the URL).
  [[nodiscard]] static Result<RedisPlace> make(std::string url);

  [[nodiscard]] std::vector<Entrant> entrants() const;
  // Confined to one thread.
  [[nodiscard]] ServerWork work() const;

 private:
  struct State;
  RedisPlace() = default;
  std::shared_ptr<State> state_;
};

}  // namespace leyden::bench
