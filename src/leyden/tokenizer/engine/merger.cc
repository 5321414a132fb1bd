#include "leyden/tokenizer/engine/merger.h"

#include <cassert>
#include <cstring>
#include <optional>
#include <queue>
#include <utility>

namespace leyden::tokenizer::engine {
namespace {

constexpr unsigned kKnownBits = 15;

std::size_t character_size(char lead) {
  auto byte = static_cast<std::uint8_t>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

Merger::Merger(const MergeTables& tables)
    : tables_(tables), trie_(tables.trie), known_(std::size_t{1} << kKnownBits) {
  for (std::size_t byte = 0; byte < bytes_.size(); ++byte) {
    const char c = static_cast<char>(byte);
    bytes_[byte] = trie_.exact(std::string_view(&c, 1), MergeTables::kNone);
  }
}

bool Merger::go_together(TokenId left, TokenId right) {
  std::uint64_t pair = std::uint64_t{left} << 20 | right;
  std::uint64_t& slot = known_[(pair * 0x9E3779B97F4A7C15ULL) >> (64 - kKnownBits)];
  if (slot >> 2 == pair && (slot & 3) != 0) return (slot & 3) == 2;
  bool answer = tables_.stay_apart(left, right);
  slot = pair << 2 | (answer ? 2 : 1);
  return answer;
}

Merger::Done Merger::encode(std::string_view text, TokenIds& out) {
  if (merges_tiny() && text.size() <= kTinyMax) {
    TokenId tokens[kTinyMax];
    const std::size_t count = merge_tiny(text, tokens);
    out.insert(out.end(), tokens, tokens + count);
    return {count, text.size()};
  }
  if (tables_.is_guarded(text)) return merge_by_rank(text, out);
  if (text.size() <= kShortMax) return encode_short(text, out);
  if (auto done = encode_run(text, out)) return *done;
  return encode_long(text, out);
}

std::optional<Merger::Done> Merger::encode_run(std::string_view text, TokenIds& out) {
  const std::size_t symbol = tables_.byte_level ? 1 : character_size(text[0]);
  if (text.substr(symbol) != text.substr(0, text.size() - symbol)) return std::nullopt;
  const Trie::Match longest = trie_.longest(text);
  if (longest.length == 0 || !go_together(longest.token, longest.token)) return std::nullopt;
  // What is no multiple of the longest token, or some more, ends the run: of the end's ways to begin, one goes with that token.
  const std::size_t begin = out.size();
  constexpr std::size_t kEndMax = 512;
  for (std::size_t rest = text.size() % longest.length; rest < text.size() && rest <= kEndMax;
       rest += longest.length) {
    out.resize(begin);
    if (rest > 0) encode_long(text.substr(0, rest), out);
    if (rest > 0 && !go_together(longest.token, out[begin])) continue;
    const std::size_t count = (text.size() - rest) / longest.length;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(begin), count, longest.token);
    return Done{out.size() - begin, text.size()};
  }
  out.resize(begin);
  return std::nullopt;
}

Merger::Done Merger::encode_short(std::string_view text, TokenIds& all) {
  TokenId out[kShortMax];
  std::uint64_t open = ~std::uint64_t{0};  // Positions that may still lead to the end.
  std::size_t count = 0;
  std::size_t at = 0;
  Trie::Match next = trie_.longest(text);
  while (next.length != 0) {
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
  all.insert(all.end(), out, out + count);
  return {count, at};
}

std::size_t Merger::merge_tiny(std::string_view text, TokenId* tokens) const {
  assert(text.size() <= kTinyMax);
  const PairTable pairs(tables_.pairs);
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::size_t count = text.size();
  // What each token and the next become; kNone is above every ID, so that the least is the next merge.
  TokenId made[kTinyMax];
  for (std::size_t i = 0; i + 1 < count; ++i)
    made[i] = tables_.byte_pairs[byte(i) * 256U + byte(i + 1)];
  for (std::size_t i = 0; i < count; ++i) tokens[i] = bytes_[byte(i)];
  while (count > 1) {
    std::size_t best = 0;
    TokenId least = made[0];
    for (std::size_t i = 1; i + 1 < count; ++i) {
      best = made[i] < least ? i : best;
      least = made[i] < least ? made[i] : least;
    }
    if (least == MergeTables::kNone) break;
    tokens[best] = least;
    --count;
    const TokenId behind = best + 1 < count ? pairs.merged(least, tokens[best + 2]) : 0;
    if (best > 0) made[best - 1] = pairs.merged(tokens[best - 1], least);
    for (std::size_t i = best + 1; i < count; ++i) {
      tokens[i] = tokens[i + 1];
      made[i] = made[i + 1];
    }
    made[best] = behind;
  }
  return count;
}

Merger::Done Merger::encode_long(std::string_view text, TokenIds& out) {
  dead_ends_.assign(text.size() / 64 + 1, 0);
  const std::size_t begin = out.size();
  std::size_t at = 0;
  Trie::Match next = trie_.longest(text);
  while (next.length != 0) {
    TokenId token = next.token;
    std::uint32_t length = next.length;
    while (true) {
      const std::size_t end = at + length;
      if ((dead_ends_[end / 64] >> (end % 64) & 1) == 0 &&
          (out.size() == begin || go_together(out.back(), token))) {
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
  return {out.size() - begin, at};
}

// The definition, with a list of symbols and a heap of candidate merges; a candidate whose symbols have changed is skipped.
Merger::Done Merger::merge_by_rank(std::string_view text, TokenIds& out) {
  const PairTable pairs(tables_.pairs);
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
    TokenId made;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };
  std::vector<Symbol> symbols;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const std::size_t size = tables_.byte_level ? 1 : character_size(text[bytes]);
    const TokenId token = tables_.byte_level
                              ? bytes_[static_cast<std::uint8_t>(text[bytes])]
                              : trie_.exact(text.substr(bytes, size), MergeTables::kNone);
    if (token == MergeTables::kNone) break;
    const auto index = static_cast<std::int64_t>(symbols.size());
    symbols.push_back({token, index - 1, index + 1});
    bytes += size;
  }
  if (symbols.empty()) return {0, 0};
  symbols.back().next = -1;
  auto at = [&](std::int64_t i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  auto add = [&](std::int64_t i) {
    if (i < 0 || at(i).next < 0) return;
    const TokenId left = at(i).token;
    const TokenId right = at(at(i).next).token;
    if (TokenId made = pairs.merged(left, right); made != MergeTables::kNone) {
      queue.push({tables_.origins[made].rank, i, left, right, made});
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) add(static_cast<std::int64_t>(i));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = at(best.position);
    // A symbol that was merged into its left neighbour holds kNone, so that nothing matches it.
    if (left.token != best.left || left.next < 0 || at(left.next).token != best.right) continue;
    Symbol& right = at(left.next);
    left.token = best.made;
    right.token = MergeTables::kNone;
    left.next = right.next;
    if (left.next >= 0) at(left.next).previous = best.position;
    add(best.position);
    add(left.previous);
  }
  const std::size_t begin = out.size();
  for (std::int64_t i = 0; i >= 0; i = at(i).next) out.push_back(at(i).token);
  return {out.size() - begin, bytes};
}

}  // namespace leyden::tokenizer::engine
