#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/kernel.h"

namespace leyden::tokenizer::engine {

struct Workspace;

// Encodes one segment that is in no table. const and thread-safe: what changes is in the workspace.
class SegmentCoder {
 public:
  virtual ~SegmentCoder() = default;
  // Appends the segment's IDs. False, and nothing in `out`, where SegmentEngine::encode_some() is to stop in front of it.
  virtual bool encode(Workspace& workspace, std::string_view segment, TokenIds& out) const = 0;
  // Encodes short segments at once, as encode() would: `take(i, IDs)` of each. False where it can't.
  virtual bool encode_all(Workspace& workspace, std::span<const SegmentEntry> segments,
                          const std::function<void(std::size_t, TokenIdsView)>& take) const {
    (void)workspace, (void)segments, (void)take;
    return false;
  }
  // Whether a segment may be cut where no token reaches across (see CharacterCuts) and its parts be encoded alone.
  [[nodiscard]] virtual bool parts_are_apart() const { return false; }
};

}  // namespace leyden::tokenizer::engine
