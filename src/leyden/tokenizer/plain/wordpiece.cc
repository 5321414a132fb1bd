#include "leyden/tokenizer/plain/models.h"

namespace leyden::tokenizer::plain {
namespace {

// From the left, always the longest token that is there; what follows the first has a prefix. A word that can't be
// written so, or is too long, is unknown as a whole.
class WordPiece final : public Model {
 public:
  explicit WordPiece(const WordPieceSpec& spec)
      : ids_(vocabulary_of(spec.tokens)),
        unknown_(spec.unknown),
        prefix_(spec.continuing_subword_prefix),
        chars_max_(spec.word_chars_max) {}

  [[nodiscard]] TokenIds encode(const Piece& piece) const override {
    const std::u32string& word = piece.text.chars;
    if (word.size() > chars_max_) return {unknown_};
    TokenIds ids;
    for (std::size_t begin = 0; begin < word.size();) {
      std::size_t end = word.size();
      auto found = ids_.end();
      for (; end > begin; --end) {
        found = ids_.find((begin > 0 ? prefix_ : "") + to_utf8(word.substr(begin, end - begin)));
        if (found != ids_.end()) break;
      }
      if (found == ids_.end()) return {unknown_};
      ids.push_back(found->second);
      begin = end;
    }
    return ids;
  }

 private:
  Vocabulary ids_;
  TokenId unknown_;
  std::string prefix_;
  std::size_t chars_max_;
};

class WordLevel final : public Model {
 public:
  explicit WordLevel(const WordLevelSpec& spec)
      : ids_(vocabulary_of(spec.tokens)), unknown_(spec.unknown) {}

  [[nodiscard]] TokenIds encode(const Piece& piece) const override {
    if (auto found = ids_.find(to_utf8(piece.text.chars)); found != ids_.end())
      return {found->second};
    if (unknown_) return {*unknown_};
    return {};
  }

 private:
  Vocabulary ids_;
  std::optional<TokenId> unknown_;
};

}  // namespace

std::unique_ptr<Model> make_wordpiece(const WordPieceSpec& spec) {
  return std::make_unique<WordPiece>(spec);
}
std::unique_ptr<Model> make_wordlevel(const WordLevelSpec& spec) {
  return std::make_unique<WordLevel>(spec);
}

}  // namespace leyden::tokenizer::plain
