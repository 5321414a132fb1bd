#include "leyden/tokenizer/tokenizer_parts.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/normalizers/text_normalizer.h"

namespace leyden::tokenizer {
namespace {

Result<Vocabulary> vocabulary_of(const TokenizerSpec& spec) {
  Vocabulary vocabulary(spec.vocabulary_size);
  auto add = [&](TokenId id, std::string_view bytes, TokenKind kind) -> Result<void> {
    if (vocabulary.add(id, bytes, kind)) return {};
    if (bytes.size() > Vocabulary::kBytesMax)
      return fail(Errc::corrupt, "token {} is too long", id);
    return fail(Errc::corrupt, "token {} shares its ID or its text with another", id);
  };
  auto add_all = [&](const std::vector<SpecToken>& tokens, TokenKind kind) -> Result<void> {
    for (const SpecToken& token : tokens) {
      if (auto done = add(token.id, token.bytes, kind); !done) return done;
    }
    return {};
  };
  Result<void> done;
  if (const auto* unigram = std::get_if<UnigramSpec>(&spec.model)) {
    for (const UnigramSpec::Piece& piece : unigram->pieces) {
      bool made = piece.kind != UnigramSpec::Piece::Kind::unused;
      done = add(piece.id, piece.bytes, made ? TokenKind::ordinary : TokenKind::unused);
      if (!done) return std::unexpected(done.error());
    }
  } else {
    std::visit(
        [&](const auto& model) {
          if constexpr (requires { model.tokens; }) {
            done = add_all(model.tokens, TokenKind::ordinary);
          }
        },
        spec.model);
    if (!done) return std::unexpected(done.error());
  }
  for (const AddedToken& token : spec.added) {
    if (vocabulary.kind(token.id) != TokenKind::absent) continue;  // Of the model, too.
    if (done = add(token.id, token.text, TokenKind::special); !done)
      return std::unexpected(done.error());
  }
  if (done = add_all(spec.unused, TokenKind::unused); !done) return std::unexpected(done.error());
  return vocabulary;
}

ByteTrie ids_of_added(const std::vector<AddedToken>& added) {
  std::vector<std::pair<std::string_view, std::uint32_t>> keys;
  keys.reserve(added.size());
  for (const AddedToken& token : added) keys.emplace_back(token.text, token.id);
  std::ranges::reverse(keys);  // Of equal texts the first counts.
  return ByteTrie(std::move(keys));
}

Result<void> sort_added_tokens(const TokenizerSpec& spec, TokenizerParts& parts) {
  std::vector<AddedToken> given;
  std::vector<AddedToken> normalized;
  bool any = std::ranges::any_of(spec.added, &AddedToken::normalized);
  auto normalizers = make_normalizers(any ? spec.normalizers : std::vector<NormalizerStep>());
  if (!normalizers) return std::unexpected(normalizers.error());
  for (AddedToken token : spec.added) {
    if (!token.normalized) {
      given.push_back(std::move(token));
      continue;
    }
    // It is searched in normalized text, so it must look as it does there; Hugging Face decodes it so, too.
    NormalizedText text(token.text, 0, false);
    for (const auto& normalizer : *normalizers) normalizer->apply(text);
    if (text.text() != token.text) {
      token.text = text.text();
      parts.normalized_texts.emplace_back(token.id, token.text);
    }
    normalized.push_back(std::move(token));
  }
  parts.in_given_text = AddedTokens(given);
  parts.in_normalized_text = AddedTokens(normalized);
  return {};
}

}  // namespace

Result<TokenizerParts> build_parts(const TokenizerSpec& spec) {
  TokenizerParts parts;
  parts.fingerprint = fingerprint(spec);
  auto vocabulary = vocabulary_of(spec);
  if (!vocabulary) return std::unexpected(vocabulary.error());
  parts.vocabulary = *std::move(vocabulary);
  parts.added_ids = ids_of_added(spec.added);
  if (auto sorted = sort_added_tokens(spec, parts); !sorted) return std::unexpected(sorted.error());
  parts.has_normalizers = !spec.normalizers.empty();
  parts.post = spec.post;
  parts.safe_cut = SafeCut(safe_cut_facts(spec));
  parts.decoder = decoder_spec(spec);
  parts.fast = engine::build_fast_tables(spec);
  return parts;
}

}  // namespace leyden::tokenizer
