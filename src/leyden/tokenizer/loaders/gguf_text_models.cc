#include <algorithm>
#include <utility>

#include "leyden/tokenizer/loaders/gguf_models.h"
#include "leyden/tokenizer/loaders/sentencepiece_pieces.h"

namespace leyden::tokenizer {

// The reference is the model's own SentencePiece model. llama.cpp's conversion keeps what is read here of it.
Result<TokenizerSpec> read_gguf_sentencepiece(const Gguf& gguf, const std::string& where,
                                              bool is_bpe) {
  const auto* tokens = gguf.find<Gguf::Strings>("tokenizer.ggml.tokens");
  const auto* types = gguf.find<Gguf::Integers>("tokenizer.ggml.token_type");
  const auto* scores = gguf.find<Gguf::Floats>("tokenizer.ggml.scores");
  if (tokens == nullptr || types == nullptr || scores == nullptr ||
      types->size() != tokens->size() || scores->size() != tokens->size()) {
    return fail(Errc::corrupt,
                "{}: tokens, token types or scores are missing or don't belong together", where);
  }
  using Type = SentencePieceFile::Type;
  SentencePieceFile file;
  file.is_bpe = is_bpe;
  file.spaces.add_dummy_prefix = gguf.flag("tokenizer.ggml.add_space_prefix").value_or(true);
  file.spaces.remove_extra_whitespaces =
      gguf.flag("tokenizer.ggml.remove_extra_whitespaces").value_or(false);
  file.spaces.treat_whitespace_as_suffix =
      gguf.flag("tokenizer.ggml.treat_whitespace_as_suffix").value_or(false);
  if (const auto* charsmap = gguf.find<Gguf::Bytes>("tokenizer.ggml.precompiled_charsmap")) {
    file.charsmap = charsmap->content;
  }
  auto unknown = gguf.number("tokenizer.ggml.unknown_token_id");
  for (TokenId id = 0; id < tokens->size(); ++id) {
    auto type = (*types)[id];
    if (type < 1 || type > 6) {
      return fail(Errc::unsupported, "{}: token {} has type {}", where, id, type);
    }
    SentencePieceFile::Piece piece{(*tokens)[id], (*scores)[id], static_cast<Type>(type)};
    // Placeholders that were added behind the vocabulary are marked as unknown, too.
    if (piece.type == Type::unknown) piece.type = Type::control;
    if (unknown ? *unknown == id : (*types)[id] == static_cast<std::int64_t>(Type::unknown)) {
      piece.type = Type::unknown;
    }
    // In a BPE model: an entry that only fills the table up.
    if (piece.type == Type::unused && is_bpe) piece.type = Type::control;
    file.byte_fallback = file.byte_fallback || piece.type == Type::byte;
    file.pieces.push_back(piece);
  }
  return specify_sentencepiece(file, where);
}

Result<TokenizerSpec> read_gguf_bert(const Gguf& gguf, const std::string& where) {
  const auto* tokens = gguf.find<Gguf::Strings>("tokenizer.ggml.tokens");
  const auto* types = gguf.find<Gguf::Integers>("tokenizer.ggml.token_type");
  auto unknown = gguf.number("tokenizer.ggml.unknown_token_id");
  if (tokens == nullptr || types == nullptr || types->size() != tokens->size() || !unknown ||
      *unknown >= tokens->size()) {
    return fail(Errc::corrupt,
                "{}: tokens, token types or the unknown token are missing or don't belong together",
                where);
  }
  TokenizerSpec spec;
  spec.vocabulary_size = tokens->size();
  spec.decodes_to_bytes = false;
  WordPieceSpec model;
  model.unknown = static_cast<TokenId>(*unknown);
  bool cased = false;
  for (TokenId id = 0; id < tokens->size(); ++id) {
    std::string_view token = (*tokens)[id];
    auto type = static_cast<GgufTokenType>((*types)[id]);
    if (type == GgufTokenType::control || type == GgufTokenType::unknown || id == *unknown) {
      spec.added.push_back({.id = id, .text = std::string(token), .special = true});
      continue;
    }
    // The conversion wrote U+2581 in front of what begins a word and took "##" away from the rest.
    constexpr std::string_view kBegins = "\xE2\x96\x81";
    bool whole = token.starts_with('[') && token.ends_with(']') && token.size() > 2;
    std::string written = token.starts_with(kBegins) ? std::string(token.substr(kBegins.size()))
                          : whole                    ? std::string(token)
                                                     : "##" + std::string(token);
    cased = cased || (!whole && std::ranges::any_of(written, [](char c) {
              return c >= 'A' && c <= 'Z';
            }) && !written.starts_with('['));
    model.tokens.push_back({id, std::move(written)});
  }
  if (cased) {
    // The file does not say whether text is lowercased; llama.cpp always does.
    return fail(Errc::unsupported,
                "{}: a WordPiece vocabulary with capital letters is not supported", where);
  }
  spec.normalizers.emplace_back(NormalizeBert{});
  spec.pretokenizers.emplace_back(SplitBert{});
  spec.decoders.emplace_back(DecodeWordPiece{});
  spec.model = std::move(model);
  auto put = [&](const char* key, const char* other, TokenIds& ids) {
    auto id = gguf.number(key);
    if (!id) id = gguf.number(other);
    if (id && *id < tokens->size()) ids.push_back(static_cast<TokenId>(*id));
  };
  put("tokenizer.ggml.cls_token_id", "tokenizer.ggml.bos_token_id", spec.post.before);
  put("tokenizer.ggml.seperator_token_id", "tokenizer.ggml.separator_token_id", spec.post.after);
  return spec;
}

}  // namespace leyden::tokenizer
