#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::tokenizer {

// The metadata of a GGUF file (ggml's docs/gguf.md, versions 2 and 3, little-endian). Views point into the file's bytes.
struct Gguf {
  using Strings = std::vector<std::string_view>;
  using Integers = std::vector<std::int64_t>;
  using Floats = std::vector<float>;
  // Arrays of bytes stay what they are in the file; arrays of doubles are read over and kept as monostate.
  struct Bytes {
    std::string_view content;
  };
  using Value = std::variant<std::monostate, std::uint64_t, std::int64_t, double, bool,
                             std::string_view, Strings, Integers, Floats, Bytes>;
  std::map<std::string_view, Value> metadata;

  [[nodiscard]] std::string text(std::string_view key) const;  // Empty when absent.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
  template <class T>
  [[nodiscard]] const T* find(std::string_view key) const {
    auto found = metadata.find(key);
    return found == metadata.end() ? nullptr : std::get_if<T>(&found->second);
  }
};

// Errors: corrupt, with the place. Safe on any bytes; memory is bounded by the file's size.
[[nodiscard]] Result<Gguf> read_gguf(BytesView content, const std::string& where);

}  // namespace leyden::tokenizer
