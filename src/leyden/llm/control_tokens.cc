#include "leyden/llm/control_tokens.h"

namespace leyden::llm {

ControlTokens::ControlTokens(const tokenizer::Tokenizer& tokenizer)
    : is_control_(tokenizer.vocabulary_size()) {
  for (std::size_t i = 0; i < is_control_.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const auto bytes = tokenizer.token_bytes(id);
    is_control_[i] = bytes && tokenizer.special_token(*bytes) == id;
  }
}

}  // namespace leyden::llm
