#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "leyden/base/digest.h"
#include "leyden/base/guarded.h"
#include "leyden/prompt/chat/conversation.h"
#include "leyden/prompt/chat/template_part.h"

namespace leyden::prompt {

// Over all that decides what a template gives.
[[nodiscard]] Digest digest_of(const Conversation& conversation, const RenderOptions& options);

// Rendered conversations by their digests, the oldest dropped first. Thread-safe.
class RenderCache {
 public:
  [[nodiscard]] std::optional<std::vector<TemplatePart>> find(const Digest& key);
  void keep(const Digest& key, const std::vector<TemplatePart>& parts);

  static constexpr std::size_t kCapacityBytes = 16 * 1024 * 1024;  // Of the parts' texts.

 private:
  struct Entries {
    std::unordered_map<Digest, std::vector<TemplatePart>, DigestHash> parts;
    std::deque<Digest> order;  // The oldest first.
    std::size_t bytes = 0;
  };
  Guarded<Entries> entries_;
};

}  // namespace leyden::prompt
