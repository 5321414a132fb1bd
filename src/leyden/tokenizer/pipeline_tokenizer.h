#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/decoders/token_decoder.h"
#include "leyden/tokenizer/engine/isa.h"
#include "leyden/tokenizer/pipeline_encoder.h"
#include "leyden/tokenizer/text_encoder.h"
#include "leyden/tokenizer/tokenizer.h"
#include "leyden/tokenizer/tokenizer_parts.h"

namespace leyden::tokenizer {

// Any tokenizer that a file describes: added tokens are found, the text between them goes through a TextEncoder.
class PipelineTokenizer final : public Tokenizer {
 public:
  // Errors: unsupported, corrupt: a part of the specification that can't be used; says which.
  [[nodiscard]] static Result<std::shared_ptr<const PipelineTokenizer>> make(TokenizerSpec spec,
                                                                             engine::Isa isa);
  // Of parts with fast tables. `make_general` is called once, when what only the general encoder can do is first asked for.
  using MakeGeneral = std::function<Result<std::unique_ptr<PipelineEncoder>>()>;
  [[nodiscard]] static Result<std::shared_ptr<const PipelineTokenizer>> make(
      TokenizerParts parts, std::string name, MakeGeneral make_general, engine::Isa isa);

  void encode_to(std::string_view text, const EncodeOptions& options, TokenIds& out) const override;
  [[nodiscard]] std::size_t count(std::string_view text,
                                  const EncodeOptions& options) const override;
  [[nodiscard]] Encoding encode_with_offsets(std::string_view text,
                                             const EncodeOptions& options) const override;
  [[nodiscard]] Result<std::string> decode(TokenIdsView ids) const override;
  [[nodiscard]] std::unique_ptr<IncrementalDecoder> incremental_decoder() const override;
  [[nodiscard]] std::optional<std::string> token_bytes(TokenId id) const override;
  [[nodiscard]] std::optional<TokenId> token_id(std::string_view piece) const override;
  [[nodiscard]] bool is_safe_cut(std::string_view left, std::string_view right) const override;
  [[nodiscard]] bool is_control(TokenId id) const override {
    return id < controls_.size() && controls_[id];
  }
  [[nodiscard]] std::optional<TokenId> special_token(std::string_view text) const override;
  [[nodiscard]] std::size_t vocabulary_size() const override { return parts_.vocabulary.size(); }
  [[nodiscard]] const Digest& fingerprint() const override { return parts_.fingerprint; }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  PipelineTokenizer(TokenizerParts parts, std::string name);
  [[nodiscard]] Result<void> add_decoder();
  // Calls `on_text(piece, first)` and `on_token(id)` for what `text` consists of; false when added tokens have to be
  // searched in the normalized text.
  template <class OnText, class OnToken>
  void each_part(std::string_view text, const SpecialPolicy& policy, OnText&& on_text,
                 OnToken&& on_token) const;
  [[nodiscard]] bool searches_normalized(const SpecialPolicy& policy) const;
  void encode_searching_normalized(const NormalizedText& given, const SpecialPolicy& policy,
                                   TokenIds& out, std::vector<Span>* spans) const;
  [[nodiscard]] const PipelineEncoder& general() const;

  TokenizerParts parts_;  // The others have views of them.
  std::string name_;
  std::vector<bool> controls_;  // By ID, up to the last control token.
  std::unique_ptr<TextEncoder> encoder_;
  std::unique_ptr<TokenDecoder> decoder_;
  const PipelineEncoder* general_ = nullptr;  // encoder_, where that is one.
  MakeGeneral make_general_;                  // Else.
  mutable std::once_flag general_made_;
  mutable std::unique_ptr<PipelineEncoder> owned_general_;
};

}  // namespace leyden::tokenizer
