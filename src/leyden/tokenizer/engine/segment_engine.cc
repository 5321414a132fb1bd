#include "leyden/tokenizer/engine/segment_engine.h"

#include <algorithm>
#include <cstring>

namespace leyden::tokenizer::engine {

SegmentEngine::SegmentEngine(const Segmentation& segmentation, const SeedTable& seed,
                             const SegmentCoder& coder, const MergeTables& merges, Isa isa)
    : segmentation_(segmentation),
      cuts_(merges.cuts),
      seed_(seed),
      coder_(coder),
      kernel_(kernel_of(isa)),
      pool_(merges) {
  if (!cuts_.flags.empty() && coder.parts_are_apart()) segmentation_.cuts = &cuts_;
}

void SegmentEngine::begin(Workspace& workspace) const {
  workspace.engine = this;
  workspace.context.miss = miss;
  workspace.context.seed_slots = seed_.slots();
  workspace.context.seed_shift = seed_.shift();
  workspace.drop_outgrown();
}

template <class Take>
void SegmentEngine::run(std::string_view text, Take&& take) const {
  WorkspacePool::Lease workspace(pool_);
  begin(*workspace);
  std::size_t position = 0;
  while (position < text.size()) {
    KernelResult done = kernel_.encode(segmentation_, workspace->context, text.data(), text.size(),
                                       position, workspace->out.data());
    take(TokenIdsView(workspace->out.data(), done.count));
    position = done.position;
    if (done.count == 0 && position < text.size()) {
      std::size_t end = segment_end(segmentation_, text, position);
      each_part(segmentation_, text.substr(position, end - position), [&](std::string_view part) {
        const std::size_t count = encode_part(*workspace, part, workspace->out.data());
        take(count <= kKernelBytesMax ? TokenIdsView(workspace->out.data(), count)
                                      : TokenIdsView(workspace->encoded));
      });
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
  if (segment.empty()) return;
  WorkspacePool::Lease workspace(pool_);
  each_part(segmentation_, segment, [&](std::string_view part) {
    const std::size_t count = encode_part(*workspace, part, workspace->out.data());
    const TokenId* ids = count <= kKernelBytesMax ? workspace->out.data() : workspace->encoded.data();
    out.insert(out.end(), ids, ids + count);
  });
}

std::size_t SegmentEngine::miss(KernelContext& context, const char* text, std::size_t length,
                                TokenId* out) {
  auto& workspace = *static_cast<Workspace*>(context.owner);
  const auto& engine = *static_cast<const SegmentEngine*>(workspace.engine);
  if (length <= SegmentEntry::kBytesMax) return engine.encode_part(workspace, {text, length}, out);
  std::size_t total = 0;
  each_part(engine.segmentation_, {text, length}, [&](std::string_view part) {
    if (total <= kKernelBytesMax) total += engine.encode_part(workspace, part, out + total);
  });
  return total;
}

std::size_t SegmentEngine::encode_part(Workspace& workspace, std::string_view part,
                                       TokenId* out) const {
  const bool is_short = part.size() <= SegmentEntry::kBytesMax;
  const bool is_long = part.size() <= LongEntry::kBytesMax;
  bool is_recent = !is_long && part.size() <= RecentSegments::kBytesMax;
  auto give = [&](TokenIdsView known) {
    std::ranges::copy(known, out);
    return known.size();
  };
  SegmentEntry entry;
  bool is_new = true;
  if (is_short) {
    entry = segment_entry(part);
    if (const SegmentEntry* known = workspace.recall(entry)) {
      if (known->count <= SegmentEntry::kIdsMax) return give({known->ids, known->count});
      is_new = false;
    } else if (TokenId id = seed_.find(entry); id != MergeTables::kNone) {
      entry.ids[0] = id;
      entry.count = 1;
      workspace.remember(entry);
      return give({&id, 1});
    }
  }
  LongKey key;
  if (is_long) key = long_key(part);
  if (is_long && !(is_short && is_new)) {
    if (const LongEntry* known = workspace.recall(key)) {
      if (known->count <= LongEntry::kIdsMax) return give({known->ids, known->count});
      is_recent = true;
    }
  }
  if (is_recent) {
    if (auto known = workspace.recent.find(part)) return give(*known);
  }
  workspace.encoded.clear();
  coder_.encode(workspace, part, workspace.encoded);
  const std::size_t count = workspace.encoded.size();
  if (is_short && count <= SegmentEntry::kIdsMax) {
    std::ranges::copy(workspace.encoded, entry.ids);
    entry.count = static_cast<std::uint32_t>(count);
    workspace.remember(entry);
  } else {
    if (is_short && is_new) {
      entry.count = SegmentEntry::kMoreIds;
      workspace.remember(entry);
    }
    if (is_long) workspace.remember(key, workspace.encoded);
    if (count > LongEntry::kIdsMax || !is_long) {
      if (part.size() <= RecentSegments::kBytesMax && count <= kKernelBytesMax)
        workspace.recent.add(part, workspace.encoded);
    }
  }
  if (count <= kKernelBytesMax) std::ranges::copy(workspace.encoded, out);
  return count;
}

}  // namespace leyden::tokenizer::engine
