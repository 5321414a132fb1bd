#include "leyden/tokenizer/plain/plain_tokenizer.h"

namespace leyden::tokenizer::plain {
namespace {

std::unique_ptr<Model> make_model(const TokenizerSpec& spec) {
  if (const auto* bpe = std::get_if<BpeSpec>(&spec.model)) return make_bpe(*bpe);
  if (std::holds_alternative<UnigramSpec>(spec.model)) return make_unigram(spec);
  if (const auto* wordpiece = std::get_if<WordPieceSpec>(&spec.model))
    return make_wordpiece(*wordpiece);
  return make_wordlevel(std::get<WordLevelSpec>(spec.model));
}

}  // namespace

PlainTokenizer::PlainTokenizer(const TokenizerSpec& spec)
    : normalizers_(spec),
      pretokenizers_(spec),
      model_(make_model(spec)),
      decoders_(spec),
      post_(spec.post) {
  for (const AddedToken& token : spec.added) {
    if (token.normalized) {
      normalized_.push_back({token, normalizers_.apply(to_text(token.text)).chars});
    } else {
      raw_.push_back({token, to_chars(token.text)});
    }
  }
}

TokenIds PlainTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  TokenIds ids;
  if (options.add_special_tokens) ids = post_.before;
  for (const Section& section :
       cut_at_added(to_text(utf8::replace_invalid(text)), raw_, options.special)) {
    if (section.id) {
      ids.push_back(*section.id);
      continue;
    }
    for (const Section& part :
         cut_at_added(normalizers_.apply(section.text), normalized_, options.special)) {
      if (part.id) {
        ids.push_back(*part.id);
      } else {
        encode_ordinary(part.text, ids);
      }
    }
  }
  if (options.add_special_tokens) ids.insert(ids.end(), post_.after.begin(), post_.after.end());
  return ids;
}

void PlainTokenizer::encode_ordinary(const Text& text, TokenIds& out) const {
  for (const Piece& piece : pretokenizers_.apply(text)) {
    TokenIds ids = model_->encode(piece);
    out.insert(out.end(), ids.begin(), ids.end());
  }
}

TokenIds encode(const TokenizerSpec& spec, std::string_view text, const EncodeOptions& options) {
  return PlainTokenizer(spec).encode(text, options);
}

std::optional<std::string> decode(const TokenizerSpec& spec, TokenIdsView ids) {
  return PlainTokenizer(spec).decode(ids);
}

}  // namespace leyden::tokenizer::plain
