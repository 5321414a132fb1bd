#include "leyden/tokenizer/decoders/token_decoder.h"

namespace leyden::tokenizer {
namespace {

// Byte-level vocabularies: a token is its bytes.
class BytesDecoder final : public TokenDecoder {
 public:
  explicit BytesDecoder(const Vocabulary& vocabulary) : vocabulary_(&vocabulary) {}

  Result<std::string> decode(TokenIdsView ids) const override {
    std::string out;
    out.reserve(ids.size() * 4);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (vocabulary_->kind(ids[i]) == TokenKind::absent) {
        return std::unexpected(unknown_id(i, vocabulary_->size()));
      }
      out += vocabulary_->bytes(ids[i]);
    }
    return out;
  }
  std::unique_ptr<IncrementalDecoder> incremental() const override { return nullptr; }

 private:
  const Vocabulary* vocabulary_;
};

}  // namespace

Error unknown_id(std::size_t position, std::size_t vocabulary_size) {
  return {Errc::invalid_argument,
          fmt::format("the ID at position {} is not in the vocabulary ({} tokens): were the IDs "
                      "made with another tokenizer?",
                      position, vocabulary_size)};
}

Result<std::unique_ptr<TokenDecoder>> make_decoder(const TokenizerSpec& spec,
                                                   const Vocabulary& vocabulary) {
  if (spec.decodes_to_bytes) return std::make_unique<BytesDecoder>(vocabulary);
  return fail(Errc::unsupported, "decoders other than ByteLevel are not supported yet");
}

}  // namespace leyden::tokenizer
