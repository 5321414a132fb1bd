#pragma once

#include <string_view>

#include "leyden/base/token_id.h"

namespace leyden::tokenizer::engine {

struct Workspace;

// Encodes one segment that is in no table. const and thread-safe: what changes is in the workspace.
class SegmentCoder {
 public:
  virtual ~SegmentCoder() = default;
  // Appends the segment's IDs.
  virtual void encode(Workspace& workspace, std::string_view segment, TokenIds& out) const = 0;
  // Whether a segment may be cut where no token reaches across (see CharacterCuts) and its parts be encoded alone.
  [[nodiscard]] virtual bool parts_are_apart() const { return false; }
};

}  // namespace leyden::tokenizer::engine
