#include "leyden/llm/http/partial_tokens.h"

#include <algorithm>
#include <limits>

#include "leyden/base/utf8.h"

namespace leyden::llm {
namespace {

constexpr TokenId kSeveral = std::numeric_limits<TokenId>::max();
constexpr std::size_t kBytesMax = 64;

}  // namespace

PartialTokens::PartialTokens(const tokenizer::Tokenizer& tokenizer) {
  for (std::size_t i = 0; i < tokenizer.vocabulary_size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const auto bytes = tokenizer.token_bytes(id);
    if (!bytes || bytes->size() > kBytesMax || utf8::is_valid(*bytes)) continue;
    const auto [at, is_new] = ids_.emplace(*bytes, id);
    if (!is_new) at->second = kSeveral;
    longest_ = std::max(longest_, bytes->size());
  }
}

// Goes through all ways and stops at the second.
struct PartialTokens::Search {
  const PartialTokens& tokens;
  std::string_view bytes;
  TokenIds way;
  std::optional<TokenIds> found = std::nullopt;
  bool several = false;

  void go(std::size_t at, std::size_t left) {
    if (several) return;
    if (left == 0) {
      if (at != bytes.size()) return;
      several = found.has_value() || std::ranges::find(way, kSeveral) != way.end();
      found = way;
      return;
    }
    for (std::size_t size = 1; size <= tokens.longest_ && at + size + left - 1 <= bytes.size();
         ++size) {
      if (utf8::incomplete_suffix(bytes.substr(0, at + size)) == 0) continue;
      const auto id = tokens.ids_.find(std::string(bytes.substr(at, size)));
      if (id == tokens.ids_.end()) continue;
      way.push_back(id->second);
      go(at + size, left - 1);
      way.pop_back();
    }
  }
};

std::optional<TokenIds> PartialTokens::only_split(std::string_view bytes, std::size_t count) const {
  if (bytes.size() > kBytesMax || count > bytes.size()) return std::nullopt;
  Search search{.tokens = *this, .bytes = bytes, .way = {}};
  search.go(0, count);
  if (search.several) return std::nullopt;
  return search.found;
}

}  // namespace leyden::llm
