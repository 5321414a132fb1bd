#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/isa.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// Text between added tokens to IDs: normalizers, pre-tokenizers and model of one tokenizer. What stands behind it decides
// the speed, never the IDs. const, so safe to share.
class TextEncoder {
 public:
  virtual ~TextEncoder() = default;

  // Appends the IDs of `text`: valid UTF-8, not yet normalized, not empty. `first_piece`: it begins the text that is
  // encoded; some tokenizers put a space only there.
  virtual void encode(std::string_view text, bool first_piece, TokenIds& out) const = 0;

  // How many IDs encode() would append.
  [[nodiscard]] virtual std::size_t count(std::string_view text, bool first_piece) const {
    TokenIds ids;
    encode(text, first_piece, ids);
    return ids.size();
  }
};

}  // namespace leyden::tokenizer
