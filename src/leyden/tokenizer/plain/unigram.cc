#include <algorithm>
#include <limits>

#include "leyden/tokenizer/plain/models.h"

namespace leyden::tokenizer::plain {
namespace {

using SpecPiece = UnigramSpec::Piece;
constexpr double kUnknownPenalty = 10.0;

// The best sum of log probabilities over all ways to write the text as pieces, found from left to right: at each
// character the best way to get there is known. Of equal sums the first found stays: that of the longest last piece.
// `Score` is double for Hugging Face, float for SentencePiece.
template <class Score>
class Unigram final : public Model {
 public:
  explicit Unigram(const TokenizerSpec& spec) {
    const auto& unigram = std::get<UnigramSpec>(spec.model);
    unknown_ = unigram.unknown;
    byte_fallback_ = unigram.byte_fallback;
    min_score_ = kSentencePiece ? static_cast<Score>(std::numeric_limits<float>::max())
                                : std::numeric_limits<Score>::infinity();
    for (const SpecToken& token : spec.unused) byte_ids_[token.bytes] = token.id;
    for (const SpecPiece& piece : unigram.pieces) {
      byte_ids_[piece.bytes] = piece.id;
      if (!kSentencePiece || piece.kind == SpecPiece::Kind::normal) {
        min_score_ = std::min(min_score_, static_cast<Score>(piece.score));
      }
      if (piece.kind == SpecPiece::Kind::unused) continue;
      pieces_[piece.bytes] = piece;
      longest_ = std::max(longest_, piece.bytes.size());
    }
  }

  [[nodiscard]] TokenIds encode(const Piece& piece) const override {
    std::string text = to_utf8(piece.text.chars);
    std::vector<Node> path = best_path(text);
    return kSentencePiece ? ids_sentencepiece(text, path) : ids_huggingface(text, path);
  }

 private:
  static constexpr bool kSentencePiece = std::is_same_v<Score, float>;

  // The last piece of the best way to reach a place.
  struct Node {
    std::size_t begin = 0;
    std::size_t end = 0;
    Score score = 0;  // Of the whole way.
    std::optional<TokenId> id;
    bool reached = false;
  };

  [[nodiscard]] std::vector<Node> best_path(const std::string& text) const {
    std::vector<Node> best(text.size() + 1);
    for (std::size_t begin = 0; begin < text.size();) {
      if (kSentencePiece) keep_small(best, begin);
      Score here = best[begin].score;
      std::size_t char_end = begin + utf8::decode(text, begin).size;
      bool single = false;  // A piece that is just this character.
      auto offer = [&](std::size_t end, Score score, std::optional<TokenId> id) {
        if (best[end].reached && !(score > best[end].score)) return;
        best[end] = {begin, end, score, id, true};
      };
      for (std::size_t end = begin + 1; end <= text.size() && end - begin <= longest_; ++end) {
        auto found = pieces_.find(std::string_view(text).substr(begin, end - begin));
        if (found == pieces_.end()) continue;
        offer(end, score_of(found->second) + here, found->second.id);
        if (end == char_end) single = true;
      }
      if (!single)
        offer(char_end, min_score_ - static_cast<Score>(kUnknownPenalty) + here, unknown_);
      begin = char_end;
    }
    std::vector<Node> path;
    for (std::size_t end = text.size(); end > 0; end = best[end].begin) path.push_back(best[end]);
    std::ranges::reverse(path);
    return path;
  }

  [[nodiscard]] static Score score_of(const SpecPiece& piece) {
    if (kSentencePiece && piece.kind == SpecPiece::Kind::user_defined) {
      return static_cast<Score>(0.1 * (static_cast<double>(piece.bytes.size()) - 1));
    }
    return static_cast<Score>(piece.score);
  }

  // SentencePiece subtracts from all scores that are still in use once they are large, which changes how they round.
  static void keep_small(std::vector<Node>& best, std::size_t begin) {
    constexpr Score kThreshold = 100000;
    Score offset = best[begin].score;
    if (offset >= -kThreshold && offset <= kThreshold) return;
    for (std::size_t i = begin; i < best.size(); ++i) {
      if (i == begin || best[i].reached) best[i].score -= offset;
    }
    best[begin].score = 0;
  }

  // Unknown neighbours become one string, and every string is looked up again.
  [[nodiscard]] TokenIds ids_huggingface(const std::string& text,
                                         const std::vector<Node>& path) const {
    TokenIds ids;
    for (std::size_t i = 0; i < path.size();) {
      std::size_t begin = path[i].begin;
      std::size_t end = path[i].end;
      bool unknown = unknown_ && path[i].id == unknown_;
      for (++i; unknown && i < path.size() && path[i].id == unknown_; ++i) end = path[i].end;
      std::string piece = text.substr(begin, end - begin);
      if (auto found = pieces_.find(piece); found != pieces_.end()) {
        ids.push_back(found->second.id);
      } else {
        put_unknown(piece, ids);
      }
    }
    return ids;
  }

  // Every unknown character becomes bytes, or unknown neighbours one token.
  [[nodiscard]] TokenIds ids_sentencepiece(const std::string& text,
                                           const std::vector<Node>& path) const {
    TokenIds ids;
    bool after_unknown = false;
    for (const Node& node : path) {
      bool unknown = node.id == unknown_;
      if (!unknown) {
        ids.push_back(*node.id);
      } else if (byte_fallback_) {
        put_unknown(text.substr(node.begin, node.end - node.begin), ids);
      } else if (!after_unknown && unknown_) {
        ids.push_back(*unknown_);
      }
      after_unknown = unknown;
    }
    return ids;
  }

  void put_unknown(const std::string& piece, TokenIds& ids) const {
    auto bytes = byte_fallback_ ? byte_tokens(byte_ids_, piece) : std::nullopt;
    if (bytes) {
      ids.insert(ids.end(), bytes->begin(), bytes->end());
    } else if (unknown_) {
      ids.push_back(*unknown_);
    }
  }

  std::map<std::string, SpecPiece, std::less<>> pieces_;
  Vocabulary byte_ids_;  // Pieces, and what is never made but as a byte.
  std::size_t longest_ = 0;
  std::optional<TokenId> unknown_;
  bool byte_fallback_ = false;
  Score min_score_ = 0;
};

}  // namespace

std::unique_ptr<Model> make_unigram(const TokenizerSpec& spec) {
  if (std::get<UnigramSpec>(spec.model).single_precision)
    return std::make_unique<Unigram<float>>(spec);
  return std::make_unique<Unigram<double>>(spec);
}

}  // namespace leyden::tokenizer::plain
