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
  auto parts = build_parts(spec);
  if (!parts) return std::unexpected(parts.error());
  std::string name = spec.name;
  if (parts->fast) {
    auto kept = std::make_shared<const TokenizerSpec>(std::move(spec));
    return make(
        *std::move(parts), std::move(name), [kept] { return PipelineEncoder::make(*kept); }, isa);
  }
  std::shared_ptr<PipelineTokenizer> tokenizer(
      new PipelineTokenizer(*std::move(parts), std::move(name)));
  if (auto local = engine::make_fast_encoder(spec, isa)) {
    tokenizer->encoder_ = std::move(local);
    tokenizer->make_general_ = [kept = std::make_shared<const TokenizerSpec>(std::move(spec))] {
      return PipelineEncoder::make(*kept);
    };
  } else {
    auto general = PipelineEncoder::make(spec);
    if (!general) return std::unexpected(general.error());
    tokenizer->general_ = general->get();
    tokenizer->encoder_ = *std::move(general);
  }
  if (auto done = tokenizer->add_decoder(); !done) return std::unexpected(done.error());
  return tokenizer;
}

Result<std::shared_ptr<const PipelineTokenizer>> PipelineTokenizer::make(TokenizerParts parts,
                                                                         std::string name,
                                                                         MakeGeneral make_general,
                                                                         engine::Isa isa) {
  std::shared_ptr<PipelineTokenizer> tokenizer(
      new PipelineTokenizer(std::move(parts), std::move(name)));
  tokenizer->encoder_ = engine::make_fast_encoder(*tokenizer->parts_.fast, isa);
  tokenizer->make_general_ = std::move(make_general);
  if (auto done = tokenizer->add_decoder(); !done) return std::unexpected(done.error());
  return tokenizer;
}

PipelineTokenizer::PipelineTokenizer(TokenizerParts parts, std::string name)
    : parts_(std::move(parts)), name_(std::move(name)) {
  for (const AddedTokens* added : {&parts_.in_given_text, &parts_.in_normalized_text}) {
    for (const AddedTokens::Token& token : added->tables().tokens) {
      if (!token.is(AddedTokens::kSpecial) && !is_control_mark(parts_.vocabulary.bytes(token.id)))
        continue;
      if (token.id >= controls_.size()) controls_.resize(token.id + std::size_t{1});
      controls_[token.id] = true;
    }
  }
}

Result<void> PipelineTokenizer::add_decoder() {
  TokenTexts texts{.vocabulary = &parts_.vocabulary, .normalized = {}};
  texts.normalized.insert(parts_.normalized_texts.begin(), parts_.normalized_texts.end());
  auto decoder = make_decoder(parts_.decoder, std::move(texts));
  if (!decoder) return std::unexpected(decoder.error());
  decoder_ = *std::move(decoder);
  return {};
}

const PipelineEncoder& PipelineTokenizer::general() const {
  if (general_ != nullptr) return *general_;
  std::call_once(general_made_, [&] {
    auto made = make_general_();
    // The faster encoders exist only for specifications that this one can do. Only an image whose checksum somebody forged
    // can have none: then nothing is encoded.
    owned_general_ = made ? *std::move(made) : PipelineEncoder::make({}).value();
  });
  return *owned_general_;
}

bool PipelineTokenizer::searches_normalized(const SpecialPolicy& policy) const {
  return parts_.has_normalizers && parts_.in_normalized_text.may_match(policy);
}

template <class OnText, class OnToken>
void PipelineTokenizer::each_part(std::string_view text, const SpecialPolicy& policy,
                                  OnText&& on_text, OnToken&& on_token) const {
  parts_.in_given_text.split(text, policy, [&](const AddedTokens::Part& part) {
    if (part.token) return on_token(*part.token);
    std::string_view piece = text.substr(part.begin, part.end - part.begin);
    parts_.in_normalized_text.split(piece, policy, [&](const AddedTokens::Part& inner) {
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
  if (options.add_special_tokens) append(out, parts_.post.before);
  if (searches_normalized(options.special)) {
    encode_searching_normalized(NormalizedText(text, 0, general().needs_origins()), options.special,
                                out, nullptr);
  } else {
    each_part(
        text, options.special,
        [&](std::string_view piece, bool first) { encoder_->encode(piece, first, out); },
        [&](TokenId id) { out.push_back(id); });
  }
  if (options.add_special_tokens) append(out, parts_.post.after);
}

std::size_t PipelineTokenizer::count(std::string_view text, const EncodeOptions& options) const {
  if (!is_valid_utf8(text) || searches_normalized(options.special)) {
    return encode(text, options).size();
  }
  std::size_t count = options.add_special_tokens
                          ? parts_.post.before.size() + parts_.post.after.size()
                          : std::size_t{0};
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
    append(encoding.ids, parts_.post.before);
    encoding.spans.resize(encoding.ids.size());
  }
  encode_searching_normalized(tracked_text(text), options.special, encoding.ids, &encoding.spans);
  if (options.add_special_tokens) {
    append(encoding.ids, parts_.post.after);
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
  parts_.in_given_text.split(given.text(), policy, [&](const AddedTokens::Part& part) {
    if (part.token) return put(given, part);
    NormalizedText piece(given.tracked());
    piece.copy(given, part.begin, part.end);
    general().normalize(piece);
    parts_.in_normalized_text.split(piece.text(), policy, [&](const AddedTokens::Part& inner) {
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
  if (parts_.vocabulary.kind(id) == TokenKind::absent) return std::nullopt;
  return std::string(parts_.vocabulary.bytes(id));
}

std::optional<TokenId> PipelineTokenizer::token_id(std::string_view piece) const {
  if (auto added = special_token(piece)) return added;
  return parts_.vocabulary.find(piece);
}

bool PipelineTokenizer::is_safe_cut(std::string_view left, std::string_view right) const {
  if (left.empty() || right.empty()) return true;
  if (!parts_.safe_cut.holds(left, right) || !parts_.in_given_text.is_safe_cut(left, right))
    return false;
  // What a normalizer makes of the text at the cut is not looked at.
  if (parts_.has_normalizers) return !parts_.in_normalized_text.may_match(SpecialPolicy::none());
  return parts_.in_normalized_text.is_safe_cut(left, right);
}

std::optional<TokenId> PipelineTokenizer::special_token(std::string_view text) const {
  return parts_.added_ids.exact(text);
}

}  // namespace leyden::tokenizer
