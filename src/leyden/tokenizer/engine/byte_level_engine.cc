#include "leyden/tokenizer/engine/byte_level_engine.h"

#include <algorithm>
#include <cstring>

namespace leyden::tokenizer::engine {

ByteLevelEngine::ByteLevelEngine(ByteLevelTables tables, Isa isa)
    : tables_(std::move(tables)), seed_(tables_.seed), kernel_(kernel_of(isa)), pool_(tables_.merges) {}

template <class Take>
void ByteLevelEngine::run(std::string_view text, Take&& take) const {
  WorkspacePool::Lease workspace(pool_);
  workspace->engine = this;
  workspace->context.miss = miss;
  std::size_t position = 0;
  while (position < text.size()) {
    KernelResult done = kernel_.encode(tables_.pattern, workspace->context, text.data(), text.size(), position,
                                       workspace->out.data());
    take(TokenIdsView(workspace->out.data(), done.count));
    position = done.position;
    if (done.count == 0 && position < text.size()) {
      std::size_t end = pretoken_end(tables_.pattern, text, position);
      std::size_t count = encode_segment(*workspace, text.substr(position, end - position), workspace->out.data());
      take(end - position > BacktrackingMerger::kShortMax ? TokenIdsView(workspace->ids)
                                                          : TokenIdsView(workspace->out.data(), count));
      position = end;
    }
  }
}

void ByteLevelEngine::encode(std::string_view text, TokenIds& out) const {
  // Ordinary text has a token for every four bytes or so; what is reserved and not used costs no memory.
  if (out.capacity() - out.size() < text.size() / 4) out.reserve(out.size() + text.size() / 3 + 16);
  run(text, [&](TokenIdsView ids) { out.insert(out.end(), ids.begin(), ids.end()); });
}

std::size_t ByteLevelEngine::count(std::string_view text) const {
  std::size_t total = 0;
  run(text, [&](TokenIdsView ids) { total += ids.size(); });
  return total;
}

std::size_t ByteLevelEngine::miss(KernelContext& context, const char* text, std::size_t length, TokenId* out) {
  auto& workspace = *static_cast<Workspace*>(context.owner);
  const auto& engine = *static_cast<const ByteLevelEngine*>(workspace.engine);
  std::string_view segment(text, length);
  SegmentEntry entry;
  if (length <= SegmentEntry::kBytesMax) {
    entry = segment_entry(segment);
    if (const SegmentEntry* known = engine.seed_.find(entry)) {
      workspace.remember(*known);
      std::memcpy(out, known->ids, sizeof(known->ids));
      return known->count;
    }
  }
  if (auto known = workspace.recent.find(segment)) {
    std::memcpy(out, known->data(), known->size_bytes());
    return known->size();
  }
  std::size_t count = engine.encode_segment(workspace, segment, out);
  if (length > BacktrackingMerger::kShortMax) std::ranges::copy(workspace.ids, out);
  if (length <= SegmentEntry::kBytesMax && count <= SegmentEntry::kIdsMax) {
    std::copy_n(out, count, entry.ids);
    entry.count = static_cast<std::uint32_t>(count);
    workspace.remember(entry);
  } else {
    workspace.recent.add(segment, TokenIdsView(out, count));
  }
  return count;
}

std::size_t ByteLevelEngine::encode_segment(Workspace& workspace, std::string_view segment, TokenId* out) const {
  const bool is_short = segment.size() <= BacktrackingMerger::kShortMax;
  if (!tables_.whole.empty()) {
    auto found = std::ranges::lower_bound(tables_.whole, segment, {}, &std::pair<std::string_view, TokenId>::first);
    if (found != tables_.whole.end() && found->first == segment) {
      out[0] = found->second;
      workspace.ids.assign(1, found->second);
      return 1;
    }
  }
  if (tables_.any_missing) {
    auto missing = [&](char c) {
      auto byte = static_cast<std::uint8_t>(c);
      return (tables_.missing_bytes[byte / 64] >> (byte % 64) & 1) != 0;
    };
    if (std::ranges::any_of(segment, missing)) {
      workspace.scratch.assign(segment);
      std::erase_if(workspace.scratch, missing);
      segment = workspace.scratch;
    }
  }
  if (is_short) return workspace.merger.encode_short(segment, out);
  workspace.ids.clear();
  workspace.merger.encode_long(segment, workspace.ids);
  return workspace.ids.size();
}

std::vector<SegmentEntry> seed_entries(const BpeSpec& spec, const MergeTables& tables) {
  std::vector<SegmentEntry> entries;
  entries.reserve(spec.tokens.size());
  for (const SpecToken& token : spec.tokens) {
    if (token.bytes.empty() || token.bytes.size() > SegmentEntry::kBytesMax) continue;
    if (tables.origins[token.id].length == 0 && !spec.whole_first) continue;  // Never made.
    SegmentEntry entry = segment_entry(token.bytes);
    entry.ids[0] = token.id;
    entry.count = 1;
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace leyden::tokenizer::engine
