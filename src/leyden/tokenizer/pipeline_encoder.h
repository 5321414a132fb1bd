#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "leyden/tokenizer/models/segment_model.h"
#include "leyden/tokenizer/normalizers/text_normalizer.h"
#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/pretokenizers/piece_cutter.h"
#include "leyden/tokenizer/text_encoder.h"

namespace leyden::tokenizer {

// Any specification, step by step: the encoder where there is no faster one, and the one that knows where tokens come from.
// const, safe to share.
class PipelineEncoder final : public TextEncoder {
 public:
  // Errors: unsupported, corrupt.
  [[nodiscard]] static Result<std::unique_ptr<PipelineEncoder>> make(const TokenizerSpec& spec);

  void encode(std::string_view text, bool first_piece, TokenIds& out) const override;

  // The two halves of encode(), for tokenizers that search added tokens in between.
  void normalize(NormalizedText& text) const;
  [[nodiscard]] bool may_normalize(std::string_view text) const;
  // Bytes [begin, end) of `text`. `spans`, where given: the text must be tracked.
  void encode_normalized(const NormalizedText& text, std::size_t begin, std::size_t end,
                         bool first_piece, TokenIds& out, std::vector<Span>* spans) const;
  // True when the place that a piece comes from decides its IDs, so that text must be tracked.
  [[nodiscard]] bool needs_origins() const { return needs_origins_; }

 private:
  PipelineEncoder() = default;
  void encode_view(std::string_view text, TokenIds& out) const;
  void encode_segment(const NormalizedText& text, std::size_t begin, std::size_t end, TokenIds& out,
                      std::vector<Span>* spans) const;

  std::vector<std::unique_ptr<TextNormalizer>> normalizers_;
  std::optional<Pattern> pattern_;  // Where it stands for all pre-tokenizers.
  std::vector<std::unique_ptr<PieceCutter>> cutters_;
  std::unique_ptr<SegmentModel> model_;
  bool needs_origins_ = false;
};

}  // namespace leyden::tokenizer
