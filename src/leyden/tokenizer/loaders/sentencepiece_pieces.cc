#include "leyden/tokenizer/loaders/sentencepiece_pieces.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/text_table.h"

namespace leyden::tokenizer {
namespace {

using Type = SentencePieceFile::Type;

// SentencePiece merges two neighbours whenever their text together is a piece, the highest score first, the leftmost of
// equals. As pairs: every way to cut a piece into two is a merge, and its rank is the place of its score among all.
class MergeMaker {
 public:
  MergeMaker(const SentencePieceFile& file, const std::string& where)
      : file_(file), where_(where), mergeable_(file.pieces.size()) {
    for (const auto& piece : file.pieces) {
      if (piece.type == Type::normal) scores_.push_back(piece.score);
    }
    std::ranges::sort(scores_, std::greater<>());
    auto again = std::ranges::unique(scores_);
    scores_.erase(again.begin(), again.end());
    for (TokenId id = 0; id < file.pieces.size(); ++id) {
      // Duplicates were refused before.
      if (file.pieces[id].type == Type::normal) (void)mergeable_.add(file.pieces[id].text, id);
    }
  }

  Result<std::vector<SpecMerge>> make() {
    std::vector<SpecMerge> merges;
    for (TokenId id = 0; id < file_.pieces.size(); ++id) {
      const auto& piece = file_.pieces[id];
      if (piece.type != Type::normal) continue;
      auto rank = static_cast<std::uint32_t>(
          std::ranges::lower_bound(scores_, piece.score, std::greater<>()) - scores_.begin());
      if (auto done = cut(piece.text, id, rank, merges); !done)
        return std::unexpected(done.error());
    }
    return merges;
  }

 private:
  Result<void> cut(std::string_view text, TokenId id, std::uint32_t rank,
                   std::vector<SpecMerge>& merges) {
    std::size_t first = utf8::decode(text, 0).size;
    for (std::size_t at = first; at < text.size(); at += utf8::decode(text, at).size) {
      // A character that is no piece may still be part of one: such merges have no ID to be written with.
      std::string_view left = text.substr(0, at);
      std::string_view right = text.substr(at);
      auto left_id = mergeable_.find(left);
      auto right_id = mergeable_.find(right);
      if ((!left_id && at == first) || (!right_id && utf8::decode(right, 0).size == right.size())) {
        return fail(Errc::unsupported,
                    "{}: a piece with a character that is no piece itself (number {}) is not "
                    "supported",
                    where_, id);
      }
      if (left_id && right_id) merges.push_back({*left_id, *right_id, id, rank});
    }
    return {};
  }

