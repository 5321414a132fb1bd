#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "leyden/tokenizer/added_tokens.h"
#include "leyden/tokenizer/decoders/token_decoder.h"
#include "leyden/tokenizer/pipeline_encoder.h"
#include "leyden/tokenizer/safe_cut.h"
#include "leyden/tokenizer/text_encoder.h"
#include "leyden/tokenizer/tokenizer.h"
#include "leyden/tokenizer/vocabulary.h"

namespace leyden::tokenizer {

// Any tokenizer that a file describes: added tokens are found, the text between them goes through a TextEncoder.
class PipelineTokenizer final : public Tokenizer {
 public:
  // Errors: unsupported, corrupt: a part of the specification that can't be used; says which.
  [[nodiscard]] static Result<std::shared_ptr<const PipelineTokenizer>> make(TokenizerSpec spec);

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
  [[nodiscard]] std::optional<TokenId> special_token(std::string_view text) const override;
  [[nodiscard]] std::size_t vocabulary_size() const override { return vocabulary_.size(); }
  [[nodiscard]] const Digest& fingerprint() const override { return fingerprint_; }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  explicit PipelineTokenizer(const TokenizerSpec& spec);
  [[nodiscard]] Result<void> fill_vocabulary(const TokenizerSpec& spec);
  // The texts that normalization changed, by ID.
  [[nodiscard]] Result<std::unordered_map<TokenId, std::string>> sort_added_tokens(
      const TokenizerSpec& spec);
  // Calls `on_text(piece, first)` and `on_token(id)` for what `text` consists of; false when added tokens have to be
  // searched in the normalized text.
  template <class OnText, class OnToken>
  void each_part(std::string_view text, const SpecialPolicy& policy, OnText&& on_text,
                 OnToken&& on_token) const;
  [[nodiscard]] bool searches_normalized(const SpecialPolicy& policy) const;
  void encode_searching_normalized(const NormalizedText& given, const SpecialPolicy& policy,
                                   TokenIds& out, std::vector<Span>* spans) const;
  [[nodiscard]] const PipelineEncoder& general() const;

  std::string name_;
  Digest fingerprint_;
  Vocabulary vocabulary_;  // All tokens; added ones are TokenKind::special.
  std::unordered_map<std::string, TokenId> added_ids_;
  AddedTokens in_given_text_;
  AddedTokens in_normalized_text_;
  bool has_normalizers_ = false;
  TemplateSpec post_;
  std::unique_ptr<TextEncoder> encoder_;
  std::unique_ptr<TokenDecoder> decoder_;
  SafeCut safe_cut_;
  const PipelineEncoder* general_ = nullptr;  // encoder_, where that is one.
  // Else made of the specification when offsets are first asked for.
  std::unique_ptr<const TokenizerSpec> spec_;
  mutable std::once_flag general_made_;
  mutable std::unique_ptr<PipelineEncoder> owned_general_;
};

}  // namespace leyden::tokenizer
