#include "leyden/tokenizer/engine/segment_engine.h"

#include <algorithm>

#include "leyden/tokenizer/engine/mapped_table.h"

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
  workspace.declined = false;
  workspace.context.learn = learn;
  workspace.context.miss = miss;
  workspace.context.seed_slots = seed_.slots().data();
  workspace.context.seed_shift = seed_.shift();
  workspace.context.inside = {};
}

template <class Take>
std::size_t SegmentEngine::run(std::string_view text, Take&& take) const {
  WorkspacePool::Lease workspace(pool_);
  begin(*workspace);
  std::size_t position = 0;
  while (position < text.size()) {
    KernelResult done = kernel_.encode(segmentation_, workspace->context, text.data(), text.size(),
                                       position, workspace->out.data());
    take(TokenIdsView(workspace->out.data(), done.count));
    position = done.position;
    if (done.long_end == 0) continue;
    if (workspace->declined) break;
    const std::size_t count = encode_part(
        *workspace, text.substr(position, done.long_end - position), workspace->out.data());
    if (workspace->declined) break;
    take(count <= kKernelBytesMax ? TokenIdsView(workspace->out.data(), count)
                                  : TokenIdsView(workspace->encoded));
    position = done.long_end;
  }
  return position;
}

void SegmentEngine::encode(std::string_view text, TokenIds& out) const {
  (void)encode_some(text, out);
}

std::size_t SegmentEngine::encode_some(std::string_view text, TokenIds& out) const {
  // Ordinary text has a token for every four bytes or so; what is reserved and not used costs no memory.
  if (out.capacity() - out.size() < text.size() / 4) {
    out.reserve(out.size() + text.size() / 3 + 16);
    prefer_huge_pages(out.data() + out.size(), (out.capacity() - out.size()) * sizeof(TokenId));
  }
  return run(text, [&](TokenIdsView ids) { out.insert(out.end(), ids.begin(), ids.end()); });
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
    const TokenId* ids =
        count <= kKernelBytesMax ? workspace->out.data() : workspace->encoded.data();
    out.insert(out.end(), ids, ids + count);
  });
}

void SegmentEngine::learn(KernelContext& context, SegmentEntry* entries, std::size_t count) {
  auto& workspace = *static_cast<Workspace*>(context.owner);
  const auto& engine = *static_cast<const SegmentEngine*>(workspace.engine);
  const std::span all(entries, count);
  for (const SegmentEntry& entry : all) engine.seed_.prefetch(entry);
  for (SegmentEntry& entry : all) {
    TokenId ids[SegmentEntry::kBytesMax] = {engine.seed_.find(entry)};
    std::size_t size = 1;
    if (ids[0] == MergeTables::kNone)
      size = engine.coder_.encode_short(workspace, segment_text(entry), ids);
    if (size > SegmentEntry::kIdsMax) {
      workspace.remember(segment_text(entry), {ids, size});
    } else if (size > 0) {
      std::ranges::copy_n(ids, SegmentEntry::kIdsMax, entry.ids);
      entry.count = static_cast<std::uint32_t>(size);
      workspace.learn(entry);
    }
  }
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
  auto give = [&](TokenIdsView ids) {
    std::ranges::copy(ids, out);
    return ids.size();
  };
  if (auto known = workspace.find(part)) return give(*known);
  if (part.size() <= SegmentEntry::kBytesMax) {
    if (TokenId id = seed_.find(segment_entry(part)); id != MergeTables::kNone) {
      workspace.remember(part, {&id, 1});
      return give({&id, 1});
    }
  }
  workspace.encoded.clear();
  workspace.declined = !coder_.encode(workspace, part, workspace.encoded);
  if (workspace.declined) return kDeclined;
  workspace.remember(part, workspace.encoded);
  if (workspace.encoded.size() <= kKernelBytesMax) give(workspace.encoded);
  return workspace.encoded.size();
}

}  // namespace leyden::tokenizer::engine
