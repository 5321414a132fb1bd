#include "leyden/tokenizer/engine/unigram_encoder.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/engine/no_merges.h"
#include "leyden/tokenizer/engine/segment_engine.h"
#include "leyden/tokenizer/engine/uncertain_words.h"
#include "leyden/tokenizer/models/unigram_model.h"
#include "leyden/tokenizer/normalizers/charsmap.h"
#include "leyden/tokenizer/normalizers/sentencepiece_normalizer.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";
// In place of IDs: this and an uncertain word's number.
constexpr TokenId kUncertain = 0x8000'0000;

// What a word becomes: text that begins with a cut's spaces, or with the text itself.
class WordNormalizer {
 public:
  static Result<WordNormalizer> make(const NormalizeCharsmap& charsmap, NormalizeSpaces spaces) {
    WordNormalizer words;
    words.collapses_ = spaces.remove_extra_whitespaces;
    auto first = make_sentencepiece_normalizer(charsmap, spaces);
    spaces.add_dummy_prefix = false;
    auto others = make_sentencepiece_normalizer(charsmap, spaces);
    if (!first) return std::unexpected(first.error());
    if (!others) return std::unexpected(others.error());
    words.first_ = *std::move(first);
    words.others_ = *std::move(others);
    return words;
  }
  // Of the word that the text begins with.
  [[nodiscard]] std::string first(std::string_view text) const { return apply(*first_, text); }
  // Of a later one, which begins with its spaces.
  [[nodiscard]] std::string later(std::string_view text) const {
    std::string word = apply(*others_, text);
    // The spaces are one, which the normalizer takes for the text's beginning and leaves out.
    if (collapses_ && !word.empty()) word.insert(0, kSpace);
    return word;
  }

 private:
  static std::string apply(const TextNormalizer& normalizer, std::string_view text) {
    NormalizedText normalized(text, 0, false);
    normalizer.apply(normalized);
    return std::string(normalized.text());
  }
  bool collapses_ = false;
  std::unique_ptr<TextNormalizer> first_;
  std::unique_ptr<TextNormalizer> others_;
};

class UnigramCoder final : public SegmentCoder {
 public:
  UnigramCoder(std::unique_ptr<UnigramModel> model, WordNormalizer words)
      : model_(std::move(model)), words_(std::move(words)) {}

  bool encode(Workspace&, std::string_view segment, TokenIds& out) const override {
    // Long ones hardly come again.
    if (segment.size() > 4 * UnigramModel::kCertainBytesMax) return false;
    const std::string word = words_.later(segment);
    if (word.empty()) return true;
    if (word.size() > UnigramModel::kCertainBytesMax) return false;
    if (model_->encode_certain(word, out)) return true;
    const auto number = uncertain_.number(word);
    if (number) out.push_back(kUncertain | *number);
    return number.has_value();
  }
  [[nodiscard]] std::string_view uncertain(TokenId id) const {
    return uncertain_.word(id & ~kUncertain);
  }
  [[nodiscard]] const UnigramModel& model() const { return *model_; }
  [[nodiscard]] const WordNormalizer& words() const { return words_; }

 private:
  std::unique_ptr<UnigramModel> model_;
  WordNormalizer words_;
  mutable UncertainWords uncertain_;
};

class UnigramEncoder final : public TextEncoder {
 public:
  UnigramEncoder(std::unique_ptr<UnigramModel> model, WordNormalizer words,
                 std::vector<float> scores, bool lines, Isa isa)
      : scores_(std::move(scores)),
        lines_(lines),
        slack_(
            static_cast<float>(UnigramModel::kCertainBytesMax * std::abs(model->unknown_score()))),
        coder_(std::move(model), std::move(words)),
        engine_({lines ? Cut::plain_lines : Cut::plain_words, {}}, {}, coder_, no_merges_.tables(),
                isa) {}

  void encode(std::string_view text, bool, TokenIds& out) const override {
    float score = 0;
    std::size_t at = plain_word_end(text, 0, lines_);
    search(coder_.words().first(text.substr(0, at)), score, out);
    float score_of_byte = kScoreOfByte;
    while (at < text.size()) {
      // As far as the reference will not yet restart its sums; the few words from there to the restart one by one.
      const float room = UnigramModel::kRestart - slack_ - std::abs(score);
      if (room > kRoomMin) {
        const auto bytes = std::max<std::size_t>(1, static_cast<std::size_t>(room / score_of_byte));
        const std::size_t part = std::min({bytes, kPartBytesMax, text.size() - at});
        const std::size_t end = plain_word_end(text, at + part - 1, lines_);
        const std::size_t begin = out.size();
        const std::size_t done = at + engine_.encode_some(text.substr(at, end - at), out);
        if (float sum = score; resolve(begin, sum, out)) {
          if (done > at) {
            const float here = std::abs(sum - score) / static_cast<float>(done - at);
            score_of_byte = std::clamp(here * 1.1F, kScoreOfByte / 4, 64 * kScoreOfByte);
          }
          score = sum;
          at = done;
          if (done == end) continue;
        } else if (part > kPartBytesMin) {
          score_of_byte *= 2;
          continue;
        }
      }
      const std::size_t next = plain_word_end(text, at, lines_);
      search(coder_.words().later(text.substr(at, next - at)), score, out);
      at = next;
    }
  }

