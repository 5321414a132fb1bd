#pragma once

#include <string>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/spec_writer.h"

namespace leyden::tokenizer::image {

// How images write specifications and facts: numbers as LEB128, merges as differences (docs/formats/tokenizer_image.md).
struct CompactFormat {
  static void number(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
  }
  static void merges(std::string& out, const std::vector<SpecMerge>& merges);
};
using CompactWriter = SpecWriter<CompactFormat>;

[[nodiscard]] std::string write_spec(const TokenizerSpec& spec);
// Safe on any bytes; every ID that the specification speaks of is below its vocabulary's size. Errors: corrupt.
[[nodiscard]] Result<TokenizerSpec> read_spec(std::string_view content, std::string name);

}  // namespace leyden::tokenizer::image
