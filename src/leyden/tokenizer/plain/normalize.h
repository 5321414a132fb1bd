#pragma once

#include <functional>
#include <vector>

#include "leyden/tokenizer/plain/text.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::plain {

// The normalizers of a specification, one after the other.
class Normalizers {
 public:
  explicit Normalizers(const TokenizerSpec& spec);
  [[nodiscard]] Text apply(Text text) const;

 private:
  std::vector<std::function<Text(const Text&)>> steps_;
};

}  // namespace leyden::tokenizer::plain