 private:
  static constexpr std::size_t kPartBytesMax = 16'384;
  static constexpr std::size_t kPartBytesMin = 64;  // Where this is too much, one word alone.
  static constexpr float kScoreOfByte = 4;          // Of most texts it is less.
  static constexpr float kRoomMin = 1'000;

  void search(std::string_view word, float& score, TokenIds& out) const {
    if (!word.empty()) coder_.model().encode_from(word, score, out);
  }

  // Adds up the scores of the IDs from `begin` on, and puts IDs in place of the uncertain words. False, and `out` ends at `begin`, where
  // the sums come so far that the reference may restart them.
  bool resolve(std::size_t begin, float& sum, TokenIds& out) const {
    std::size_t at = begin;
    for (; at < out.size() && out[at] < kUncertain; ++at) sum += scores_[out[at]];
    if (at < out.size()) {
      const TokenIds rest(out.begin() + static_cast<std::ptrdiff_t>(at), out.end());
      out.resize(at);
      for (TokenId id : rest) {
        if (id < kUncertain) {
          sum += scores_[id];
          out.push_back(id);
          continue;
        }
        if (is_near_restart(sum)) break;
        search(coder_.uncertain(id), sum, out);
      }
    }
    if (!is_near_restart(sum)) return true;
    out.resize(begin);
    return false;
  }
  [[nodiscard]] bool is_near_restart(float sum) const {
    return std::abs(sum) > UnigramModel::kRestart - slack_;
  }

  std::vector<float> scores_;  // By ID.
  bool lines_;
  float slack_;  // What one word's search may come to.
  NoMerges no_merges_;
  UnigramCoder coder_;
  SegmentEngine engine_;
};

// Whether the words of `spec` can be taken one by one: no piece reaches across a cut, and there is a piece for the space.
bool pieces_part(const UnigramSpec& unigram) {
  bool has_space = false;
  for (const UnigramSpec::Piece& piece : unigram.pieces) {
    if (piece.kind == UnigramSpec::Piece::Kind::unused) continue;
    has_space =
        has_space || (piece.bytes == kSpace && piece.kind == UnigramSpec::Piece::Kind::normal &&
                      piece.id != unigram.unknown);
    for (std::size_t at = piece.bytes.find(kSpace, 1); at != std::string::npos;
         at = piece.bytes.find(kSpace, at + 1)) {
      if (!std::string_view(piece.bytes).substr(0, at).ends_with(kSpace)) return false;
    }
  }
  return has_space;
}

// Sums fall by a token, at most so far that a float still tells them apart as UnigramModel::encode_certain says.
std::optional<std::vector<float>> scores_by_id(const TokenizerSpec& spec,
                                               const UnigramSpec& unigram) {
  constexpr double kScoreMax = 200;
  std::vector<float> scores(spec.vocabulary_size);
  for (const UnigramSpec::Piece& piece : unigram.pieces) {
    if (piece.kind != UnigramSpec::Piece::Kind::normal) continue;
    if (!(piece.score <= 0 && piece.score >= -kScoreMax) || piece.id >= scores.size())
      return std::nullopt;
    scores[piece.id] = static_cast<float>(piece.score);
  }
  return scores;
}

}  // namespace

std::unique_ptr<TextEncoder> make_unigram_encoder(const TokenizerSpec& spec, Isa isa) {
  const auto& unigram = std::get<UnigramSpec>(spec.model);
  if (!spec.pretokenizers.empty() || !pieces_part(unigram)) return nullptr;
  NormalizeCharsmap charsmap;
  std::optional<NormalizeSpaces> spaces;
  for (const NormalizerStep& step : spec.normalizers) {
    if (const auto* map = std::get_if<NormalizeCharsmap>(&step);
        map != nullptr && !spaces && map->matching == NormalizeCharsmap::Matching::sentencepiece) {
      charsmap = *map;
    } else if (const auto* handling = std::get_if<NormalizeSpaces>(&step); handling && !spaces) {
      spaces = *handling;
    } else {
      return nullptr;
    }
  }
  if (!spaces || !spaces->escape_whitespaces || spaces->treat_whitespace_as_suffix) return nullptr;
  for (const std::string& kept : charsmap.kept) {
    if (kept.contains(' ') || kept.contains('\n')) return nullptr;
  }
  auto map = Charsmap::parse(charsmap.blob);
  auto is_lead = [](std::uint8_t byte) { return is_plain_lead(byte); };
  if (!map || !map->parts_at(' ', is_lead)) return nullptr;
  auto scores = scores_by_id(spec, unigram);
  auto words = WordNormalizer::make(charsmap, *spaces);
  auto model = UnigramModel::make(unigram);
  if (!scores || !words || !model) return nullptr;
  const bool lines = map->parts_at('\n', is_lead) && words->first("a\nb") == words->first("a b");
  return std::make_unique<UnigramEncoder>(*std::move(model), *std::move(words), *std::move(scores),
                                          lines, isa);
}

}  // namespace leyden::tokenizer::engine
