#include "leyden/tokenizer/pipeline_tokenizer.h"

#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer {
namespace {

// utf8::is_valid() by SIMD.
bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

void append(TokenIds& out, const TokenIds& ids) { out.insert(out.end(), ids.begin(), ids.end()); }

// `text` in well-formed UTF-8, each byte with its place in the original.
NormalizedText tracked_text(std::string_view text) {
  NormalizedText given(text, 0, true);
  if (utf8::is_valid(text)) return given;
  NormalizedText repaired(true);
  for (std::size_t at = 0; at < text.size();) {
    utf8::Decoded next = utf8::decode(text, at);
    if (next.valid) {
      repaired.copy(given, at, at + next.size);
    } else {
      repaired.put("\xEF\xBF\xBD", given, at, at + next.size);
    }
    at += next.size;
  }
  return repaired;
}

}  // namespace

Result<std::shared_ptr<const PipelineTokenizer>> PipelineTokenizer::make(TokenizerSpec spec,
                                                                         engine::Isa isa) {
  std::shared_ptr<PipelineTokenizer> tokenizer(new PipelineTokenizer(spec));
  if (auto done = tokenizer->fill_vocabulary(spec); !done) return std::unexpected(done.error());
  auto encoder = make_text_encoder(spec, isa);
  if (!encoder) return std::unexpected(encoder.error());
  tokenizer->encoder_ = *std::move(encoder);
  tokenizer->general_ = dynamic_cast<const PipelineEncoder*>(tokenizer->encoder_.get());
  auto normalized = tokenizer->sort_added_tokens(spec);
  if (!normalized) return std::unexpected(normalized.error());
  auto decoder = make_decoder(
      spec, {.vocabulary = &tokenizer->vocabulary_, .normalized = *std::move(normalized)});
  if (!decoder) return std::unexpected(decoder.error());
  tokenizer->decoder_ = *std::move(decoder);
  if (tokenizer->general_ == nullptr) {
    tokenizer->spec_ = std::make_unique<const TokenizerSpec>(std::move(spec));
  }
  return tokenizer;
}

PipelineTokenizer::PipelineTokenizer(const TokenizerSpec& spec)
    : name_(spec.name),
      fingerprint_(tokenizer::fingerprint(spec)),
      vocabulary_(spec.vocabulary_size),
      has_normalizers_(!spec.normalizers.empty()),
      post_(spec.post),
      safe_cut_(spec) {}

Result<void> PipelineTokenizer::fill_vocabulary(const TokenizerSpec& spec) {
  auto add = [&](TokenId id, std::string_view bytes, TokenKind kind) -> Result<void> {
    if (vocabulary_.add(id, bytes, kind)) return {};
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
      if (done = add(piece.id, piece.bytes, made ? TokenKind::ordinary : TokenKind::unused); !done)
        return done;
    }
  } else {
    std::visit(
        [&](const auto& model) {
          if constexpr (requires { model.tokens; }) {
            done = add_all(model.tokens, TokenKind::ordinary);
          }
        },
        spec.model);
    if (!done) return done;
  }
  for (const AddedToken& token : spec.added) {
    added_ids_.emplace(token.text, token.id);
    if (vocabulary_.kind(token.id) != TokenKind::absent) continue;  // Of the model, too.
    if (done = add(token.id, token.text, TokenKind::special); !done) return done;
  }
  return add_all(spec.unused, TokenKind::unused);
}

Result<std::unordered_map<TokenId, std::string>> PipelineTokenizer::sort_added_tokens(
    const TokenizerSpec& spec) {
  std::vector<AddedToken> given;
  std::vector<AddedToken> normalized;
  std::unordered_map<TokenId, std::string> changed;
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
      changed.emplace(token.id, token.text);
    }
    normalized.push_back(std::move(token));
  }
  in_given_text_ = AddedTokens(std::move(given));
  in_normalized_text_ = AddedTokens(std::move(normalized));
  return changed;
}

const PipelineEncoder& PipelineTokenizer::general() const {
  if (general_ != nullptr) return *general_;
  std::call_once(general_made_, [&] {
    auto made = PipelineEncoder::make(*spec_);
    // The faster encoders exist only for specifications that this one can do.
    if (made) owned_general_ = *std::move(made);
  });
  return *owned_general_;
}

bool PipelineTokenizer::searches_normalized(const SpecialPolicy& policy) const {
  return has_normalizers_ && in_normalized_text_.may_match(policy);
}

