#include "leyden/tokenizer/models/bpe_model.h"
#include "leyden/tokenizer/models/segment_model.h"

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
  return fail(Errc::unsupported, "models other than BPE are not supported yet");
}

}  // namespace leyden::tokenizer
