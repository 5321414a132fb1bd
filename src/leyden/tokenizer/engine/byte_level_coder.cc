#include "leyden/tokenizer/engine/byte_level_coder.h"

#include <algorithm>

#include "leyden/tokenizer/engine/trie.h"
#include "leyden/tokenizer/engine/workspace.h"

namespace leyden::tokenizer::engine {

ByteLevelCoder::ByteLevelCoder(const MergeTables& merges,
                               std::vector<std::pair<std::string, TokenId>> whole)
    : whole_(std::move(whole)) {
  std::ranges::sort(whole_);
  const Trie trie(merges.trie);
  for (std::size_t byte = 0; byte < missing_.size(); ++byte) {
    const char c = static_cast<char>(byte);
    missing_[byte] = trie.exact({&c, 1}, MergeTables::kNone) == MergeTables::kNone;
    any_missing_ = any_missing_ || missing_[byte];
  }
}

bool ByteLevelCoder::encode(Workspace& workspace, std::string_view segment, TokenIds& out) const {
  if (!whole_.empty() && segment.size() > SegmentEntry::kBytesMax) {
    auto found =
        std::ranges::lower_bound(whole_, segment, {}, &std::pair<std::string, TokenId>::first);
    if (found != whole_.end() && found->first == segment) {
      out.push_back(found->second);
      return true;
    }
  }
  auto missing = [&](char c) { return missing_[static_cast<std::uint8_t>(c)]; };
  if (any_missing_ && std::ranges::any_of(segment, missing)) {
    workspace.scratch.assign(segment);
    std::erase_if(workspace.scratch, missing);
    segment = workspace.scratch;
  }
  workspace.merger.encode(segment, out);
  return true;
}

std::size_t ByteLevelCoder::encode_short(const Workspace& workspace, std::string_view segment,
                                         TokenId* out) const {
  if (any_missing_ || !workspace.merger.merges_tiny()) return 0;
  return workspace.merger.merge_tiny(segment, out);
}

std::vector<std::pair<std::string, TokenId>> byte_level_seed(const BpeSpec& spec,
                                                             const MergeTables& tables) {
  std::vector<std::pair<std::string, TokenId>> entries;
  entries.reserve(spec.tokens.size());
  for (const SpecToken& token : spec.tokens) {
    if (token.bytes.empty() || token.bytes.size() > SegmentEntry::kBytesMax) continue;
    if (tables.origins[token.id].length == 0 && !spec.whole_first) continue;  // Never made.
    entries.emplace_back(token.bytes, token.id);
  }
  return entries;
}

std::vector<std::pair<std::string, TokenId>> long_whole_tokens(const BpeSpec& spec,
                                                               const MergeTables& tables) {
  std::vector<std::pair<std::string, TokenId>> whole;
  if (!spec.whole_first) return whole;
  for (const SpecToken& token : spec.tokens) {
    if (token.bytes.size() > SegmentEntry::kBytesMax && tables.origins[token.id].length == 0)
      whole.emplace_back(token.bytes, token.id);
  }
  return whole;
}

}  // namespace leyden::tokenizer::engine
