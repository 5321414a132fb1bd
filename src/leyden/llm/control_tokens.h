#pragma once

#include <vector>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm {

// Which IDs of a tokenizer are control (special) tokens: those that no text of a document becomes.
class ControlTokens {
 public:
  // Looks at the whole vocabulary, about 20 ms for 150,000 entries.
  explicit ControlTokens(const tokenizer::Tokenizer& tokenizer);
  [[nodiscard]] bool contains(TokenId id) const {
    return id < is_control_.size() && is_control_[id];
  }

 private:
  std::vector<bool> is_control_;
};

}  // namespace leyden::llm
