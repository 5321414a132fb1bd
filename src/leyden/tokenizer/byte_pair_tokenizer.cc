#include "leyden/tokenizer/byte_pair_tokenizer.h"

#include <algorithm>
#include <utility>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer {
namespace {

// One buffer, hashed once: a field for each of 150,000 tokens would take longer than the rest of loading.
Digest fingerprint_of(const BytePairSpec& spec) {
  std::string content;
  auto number = [&](std::uint64_t value) {
    for (int i = 0; i < 4; ++i) content += static_cast<char>(value >> (8 * i));
  };
  auto text = [&](std::string_view value) {
    number(value.size());
    content += value;
  };
  text("byte-pair 1");
  text(pattern_name(spec.pattern));
  number(static_cast<std::uint64_t>(spec.normalizer));
  number(spec.whole_first ? 1 : 0);
  number(spec.vocabulary.size());
  for (TokenId id = 0; id < spec.vocabulary.size(); ++id) {
    number(static_cast<std::uint64_t>(spec.vocabulary.kind(id)));
    text(spec.vocabulary.bytes(id));
  }
  number(spec.merges.size());
  for (const Merge& merge : spec.merges) {
    number(merge.left);
    number(merge.right);
    number(merge.merged);
    number(merge.rank);
  }
  number(spec.specials.size());
  for (const SpecialToken& special : spec.specials) {
    number(special.id);
    text(special.text);
  }
  return Hasher().field(content).finish();
}

}  // namespace

BytePairTokenizer::BytePairTokenizer(BytePairSpec spec)
    : name_(std::move(spec.name)),
      pattern_(spec.pattern),
      normalizer_(spec.normalizer),
      fingerprint_(fingerprint_of(spec)),
      specials_(std::move(spec.specials)),
      model_(std::move(spec.vocabulary), spec.merges, spec.whole_first) {}

TokenIds BytePairTokenizer::encode(std::string_view text, SpecialTokens special) const {
  TokenIds out;
  out.reserve(text.size() / 4 + 1);
  std::size_t at = 0;
  while (special == SpecialTokens::parse) {
    auto match = specials_.find(text, at);
    if (!match) break;
    encode_ordinary(text.substr(at, match->position - at), out);
    out.push_back(match->id);
    at = match->position + match->length;
  }
  encode_ordinary(text.substr(at), out);
  return out;
}

void BytePairTokenizer::encode_ordinary(std::string_view text, TokenIds& out) const {
  std::string owned;
  if (!utf8::is_valid(text)) {
    owned = utf8::replace_invalid(text);
    text = owned;
  }
  if (normalizer_ == Normalizer::nfc && !is_ascii(text)) {
    owned = to_nfc(text);
    text = owned;
  }
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = pretoken_end(pattern_, text, at);
    model_.encode(text.substr(at, end - at), out);
    at = end;
  }
}

Result<std::string> BytePairTokenizer::decode(TokenIdsView ids) const {
  std::string out;
  out.reserve(ids.size() * 4);
  const Vocabulary& vocabulary = model_.vocabulary();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (vocabulary.kind(ids[i]) == TokenKind::absent) {
      return fail(
          Errc::invalid_argument,
          "the ID at position {} is not in the vocabulary of {} ({} tokens): were the IDs made "
          "with another tokenizer?",
          i, name_, vocabulary.size());
    }
    out += vocabulary.bytes(ids[i]);
  }
  return out;
}

std::optional<std::string_view> BytePairTokenizer::token_bytes(TokenId id) const {
  if (model_.vocabulary().kind(id) == TokenKind::absent) return std::nullopt;
  return model_.vocabulary().bytes(id);
}

bool BytePairTokenizer::is_safe_cut(std::string_view left, std::string_view right) const {
  if (left.empty() || right.empty()) return true;
  // The rules speak of characters: nothing is claimed for a cut beside ill-formed bytes.
  std::size_t last = left.size() - 1;
  while (last > 0 && left.size() - last < 4 &&
         (static_cast<unsigned char>(left[last]) & 0xC0U) == 0x80)
    --last;
  if (!utf8::is_valid(left.substr(last)) || !utf8::decode(right, 0).valid) return false;
  // An ASCII character never composes with what stands before it.
  if (normalizer_ == Normalizer::nfc && static_cast<unsigned char>(right.front()) >= 0x80)
    return false;
  return is_pretoken_border(pattern_, left, right);
}

std::optional<TokenId> BytePairTokenizer::special_token(std::string_view text) const {
  return specials_.id_of(text);
}

std::size_t BytePairTokenizer::vocabulary_size() const { return model_.vocabulary().size(); }

}  // namespace leyden::tokenizer
