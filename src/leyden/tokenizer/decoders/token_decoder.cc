#include "leyden/tokenizer/decoders/token_decoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "leyden/tokenizer/decoders/decode_stage.h"
#include "leyden/tokenizer/decoders/sentencepiece_decoder.h"

namespace leyden::tokenizer {
namespace {

// Byte-level vocabularies: a token is its bytes.
class BytesDecoder final : public TokenDecoder {
 public:
  explicit BytesDecoder(TokenTexts texts) : texts_(std::move(texts)) {}

  Result<std::string> decode(TokenIdsView ids) const override {
    std::string out;
    out.reserve(ids.size() * 4);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      auto text = texts_.of(ids[i]);
      if (!text) return std::unexpected(unknown_id(i, texts_.vocabulary->size()));
      out += *text;
    }
    return out;
  }
  std::unique_ptr<IncrementalDecoder> incremental() const override { return nullptr; }

 private:
  TokenTexts texts_;
};

// The end of a chain of stages.
class Collector final : public DecodeStage {
 public:
  void push(std::string text) override { text_ += text; }
  void finish() override {}
  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

 private:
  std::string text_;
};

using Makers = std::vector<std::unique_ptr<DecodeStageMaker>>;

class ChainRun final : public IncrementalDecoder {
 public:
  ChainRun(const TokenTexts& texts, const Makers& makers) : texts_(texts) {
    for (const auto& maker : makers) stages_.push_back(maker->make());
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      stages_[i]->set_next(i + 1 < stages_.size() ? stages_[i + 1].get() : &end_);
    }
  }
  Result<std::string> push(TokenId id) override {
    auto text = texts_.of(id);
    if (!text) return std::unexpected(unknown_id(count_, texts_.vocabulary->size()));
    ++count_;
    stages_.front()->push(std::string(*text));
    return end_.take();
  }
  std::string finish() override {
    // Hugging Face's decoders of nothing give nothing.
    if (count_ > 0) stages_.front()->finish();
    return end_.take();
  }

 private:
  const TokenTexts& texts_;
  std::vector<std::unique_ptr<DecodeStage>> stages_;
  Collector end_;
  std::size_t count_ = 0;
};

class ChainDecoder final : public TokenDecoder {
 public:
  ChainDecoder(TokenTexts texts, Makers makers)
      : texts_(std::move(texts)), makers_(std::move(makers)) {}

  Result<std::string> decode(TokenIdsView ids) const override {
    ChainRun run(texts_, makers_);
    std::string out;
    for (TokenId id : ids) {
      auto text = run.push(id);
      if (!text) return text;
      out += *text;
    }
    out += run.finish();
    return out;
  }
  std::unique_ptr<IncrementalDecoder> incremental() const override {
    return std::make_unique<ChainRun>(texts_, makers_);
  }

 private:
  TokenTexts texts_;
  Makers makers_;
};

bool is_sentencepiece(const std::vector<DecoderStep>& steps) {
  return steps.size() == 1 && std::holds_alternative<DecodeSentencePiece>(steps.front());
}

}  // namespace

Error unknown_id(std::size_t position, std::size_t vocabulary_size) {
  return {Errc::invalid_argument,
          fmt::format("the ID at position {} is not in the vocabulary ({} tokens): were the IDs "
                      "made with another tokenizer?",
                      position, vocabulary_size)};
}

DecoderSpec decoder_spec(const TokenizerSpec& spec) {
  DecoderSpec decoder;
  decoder.tokens_are_bytes = spec.decodes_to_bytes;
  if (spec.decodes_to_bytes) return decoder;
  decoder.steps = spec.decoders;
  if (!is_sentencepiece(spec.decoders)) return decoder;
  std::visit(
      [&](const auto& model) {
        if constexpr (requires { model.unknown; }) decoder.unknown = model.unknown;
      },
      spec.model);
  for (const AddedToken& token : spec.added) {
    if (token.special && token.id != decoder.unknown) decoder.controls.push_back(token.id);
  }
  std::ranges::sort(decoder.controls);
  return decoder;
}

Result<std::unique_ptr<TokenDecoder>> make_decoder(DecoderSpec spec, TokenTexts texts) {
  if (spec.tokens_are_bytes) return std::make_unique<BytesDecoder>(std::move(texts));
  if (is_sentencepiece(spec.steps)) {
    return make_sentencepiece_decoder(std::move(spec), std::move(texts));
  }
  Makers makers;
  if (spec.steps.empty()) makers.push_back(make_joining_stage());
  bool fused = false;
  for (const DecoderStep& step : spec.steps) {
    auto maker = make_decode_stage(step, fused);
    if (!maker) return std::unexpected(maker.error());
    makers.push_back(*std::move(maker));
    fused = fused || std::holds_alternative<DecodeFuse>(step) ||
            std::holds_alternative<DecodeByteLevel>(step);
  }
  return std::make_unique<ChainDecoder>(std::move(texts), std::move(makers));
}

}  // namespace leyden::tokenizer
