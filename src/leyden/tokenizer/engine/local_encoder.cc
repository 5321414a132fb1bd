#include "leyden/tokenizer/engine/local_encoder.h"

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "leyden/tokenizer/engine/no_merges.h"
#include "leyden/tokenizer/engine/segment_engine.h"
#include "leyden/tokenizer/pipeline_encoder.h"

namespace leyden::tokenizer::engine {
namespace {

// Normalizers: what they do on either side of the cut must not depend on the other side. All work on characters and what
// combines with them, but for these.
bool is_local(const NormalizerStep& step) {
  if (std::holds_alternative<NormalizeStrip>(step) ||
      std::holds_alternative<NormalizePrepend>(step) ||
      std::holds_alternative<NormalizeSpaces>(step) || std::holds_alternative<NormalizeNmt>(step))
    return false;
  if (const auto* charsmap = std::get_if<NormalizeCharsmap>(&step)) {
    // By grapheme clusters, none of which reaches from a printable ASCII character to a space. SentencePiece's rules may.
    return charsmap->matching == NormalizeCharsmap::Matching::huggingface;
  }
  if (const auto* replace = std::get_if<NormalizeReplace>(&step)) {
    if (replace->is_regex)
      return replace->pattern == " {2,}";  // What is in front of the cut ends with no space.
    return !replace->pattern.empty() && !replace->pattern.contains(' ') &&
           !replace->content.contains(' ');
  }
  return true;
}

// The first pre-tokenizer must part words at spaces; the others then see words.
bool parts_words(const PretokenizerStep& step) {
  if (const auto* metaspace = std::get_if<SplitMetaspace>(&step)) return metaspace->split;
  return std::holds_alternative<SplitBert>(step) || std::holds_alternative<SplitWhitespace>(step) ||
         std::holds_alternative<SplitOnWhitespace>(step);
}

// Whether a newline does what a space does: the normalizers, which are local, make the one of it, or words are parted at either.
bool newlines_part(const TokenizerSpec& spec, const PipelineEncoder& pipeline) {
  const PretokenizerStep& first = spec.pretokenizers.front();
  for (const NormalizerStep& step : spec.normalizers) {
    const auto* replace = std::get_if<NormalizeReplace>(&step);
    if (replace != nullptr && (replace->pattern.contains('\n') || replace->content.contains('\n')))
      return false;
  }
  NormalizedText line("a\nb", 0, false);
  NormalizedText space("a b", 0, false);
  pipeline.normalize(line);
  pipeline.normalize(space);
  if (line.text() == space.text()) return true;
  return line.text() == "a\nb" && !std::holds_alternative<SplitMetaspace>(first);
}

class PipelineCoder final : public SegmentCoder {
 public:
  explicit PipelineCoder(std::unique_ptr<PipelineEncoder> pipeline)
      : pipeline_(std::move(pipeline)) {}
  bool encode(Workspace&, std::string_view segment, TokenIds& out) const override {
    pipeline_->encode(segment, false, out);
    return true;
  }
  [[nodiscard]] const PipelineEncoder& pipeline() const { return *pipeline_; }

 private:
  std::unique_ptr<PipelineEncoder> pipeline_;
};

class LocalEncoder final : public TextEncoder {
 public:
  LocalEncoder(std::unique_ptr<PipelineEncoder> pipeline, bool lines, Isa isa)
      : lines_(lines),
        coder_(std::move(pipeline)),
        engine_({lines ? Cut::plain_lines : Cut::plain_words, {}}, {}, coder_, no_merges_.tables(),
                isa) {}

  void encode(std::string_view text, bool first_piece, TokenIds& out) const override {
    // The first word may be treated otherwise: it is where the text begins.
    const std::size_t end = plain_word_end(text, 0, lines_);
    coder_.pipeline().encode(text.substr(0, end), first_piece, out);
    engine_.encode(text.substr(end), out);
  }
  std::size_t count(std::string_view text, bool first_piece) const override {
    const std::size_t end = plain_word_end(text, 0, lines_);
    TokenIds first;
    coder_.pipeline().encode(text.substr(0, end), first_piece, first);
    return first.size() + engine_.count(text.substr(end));
  }

 private:
  bool lines_;
  NoMerges no_merges_;
  PipelineCoder coder_;
  SegmentEngine engine_;
};

}  // namespace

std::unique_ptr<TextEncoder> make_local_encoder(const TokenizerSpec& spec, Isa isa) {
  for (const NormalizerStep& step : spec.normalizers) {
    if (!is_local(step)) return nullptr;
  }
  if (spec.pretokenizers.empty() || !parts_words(spec.pretokenizers.front())) return nullptr;
  auto pipeline = PipelineEncoder::make(spec);
  if (!pipeline) return nullptr;
  const bool lines = newlines_part(spec, **pipeline);
  return std::make_unique<LocalEncoder>(*std::move(pipeline), lines, isa);
}

}  // namespace leyden::tokenizer::engine
