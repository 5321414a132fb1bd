#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leyden::evolve {

// What {count} stands for: the words before a command whose instructions valgrind counts. It may start no process and no thread: what one of them does
// would not be in the count when it is killed.
inline constexpr std::string_view kCountingWords =
    "prlimit --nproc=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "
    "--trace-children=yes";

// Standard error of such a run, taken apart.
struct CountedErrors {
  std::optional<std::uint64_t> instructions;  // Empty: valgrind told none, or more than one number.
  std::string rest;                           // What the program itself wrote.
};
[[nodiscard]] CountedErrors counted_errors(std::string_view text);

}  // namespace leyden::evolve
