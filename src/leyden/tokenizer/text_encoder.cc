#include "leyden/tokenizer/text_encoder.h"

#include <utility>

#include "leyden/tokenizer/pipeline_encoder.h"

namespace leyden::tokenizer {

Result<std::unique_ptr<TextEncoder>> make_text_encoder(const TokenizerSpec& spec) {
  auto general = PipelineEncoder::make(spec);
  if (!general) return std::unexpected(general.error());
  return std::unique_ptr<TextEncoder>(*std::move(general));
}

}  // namespace leyden::tokenizer
