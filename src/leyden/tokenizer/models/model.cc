#include "leyden/tokenizer/models/bpe_model.h"
#include "leyden/tokenizer/models/segment_model.h"
#include "leyden/tokenizer/models/unigram_model.h"
#include "leyden/tokenizer/models/word_models.h"

namespace leyden::tokenizer {
namespace {

template <class Model>
Result<std::unique_ptr<SegmentModel>> as_segment_model(Result<std::unique_ptr<Model>> model) {
  if (!model) return std::unexpected(model.error());
  return std::unique_ptr<SegmentModel>(*std::move(model));
}

}  // namespace

Result<std::unique_ptr<SegmentModel>> make_model(const ModelSpec& spec) {
  if (const auto* bpe = std::get_if<BpeSpec>(&spec)) return as_segment_model(BpeModel::make(*bpe));
  if (const auto* unigram = std::get_if<UnigramSpec>(&spec)) {
    return as_segment_model(UnigramModel::make(*unigram));
  }
  if (const auto* wordpiece = std::get_if<WordPieceSpec>(&spec)) {
    return as_segment_model(WordPieceModel::make(*wordpiece));
  }
  return as_segment_model(WordLevelModel::make(std::get<WordLevelSpec>(spec)));
}

}  // namespace leyden::tokenizer
