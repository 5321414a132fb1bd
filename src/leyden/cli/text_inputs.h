#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::cli {

// What commands on text read: files, pipes, folders (all files below, without what .gitignore excludes) and "-" for standard input.
struct TextInput {
  std::string name;              // As it was named; for a file of a folder, its path.
  std::uint64_t size_bytes = 0;  // 0 where it is not known.
};

// In the order given, folders in the order of their paths. Errors: not_found, unavailable.
[[nodiscard]] Result<std::vector<TextInput>> expand_inputs(const std::vector<std::string>& names);

// The whole content. Errors: not_found, unavailable, invalid_argument.
[[nodiscard]] Result<std::string> read_input(const std::string& name);

}  // namespace leyden::cli
