#include "leyden/tokenizer/pipeline_encoder.h"

#include <utility>

#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/pretokenizers/letters_cutter.h"
#include "leyden/tokenizer/pretokenizers/native_pattern.h"

namespace leyden::tokenizer {

Result<std::unique_ptr<PipelineEncoder>> PipelineEncoder::make(const TokenizerSpec& spec) {
  std::unique_ptr<PipelineEncoder> encoder(new PipelineEncoder);
  auto normalizers = make_normalizers(spec.normalizers);
  if (!normalizers) return std::unexpected(normalizers.error());
  encoder->normalizers_ = *std::move(normalizers);
  encoder->pattern_ = native_pattern(spec.pretokenizers);
  bool behind_byte_level = false;
  for (const PretokenizerStep& step : spec.pretokenizers) {
    if (encoder->pattern_) break;
    auto cutter = behind_byte_level ? make_letters_cutter(step) : make_cutter(step);
    behind_byte_level = behind_byte_level || std::holds_alternative<SplitByteLevel>(step);
    if (!cutter) return std::unexpected(cutter.error());
    encoder->cutters_.push_back(*std::move(cutter));
    const auto* metaspace = std::get_if<SplitMetaspace>(&step);
    encoder->needs_origins_ =
        encoder->needs_origins_ ||
        (metaspace != nullptr && metaspace->prepend == SplitMetaspace::Prepend::first &&
         !spec.normalizers.empty());
  }
  auto model = make_model(spec.model);
  if (!model) return std::unexpected(model.error());
  encoder->model_ = *std::move(model);
  return encoder;
}

bool PipelineEncoder::may_normalize(std::string_view text) const {
  for (const auto& normalizer : normalizers_) {
    if (normalizer->may_change(text)) return true;
  }
  return false;
}

void PipelineEncoder::normalize(NormalizedText& text) const {
  for (const auto& normalizer : normalizers_) normalizer->apply(text);
}

void PipelineEncoder::encode(std::string_view text, bool first_piece, TokenIds& out) const {
  if (cutters_.empty() && !may_normalize(text)) return encode_view(text, out);
  // Untracked text has no place of its own: a piece that is not the first must not look like one.
  NormalizedText normalized(text, first_piece ? 0 : 1, needs_origins_);
  normalize(normalized);
  encode_normalized(normalized, 0, normalized.text().size(), first_piece, out, nullptr);
}

void PipelineEncoder::encode_view(std::string_view text, TokenIds& out) const {
  if (!pattern_) {
    if (!text.empty()) model_->encode(text, out);
    return;
  }
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = pretoken_end(*pattern_, text, at);
    model_->encode(text.substr(at, end - at), out);
    at = end;
  }
}

void PipelineEncoder::encode_normalized(const NormalizedText& text, std::size_t begin,
                                        std::size_t end, bool first_piece, TokenIds& out,
                                        std::vector<Span>* spans) const {
  if (begin == end) return;
  if (cutters_.empty()) {
    if (spans == nullptr) return encode_view(text.text().substr(begin, end - begin), out);
    if (!pattern_) return encode_segment(text, begin, end, out, spans);
    // The pattern must not look behind the end of this part.
    std::string_view part = text.text().substr(0, end);
    for (std::size_t at = begin; at < end;) {
      std::size_t next = pretoken_end(*pattern_, part, at);
      encode_segment(text, at, next, out, spans);
      at = next;
    }
    return;
  }
  Pieces pieces{.text = NormalizedText(text.tracked()), .ranges = {}, .at_start = first_piece};
  pieces.text.copy(text, begin, end);
  pieces.ranges.push_back({0, end - begin});
  for (const auto& cutter : cutters_) cutter->apply(pieces);
  for (const Pieces::Range& range : pieces.ranges) {
    encode_segment(pieces.text, range.begin, range.end, out, spans);
  }
}

void PipelineEncoder::encode_segment(const NormalizedText& text, std::size_t begin, std::size_t end,
                                     TokenIds& out, std::vector<Span>* spans) const {
  std::string_view segment = text.text().substr(begin, end - begin);
  if (spans == nullptr) return model_->encode(segment, out);
  std::vector<std::size_t> ends;
  model_->encode(segment, out, &ends);
  std::size_t at = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    // Tokens that share a place (the bytes of one character) share its span.
    if (ends[i] <= at && i > 0) {
      spans->push_back(spans->back());
      continue;
    }
    spans->push_back(text.origin(begin + at, begin + ends[i]));
    at = ends[i];
  }
}

}  // namespace leyden::tokenizer
