#pragma once

#include <cstddef>
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
  // As encode(), of up to SegmentEntry::kBytesMax bytes: writes the IDs, one a byte at most, and returns how many. 0 where it can't.
  virtual std::size_t encode_short(const Workspace& workspace, std::string_view segment,
                                   TokenId* out) const {
    (void)workspace, (void)segment, (void)out;
    return 0;
  }
  // Whether a segment may be cut where no token reaches across (see CharacterCuts) and its parts be encoded alone.
  [[nodiscard]] virtual bool parts_are_apart() const { return false; }
};

}  // namespace leyden::tokenizer::engine
