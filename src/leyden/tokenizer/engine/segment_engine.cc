#include "leyden/tokenizer/engine/segment_engine.h"

#include <algorithm>
#include <cstring>

namespace leyden::tokenizer::engine {

SegmentEngine::SegmentEngine(const Segmentation& segmentation, std::span<const SegmentBucket> seed,
                             const SegmentCoder& coder, const MergeTables& merges, Isa isa)
    : segmentation_(segmentation),
      seed_(seed),
      coder_(coder),
      kernel_(kernel_of(isa)),
      pool_(merges) {}

template <class Take>
void SegmentEngine::run(std::string_view text, Take&& take) const {
  WorkspacePool::Lease workspace(pool_);
  workspace->engine = this;
  workspace->context.miss = miss;
  std::size_t position = 0;
  while (position < text.size()) {
    KernelResult done = kernel_.encode(segmentation_, workspace->context, text.data(), text.size(),
                                       position, workspace->out.data());
    take(TokenIdsView(workspace->out.data(), done.count));
    position = done.position;
    if (done.count == 0 && position < text.size()) {
      std::size_t end = segment_end(segmentation_, text, position);
      workspace->ids.clear();
      coder_.encode(*workspace, text.substr(position, end - position), workspace->ids);
      take(TokenIdsView(workspace->ids));
      position = end;
    }
  }
}

void SegmentEngine::encode(std::string_view text, TokenIds& out) const {
  // Ordinary text has a token for every four bytes or so; what is reserved and not used costs no memory.
  if (out.capacity() - out.size() < text.size() / 4) out.reserve(out.size() + text.size() / 3 + 16);
  run(text, [&](TokenIdsView ids) { out.insert(out.end(), ids.begin(), ids.end()); });
}

std::size_t SegmentEngine::count(std::string_view text) const {
  std::size_t total = 0;
  run(text, [&](TokenIdsView ids) { total += ids.size(); });
  return total;
}

void SegmentEngine::encode_segment(std::string_view segment, TokenIds& out) const {
  WorkspacePool::Lease workspace(pool_);
  workspace->engine = this;
  if (segment.empty()) return;
  if (segment.size() > kKernelBytesMax) {
    coder_.encode(*workspace, segment, out);
    return;
  }
  std::size_t count =
      miss(workspace->context, segment.data(), segment.size(), workspace->out.data());
  out.insert(out.end(), workspace->out.begin(),
             workspace->out.begin() + static_cast<std::ptrdiff_t>(count));
}

std::size_t SegmentEngine::miss(KernelContext& context, const char* text, std::size_t length,
                                TokenId* out) {
  auto& workspace = *static_cast<Workspace*>(context.owner);
  const auto& engine = *static_cast<const SegmentEngine*>(workspace.engine);
  std::string_view segment(text, length);
  SegmentEntry entry;
  auto give = [&](const auto& known) {
    std::memcpy(out, known.ids, sizeof(known.ids));
    return std::size_t{known.count};
  };
  if (length <= SegmentEntry::kBytesMax) {
    entry = segment_entry(segment);
    if (const SegmentEntry* known = workspace.recall(entry)) return give(*known);
    if (const WideEntry* known = workspace.find_wide(entry)) return give(*known);
    if (const SegmentEntry* known = engine.seed_.find(entry)) {
      workspace.remember(*known);
      return give(*known);
    }
  } else if (auto known = workspace.recent.find(segment)) {
    std::memcpy(out, known->data(), known->size_bytes());
    return known->size();
  }
  workspace.ids.clear();
  engine.coder_.encode(workspace, segment, workspace.ids);
  const std::size_t count = workspace.ids.size();
  if (count > kKernelBytesMax) return count;
  std::ranges::copy(workspace.ids, out);
  if (length > SegmentEntry::kBytesMax) {
    workspace.recent.add(segment, workspace.ids);
  } else if (count <= SegmentEntry::kIdsMax) {
    std::ranges::copy(workspace.ids, entry.ids);
    entry.count = static_cast<std::uint32_t>(count);
    workspace.remember(entry);
  } else if (count <= WideEntry::kIdsMax) {
    WideEntry wide{.low = entry.low,
                   .high = entry.high,
                   .ids = {},
                   .count = static_cast<std::uint32_t>(count)};
    std::ranges::copy(workspace.ids, wide.ids);
    workspace.remember(wide);
  }
  return count;
}

}  // namespace leyden::tokenizer::engine