  const SentencePieceFile& file_;
  const std::string& where_;
  TextTable mergeable_;
  std::vector<float> scores_;  // Highest first, each once.
};

bool is_byte_piece(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return text.size() == 6 && text.starts_with("<0x") && kDigits.contains(text[3]) &&
         kDigits.contains(text[4]) && text[5] == '>';
}

Result<void> check(const SentencePieceFile& file, const std::string& where) {
  TextTable seen(file.pieces.size());
  std::size_t unknown = 0;
  std::size_t bytes = 0;
  for (std::size_t id = 0; id < file.pieces.size(); ++id) {
    const auto& piece = file.pieces[id];
    if (piece.text.empty() || !seen.add(piece.text, static_cast<TokenId>(id))) {
      return fail(Errc::corrupt, "{}: piece {} is empty or there twice", where, id);
    }
    if (!utf8::is_valid(piece.text) || std::isnan(piece.score)) {
      return fail(Errc::corrupt, "{}: piece {} is not UTF-8 or has no score", where, id);
    }
    unknown += piece.type == Type::unknown ? 1 : 0;
    if (piece.type == Type::byte && !is_byte_piece(piece.text))
      return fail(Errc::corrupt, "{}: piece {} is none of <0x00> to <0xFF>", where, id);
    bytes += piece.type == Type::byte ? 1 : 0;
  }
  if (unknown != 1)
    return fail(Errc::corrupt, "{}: {} pieces are unknown, not one", where, unknown);
  if (bytes != (file.byte_fallback ? 256U : 0U)) {
    return fail(Errc::corrupt, "{}: {} pieces are bytes", where, bytes);
  }
  return {};
}

Result<BpeSpec> bpe_of(const SentencePieceFile& file, const std::string& where) {
  BpeSpec bpe;
  bpe.byte_level = false;
  bpe.byte_fallback = file.byte_fallback;
  bpe.fuse_unknown = true;
  for (TokenId id = 0; id < file.pieces.size(); ++id) {
    const auto& piece = file.pieces[id];
    switch (piece.type) {
      case Type::normal:
      case Type::byte:
        bpe.tokens.push_back({id, std::string(piece.text)});
        break;
      case Type::user_defined:
        bpe.tokens.push_back({id, std::string(piece.text)});
        bpe.user_defined.push_back({id, std::string(piece.text)});
        break;
      case Type::unknown:
        bpe.unknown = id;
        break;
      case Type::control:
        break;
      case Type::unused:
        return fail(Errc::unsupported, "{}: unused pieces of a BPE model are not supported", where);
    }
  }
  auto merges = MergeMaker(file, where).make();
  if (!merges) return std::unexpected(merges.error());
  bpe.merges = *std::move(merges);
  return bpe;
}

UnigramSpec unigram_of(const SentencePieceFile& file) {
  using Kind = UnigramSpec::Piece::Kind;
  UnigramSpec unigram;
  unigram.byte_fallback = file.byte_fallback;
  unigram.single_precision = true;
  for (TokenId id = 0; id < file.pieces.size(); ++id) {
    const auto& piece = file.pieces[id];
    if (piece.type == Type::unknown) unigram.unknown = id;
    Kind kind = piece.type == Type::normal         ? Kind::normal
                : piece.type == Type::user_defined ? Kind::user_defined
                                                   : Kind::unused;
    unigram.pieces.push_back({id, std::string(piece.text), piece.score, kind});
  }
  return unigram;
}

}  // namespace

Result<TokenizerSpec> specify_sentencepiece(const SentencePieceFile& file,
                                            const std::string& where) {
  if (auto done = check(file, where); !done) return std::unexpected(done.error());
  TokenizerSpec spec;
  spec.vocabulary_size = file.pieces.size();
  spec.decodes_to_bytes = false;
  if (!file.charsmap.empty()) {
    NormalizeCharsmap charsmap{.blob = std::string(file.charsmap),
                               .matching = NormalizeCharsmap::Matching::sentencepiece,
                               .kept = {}};
    for (const auto& piece : file.pieces) {
      if (piece.type == Type::user_defined) charsmap.kept.emplace_back(piece.text);
    }
    spec.normalizers.emplace_back(std::move(charsmap));
  }
  spec.normalizers.emplace_back(file.spaces);
  if (file.is_bpe) {
    auto bpe = bpe_of(file, where);
    if (!bpe) return std::unexpected(bpe.error());
    spec.model = *std::move(bpe);
  } else {
    spec.model = unigram_of(file);
  }
  for (TokenId id = 0; id < file.pieces.size(); ++id) {
    const auto& piece = file.pieces[id];
    if (piece.type == Type::control || piece.type == Type::unknown) {
      spec.added.push_back({.id = id, .text = std::string(piece.text), .special = true});
    }
  }
  spec.decoders = {DecodeSentencePiece{
      .strip_first_space = file.spaces.add_dummy_prefix || file.spaces.remove_extra_whitespaces,
      .strip_all_first_spaces = file.spaces.remove_extra_whitespaces,
      .unknown_surface = file.unknown_surface}};
  return spec;
}

}  // namespace leyden::tokenizer
