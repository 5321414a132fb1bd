#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace leyden::evolve {

// What a model answered.
struct WrittenChild {
  std::optional<std::string> code;  // Empty: the answer held no program.
  std::string reasoning;
  std::uint64_t tokens = 0;
  std::uint64_t calls = 0;
};

}  // namespace leyden::evolve
