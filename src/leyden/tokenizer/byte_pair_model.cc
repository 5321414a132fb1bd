#include "leyden/tokenizer/byte_pair_model.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <queue>
#include <utility>

namespace leyden::tokenizer {
namespace {

constexpr std::uint64_t key_of(TokenId left, TokenId right) {
  return (static_cast<std::uint64_t>(left) << 32) | right;
}

}  // namespace

BytePairModel::BytePairModel(Vocabulary vocabulary, const std::vector<Merge>& merges,
                             bool whole_first)
    : vocabulary_(std::move(vocabulary)),
      whole_first_(whole_first),
      itself_(std::make_unique<std::atomic<std::uint8_t>[]>(vocabulary_.size())) {
  std::size_t slots = std::bit_ceil(2 * merges.size() + 2);
  shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots));
  pairs_.resize(slots);
  for (const Merge& merge : merges) {
    Pair& pair = pairs_[slot_of(key_of(merge.left, merge.right))];
    // The first of two merges of the same pair counts for nothing in the references: their table keeps the last.
    pair = {.key = key_of(merge.left, merge.right), .rank = merge.rank, .merged = merge.merged};
  }
  for (std::size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
    char c = static_cast<char>(byte);
    byte_tokens_[byte] = vocabulary_.find(std::string_view(&c, 1)).value_or(kNoToken);
  }
}

std::size_t BytePairModel::slot_of(std::uint64_t key) const {
  std::size_t mask = pairs_.size() - 1;
  // Fibonacci hashing: the high bits of a product with 2^64 / golden ratio.
  std::size_t slot = (key * 0x9E3779B97F4A7C15ULL) >> shift_;
  while (pairs_[slot].key != kFree && pairs_[slot].key != key) slot = (slot + 1) & mask;
  return slot;
}

const BytePairModel::Pair* BytePairModel::find(TokenId left, TokenId right) const {
  const Pair& pair = pairs_[slot_of(key_of(left, right))];
  return pair.key == kFree ? nullptr : &pair;
}

void BytePairModel::encode(std::string_view pretoken, TokenIds& out) const {
  if (auto whole = vocabulary_.find(pretoken);
      whole && (whole_first_ || encodes_to_itself(*whole))) {
    out.push_back(*whole);
  } else if (pretoken.size() <= kShort) {
    merge_short(pretoken, out);
  } else {
    merge_long(pretoken, out);
  }
}

bool BytePairModel::encodes_to_itself(TokenId id) const {
  std::uint8_t known = itself_[id].load(std::memory_order_relaxed);
  if (known == 0) {
    TokenIds merged;
    std::string_view bytes = vocabulary_.bytes(id);
    bytes.size() <= kShort ? merge_short(bytes, merged) : merge_long(bytes, merged);
    known = merged.size() == 1 && merged.front() == id ? 1 : 2;
    itself_[id].store(known, std::memory_order_relaxed);
  }
  return known == 1;
}

// Few symbols: looking at every neighbour each time is quicker than keeping them in order.
void BytePairModel::merge_short(std::string_view pretoken, TokenIds& out) const {
  std::array<TokenId, kShort> tokens;
  std::array<std::uint32_t, kShort> ranks;  // Of the pair (i, i + 1).
  std::array<TokenId, kShort> merged;
  std::size_t count = 0;
  for (char c : pretoken) {
    TokenId token = byte_tokens_[static_cast<std::uint8_t>(c)];
    if (token != kNoToken) tokens[count++] = token;
  }
  if (count == 0) return;
  auto rate = [&](std::size_t i) {
    const Pair* pair = i + 1 < count ? find(tokens[i], tokens[i + 1]) : nullptr;
    ranks[i] = pair != nullptr ? pair->rank : kNoRank;
    merged[i] = pair != nullptr ? pair->merged : 0;
  };
  for (std::size_t i = 0; i < count; ++i) rate(i);
  while (count > 1) {
    auto best = static_cast<std::size_t>(
        std::min_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(count)) -
        ranks.begin());
    if (ranks[best] == kNoRank) break;
    tokens[best] = merged[best];
    for (std::size_t i = best + 1; i + 1 < count; ++i) {
      tokens[i] = tokens[i + 1];
      ranks[i] = ranks[i + 1];
      merged[i] = merged[i + 1];
    }
    --count;
    rate(best);
    if (best > 0) rate(best - 1);
  }
  out.insert(out.end(), tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count));
}

// Many symbols: a linked list of them and a heap of candidate merges; a candidate whose symbols changed meanwhile is skipped.
void BytePairModel::merge_long(std::string_view pretoken, TokenIds& out) const {
  struct Symbol {
    TokenId token;
    std::int64_t previous;
    std::int64_t next;
  };
  struct Candidate {
    std::uint32_t rank;
    std::int64_t position;
    TokenId left;
    TokenId right;
    TokenId merged;
    bool operator>(const Candidate& other) const {
      return std::pair(rank, position) > std::pair(other.rank, other.position);
    }
  };
  std::vector<Symbol> symbols;
  symbols.reserve(pretoken.size());
  for (char c : pretoken) {
    TokenId token = byte_tokens_[static_cast<std::uint8_t>(c)];
    if (token == kNoToken) continue;
    auto at = static_cast<std::int64_t>(symbols.size());
    symbols.push_back({.token = token, .previous = at - 1, .next = at + 1});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;
  auto at = [&](std::int64_t i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };

  std::vector<Candidate> initial;
  auto candidate = [&](std::int64_t i, auto&& take) {
    if (i < 0 || at(i).next < 0) return;
    TokenId left = at(i).token;
    TokenId right = at(at(i).next).token;
    if (const Pair* pair = find(left, right)) {
      take(Candidate{pair->rank, i, left, right, pair->merged});
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    candidate(static_cast<std::int64_t>(i), [&](Candidate c) { initial.push_back(c); });
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue(std::greater<>{},
                                                                               std::move(initial));
  while (!queue.empty()) {
    Candidate best = queue.top();
    queue.pop();
    Symbol& left = at(best.position);
    // A symbol that was merged into its left neighbour holds kNoToken, so that nothing matches it.
    if (left.token != best.left || left.next < 0 || at(left.next).token != best.right) continue;
    Symbol& right = at(left.next);
    left.token = best.merged;
    right.token = kNoToken;
    left.next = right.next;
    if (left.next >= 0) at(left.next).previous = best.position;
    candidate(best.position, [&](Candidate c) { queue.push(c); });
    candidate(left.previous, [&](Candidate c) { queue.push(c); });
  }
  for (std::int64_t i = 0; i >= 0; i = at(i).next) out.push_back(at(i).token);
}

}  // namespace leyden::tokenizer
