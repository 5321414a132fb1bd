#include "leyden/tokenizer/pretokenizers/piece_cutter.h"

namespace leyden::tokenizer {

Result<std::unique_ptr<PieceCutter>> make_cutter(const PretokenizerStep& step) {
  return fail(Errc::unsupported, "pre-tokenizer number {} is not supported yet", step.index());
}

}  // namespace leyden::tokenizer
