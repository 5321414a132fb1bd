#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace leyden::qa {

// What AddressSanitizer or UndefinedBehaviorSanitizer says of a program that it has ended.
struct SanitizerFinding {
  std::string what;      // "signed integer overflow: ...", "heap-buffer-overflow"
  std::size_t line = 0;  // Of the tested file, if it is named.
  bool by_size =
      false;  // Comes of numbers that are too large, which says little where the arguments are.
};
// nullopt: nothing, or only that there was too little memory. `file` is the tested file's name.
[[nodiscard]] std::optional<SanitizerFinding> sanitizer_finding(std::string_view said,
                                                                std::string_view file);

}  // namespace leyden::qa
