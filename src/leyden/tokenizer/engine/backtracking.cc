#include "leyden/tokenizer/engine/backtracking.h"

#include <cassert>

namespace leyden::tokenizer::engine {
namespace {

constexpr std::size_t kKnownSlots = std::size_t{1} << 15;

}  // namespace

BacktrackingMerger::BacktrackingMerger(const MergeTables& tables)
    : tables_(tables), trie_(tables.trie), known_(kKnownSlots) {}

std::size_t BacktrackingMerger::owned_bytes() const {
  return (known_.capacity() + dead_ends_.capacity()) * sizeof(std::uint64_t);
}

bool BacktrackingMerger::go_together(TokenId left, TokenId right) {
  std::uint64_t pair = std::uint64_t{left} << 20 | right;
  std::uint64_t& slot = known_[(pair * 0x9E3779B97F4A7C15ULL) >> (64 - 15)];
  if (slot >> 2 == pair && (slot & 3) != 0) return (slot & 3) == 2;
  bool answer = tables_.stay_apart(left, right);
  slot = pair << 2 | (answer ? 2 : 1);
  return answer;
}

std::size_t BacktrackingMerger::encode_short(std::string_view text, TokenId* out) {
  assert(text.size() <= kShortMax);
  std::uint64_t open = ~std::uint64_t{0};  // Positions that may still lead to the end.
  std::size_t count = 0;
  std::size_t at = 0;
  Trie::Match next = trie_.longest(text);
  while (at < text.size()) {
    TokenId token = next.token;
    std::uint32_t length = next.length;
    while (true) {
      if ((open >> (at + length) & 1) != 0 && (count == 0 || go_together(out[count - 1], token))) {
        out[count++] = token;
        at += length;
        next = trie_.longest(text.substr(at));
        break;
      }
      token = tables_.prefixes[token];
      if (token == MergeTables::kNone) {
        assert(count > 0);
        open &= ~(std::uint64_t{1} << at);
        token = out[--count];
        length = tables_.origins[token].length;
        at -= length;
        next = {token, length};
        break;
      }
      length = tables_.origins[token].length;
    }
  }
  return count;
}

void BacktrackingMerger::encode_long(std::string_view text, TokenIds& out) {
  dead_ends_.assign(text.size() / 64 + 1, 0);
  const std::size_t begin = out.size();
  std::size_t at = 0;
  Trie::Match next = trie_.longest(text);
  while (at < text.size()) {
    TokenId token = next.token;
    std::uint32_t length = next.length;
    while (true) {
      std::size_t end = at + length;
      if ((dead_ends_[end / 64] >> (end % 64) & 1) == 0 && (out.size() == begin || go_together(out.back(), token))) {
        out.push_back(token);
        at = end;
        next = trie_.longest(text.substr(at));
        break;
      }
      token = tables_.prefixes[token];
      if (token == MergeTables::kNone) {
        assert(out.size() > begin);
        dead_ends_[at / 64] |= std::uint64_t{1} << (at % 64);
        token = out.back();
        out.pop_back();
        length = tables_.origins[token].length;
        at -= length;
        next = {token, length};
        break;
      }
      length = tables_.origins[token].length;
    }
  }
}

}  // namespace leyden::tokenizer::engine
