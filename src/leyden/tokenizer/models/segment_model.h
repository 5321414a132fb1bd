#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/base/token_id.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// The last step of a tokenizer: one piece that the pre-tokenizers left to IDs. const, safe to share.
class SegmentModel {
 public:
  virtual ~SegmentModel() = default;

  void encode(std::string_view segment, TokenIds& out) const { encode(segment, out, nullptr); }

  // Appends the IDs of `segment` (valid UTF-8, not empty) and, where `ends` is given, the byte of the segment behind each
  // token. Tokens cover the segment without gaps but for characters that the reference drops; several tokens may share one
  // place (the bytes of one character).
  virtual void encode(std::string_view segment, TokenIds& out,
                      std::vector<std::size_t>* ends) const = 0;
};

[[nodiscard]] Result<std::unique_ptr<SegmentModel>> make_model(const ModelSpec& spec);

}  // namespace leyden::tokenizer
