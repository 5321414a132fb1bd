#include "leyden/sandbox/kept_output.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace leyden::sandbox {

void KeptOutput::add(std::string_view bytes) {
  total_ += bytes.size();
  const std::size_t to_head = std::min(bytes.size(), head_limit_ - head_.size());
  head_.append(bytes.substr(0, to_head));
  bytes.remove_prefix(to_head);
  if (bytes.size() >= tail_limit_) {
    tail_ = bytes.substr(bytes.size() - tail_limit_);
    return;
  }
  tail_.append(bytes);
  if (tail_.size() > 2 * tail_limit_) tail_.erase(0, tail_.size() - tail_limit_);
}

Output KeptOutput::take() {
  if (tail_.size() > tail_limit_) tail_.erase(0, tail_.size() - tail_limit_);
  Output result;
  result.total_bytes = total_;
  result.dropped_bytes = total_ - head_.size() - tail_.size();
  result.text = std::move(head_);
  if (result.dropped_bytes > 0) {
    result.text += fmt::format("\n[... {} bytes left out ...]\n", result.dropped_bytes);
  }
  result.text += tail_;
  return result;
}

}  // namespace leyden::sandbox
