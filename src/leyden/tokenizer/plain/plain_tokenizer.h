#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/tokenizer/plain/added_tokens.h"
#include "leyden/tokenizer/plain/decode.h"
#include "leyden/tokenizer/plain/models.h"
#include "leyden/tokenizer/plain/normalize.h"
#include "leyden/tokenizer/plain/pretokenize.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/tokenizer.h"

// The oracle: every tokenizer that a specification can describe, written from what the references document and do, with
// nothing in mind but being right. Quadratic and worse. Only tests and fuzzers link to it, and it shares nothing with what it
// checks but base/utf8 and the specification.
namespace leyden::tokenizer::plain {

// const is safe to share. The constructor throws std::runtime_error for a regular expression that it can't translate.
class PlainTokenizer {
 public:
  explicit PlainTokenizer(const TokenizerSpec& spec);

  // As Tokenizer::encode and decode; nullopt for an unknown ID.
  [[nodiscard]] TokenIds encode(std::string_view text, const EncodeOptions& options = {}) const;
  [[nodiscard]] std::optional<std::string> decode(TokenIdsView ids) const {
    return decoders_.decode(ids);
  }

 private:
  void encode_ordinary(const Text& text, TokenIds& out) const;

  Normalizers normalizers_;
  Pretokenizers pretokenizers_;
  std::unique_ptr<Model> model_;
  Decoders decoders_;
  std::vector<Wanted> raw_;         // Added tokens that are found in the text as given,
  std::vector<Wanted> normalized_;  // and in the normalized text.
  TemplateSpec post_;
};

// Once.
[[nodiscard]] TokenIds encode(const TokenizerSpec& spec, std::string_view text,
                              const EncodeOptions& options = {});
[[nodiscard]] std::optional<std::string> decode(const TokenizerSpec& spec, TokenIdsView ids);

}  // namespace leyden::tokenizer::plain
