#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::qa {

// A function of a C file that a fuzzer can call.
struct CEntryPoint {
  std::string name;
  std::size_t line = 0;
  std::string call;  // With arguments that the fuzzer's bytes give: "parse((const char *)text)".
};

struct CEntryPoints {
  std::vector<CEntryPoint> callable;
  std::vector<std::string> others;  // "f: its parameter `struct x *a` can't be made".
};

// Of functions that are not static and not main. Texts, bytes with their size, numbers and nothing at all can be given. Errors: the parser's.
[[nodiscard]] Result<CEntryPoints> c_entry_points(std::string_view source);

}  // namespace leyden::qa