template <class OnText, class OnToken>
void PipelineTokenizer::each_part(std::string_view text, const SpecialPolicy& policy,
                                  OnText&& on_text, OnToken&& on_token) const {
  in_given_text_.split(text, policy, [&](const AddedTokens::Part& part) {
    if (part.token) return on_token(*part.token);
    std::string_view piece = text.substr(part.begin, part.end - part.begin);
    in_normalized_text_.split(piece, policy, [&](const AddedTokens::Part& inner) {
      if (inner.token) return on_token(*inner.token);
      on_text(piece.substr(inner.begin, inner.end - inner.begin), part.begin + inner.begin == 0);
    });
  });
}

void PipelineTokenizer::encode_to(std::string_view text, const EncodeOptions& options,
                                  TokenIds& out) const {
  std::string repaired;
  if (!is_valid_utf8(text)) {
    repaired = utf8::replace_invalid(text);
    text = repaired;
  }
  if (options.add_special_tokens) append(out, post_.before);
  if (searches_normalized(options.special)) {
    encode_searching_normalized(NormalizedText(text, 0, general().needs_origins()), options.special,
                                out, nullptr);
  } else {
    each_part(
        text, options.special,
        [&](std::string_view piece, bool first) { encoder_->encode(piece, first, out); },
        [&](TokenId id) { out.push_back(id); });
  }
  if (options.add_special_tokens) append(out, post_.after);
}

std::size_t PipelineTokenizer::count(std::string_view text, const EncodeOptions& options) const {
  if (!is_valid_utf8(text) || searches_normalized(options.special)) {
    return encode(text, options).size();
  }
  std::size_t count =
      options.add_special_tokens ? post_.before.size() + post_.after.size() : std::size_t{0};
  each_part(
      text, options.special,
      [&](std::string_view piece, bool first) { count += encoder_->count(piece, first); },
      [&](TokenId) { ++count; });
  return count;
}

Encoding PipelineTokenizer::encode_with_offsets(std::string_view text,
                                                const EncodeOptions& options) const {
  Encoding encoding;
  if (options.add_special_tokens) {
    append(encoding.ids, post_.before);
    encoding.spans.resize(encoding.ids.size());
  }
  encode_searching_normalized(tracked_text(text), options.special, encoding.ids, &encoding.spans);
  if (options.add_special_tokens) {
    append(encoding.ids, post_.after);
    encoding.spans.resize(encoding.ids.size(), Span{text.size(), text.size()});
  }
  return encoding;
}

void PipelineTokenizer::encode_searching_normalized(const NormalizedText& given,
                                                    const SpecialPolicy& policy, TokenIds& out,
                                                    std::vector<Span>* spans) const {
  auto put = [&](const NormalizedText& text, const AddedTokens::Part& part) {
    out.push_back(*part.token);
    if (spans != nullptr) spans->push_back(text.origin(part.begin, part.end));
  };
  in_given_text_.split(given.text(), policy, [&](const AddedTokens::Part& part) {
    if (part.token) return put(given, part);
    NormalizedText piece(given.tracked());
    piece.copy(given, part.begin, part.end);
    general().normalize(piece);
    in_normalized_text_.split(piece.text(), policy, [&](const AddedTokens::Part& inner) {
      if (inner.token) return put(piece, inner);
      general().encode_normalized(piece, inner.begin, inner.end, part.begin + inner.begin == 0, out,
                                  spans);
    });
  });
}

Result<std::string> PipelineTokenizer::decode(TokenIdsView ids) const {
  return decoder_->decode(ids);
}

std::unique_ptr<IncrementalDecoder> PipelineTokenizer::incremental_decoder() const {
  return decoder_->incremental();
}

std::optional<std::string> PipelineTokenizer::token_bytes(TokenId id) const {
  if (vocabulary_.kind(id) == TokenKind::absent) return std::nullopt;
  return std::string(vocabulary_.bytes(id));
}

std::optional<TokenId> PipelineTokenizer::token_id(std::string_view piece) const {
  if (auto added = special_token(piece)) return added;
  return vocabulary_.find(piece);
}

bool PipelineTokenizer::is_safe_cut(std::string_view left, std::string_view right) const {
  if (left.empty() || right.empty()) return true;
  if (!safe_cut_.holds(left, right) || !in_given_text_.is_safe_cut(left, right)) return false;
  // What a normalizer makes of the text at the cut is not looked at.
  if (has_normalizers_) return !in_normalized_text_.may_match(SpecialPolicy::none());
  return in_normalized_text_.is_safe_cut(left, right);
}

std::optional<TokenId> PipelineTokenizer::special_token(std::string_view text) const {
  auto found = added_ids_.find(std::string(text));
  if (found == added_ids_.end()) return std::nullopt;
  return found->second;
}

}  // namespace leyden::tokenizer
