#include "leyden/tokenizer/stream_decoder.h"

#include <utility>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer {

Result<std::string> StreamDecoder::push(TokenId id) {
  auto bytes = incremental_ ? incremental_->push(id) : tokenizer_->decode(TokenIdsView(&id, 1));
  if (!bytes) return bytes;
  std::string text = std::exchange(held_, {}) + *bytes;
  std::size_t keep = utf8::incomplete_suffix(text);
  held_ = text.substr(text.size() - keep);
  text.resize(text.size() - keep);
  return text;
}

std::string StreamDecoder::finish() {
  std::string rest = std::exchange(held_, {});
  if (incremental_) rest += incremental_->finish();
  return rest;
}

}  // namespace leyden::tokenizer
