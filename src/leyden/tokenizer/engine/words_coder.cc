#include "leyden/tokenizer/engine/words_coder.h"

#include <algorithm>
#include <string>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/engine/workspace.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";

}  // namespace

bool WordsCoder::encode(Workspace& workspace, std::string_view segment, TokenIds& out) const {
  std::string& text = workspace.scratch;
  text.clear();
  for (char c : segment) {
    if (c == ' ') {
      text += kSpace;
    } else {
      text += c;
    }
  }
  std::string_view rest = text;
  bool after_unknown = false;
  while (!rest.empty()) {
    Merger::Done done = workspace.merger.encode(rest, out);
    rest.remove_prefix(done.bytes);
    if (rest.empty()) break;
    // A character that is no token merges with nothing.
    after_unknown = after_unknown && done.bytes == 0;
    std::size_t size = utf8::decode(rest, 0).size;
    if (unknown_.bytes) {
      for (char c : rest.substr(0, size))
        out.push_back((*unknown_.bytes)[static_cast<std::uint8_t>(c)]);
    } else if (unknown_.unknown && !(unknown_.fuse && after_unknown)) {
      out.push_back(*unknown_.unknown);
    }
    after_unknown = true;
    rest.remove_prefix(size);
  }
  return true;
}

bool words_are_safe(const BpeSpec& spec, const MergeTables& tables) {
  bool has_space = false;
  for (const SpecToken& token : spec.tokens) {
    const Origin& origin = tables.origins[token.id];
    if (origin.length == 0) continue;
    has_space = has_space || token.bytes == kSpace;
    for (std::size_t at = token.bytes.find(kSpace, 1); at != std::string::npos;
         at = token.bytes.find(kSpace, at + 1)) {
      // Behind U+2581 (whose last byte is 0x81) there is no cut, nor behind '>'.
      if (token.bytes[at - 1] != '\x81' && token.bytes[at - 1] != '>') return false;
    }
  }
  return has_space;
}

std::vector<std::pair<std::string, TokenId>> words_seed(const BpeSpec& spec,
                                                        const MergeTables& tables) {
  std::vector<std::pair<std::string, TokenId>> entries;
  entries.reserve(spec.tokens.size());
  for (const SpecToken& token : spec.tokens) {
    if (token.bytes.empty() || tables.origins[token.id].length == 0) continue;
    std::string word;
    for (std::string_view rest = token.bytes; !rest.empty();) {
      const bool is_space = rest.starts_with(kSpace);
      word += is_space ? ' ' : rest.front();
      rest.remove_prefix(is_space ? kSpace.size() : 1);
    }
    // A token may hold a space of its own, which no text becomes.
    if (word.size() > SegmentEntry::kBytesMax || token.bytes.contains(' ')) continue;
    entries.emplace_back(std::move(word), token.id);
  }
  return entries;
}

}  // namespace leyden::tokenizer::engine
