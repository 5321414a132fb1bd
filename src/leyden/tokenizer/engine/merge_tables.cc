#include "leyden/tokenizer/engine/merge_tables.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/engine/trie.h"

namespace leyden::tokenizer::engine {
namespace {

// left (20 bits), right (20), merged + 1 (20); 0 is free. Open addressing in a table of a power of two, at most half full.
constexpr unsigned kIdBits = 20;
constexpr std::uint64_t kIdMask = (std::uint64_t{1} << kIdBits) - 1;

constexpr std::uint64_t pair_key(TokenId left, TokenId right) {
  return std::uint64_t{left} << kIdBits | right;
}

std::size_t home_slot(std::uint64_t key, std::size_t slots) {
  return (key * 0x9E3779B97F4A7C15ULL) >> (64U - static_cast<unsigned>(std::countr_zero(slots)));
}

void add_pair(std::vector<std::uint64_t>& pairs, TokenId left, TokenId right, TokenId merged) {
  std::uint64_t key = pair_key(left, right);
  std::size_t slot = home_slot(key, pairs.size());
  while (pairs[slot] != 0) slot = (slot + 1) & (pairs.size() - 1);
  pairs[slot] = key << kIdBits | (merged + 1);
}

class Prover {
 public:
  Prover(const BpeSpec& spec, std::size_t vocabulary_size) : spec_(spec) {
    MergeTables::Owner& tables = result_.tables;
    tables.origins.resize(vocabulary_size);
    tables.prefixes.assign(vocabulary_size, MergeTables::kNone);
    tables.pairs.resize(std::bit_ceil(2 * spec.tokens.size() + 2));
    bytes_.resize(vocabulary_size);
    for (const SpecToken& token : spec.tokens) bytes_[token.id] = token.bytes;
  }

  ProvenMerges prove() && {
    if (!spec_.continuing_subword_prefix.empty() || !spec_.end_of_word_suffix.empty()) {
      return fail("its merges write prefixes or suffixes within words");
    }
    if (bytes_.size() > MergeTables::kTokensMax) return fail("it has more tokens than 20 bits can number");
    take_symbols();
    take_merges();
    if (!check_the_rest()) return fail("merges make tokens against the order of their ranks");
    build_tries();
    result_.proof.holds = true;
    return std::move(result_);
  }

 private:
  ProvenMerges fail(std::string reason) {
    result_.proof.reason = std::move(reason);
    result_.tables = {};
    return std::move(result_);
  }

  // What text begins as: bytes or characters.
  void take_symbols() {
    for (const SpecToken& token : spec_.tokens) {
      bool symbol = spec_.byte_level ? token.bytes.size() == 1
                                     : !token.bytes.empty() && utf8::decode(token.bytes, 0).size == token.bytes.size() &&
                                           utf8::decode(token.bytes, 0).valid;
      if (symbol) result_.tables.origins[token.id].length = static_cast<std::uint32_t>(token.bytes.size());
    }
  }

  void take_merges() {
    std::vector<std::uint64_t> in_order;  // Rank, index.
    in_order.reserve(spec_.merges.size());
    for (std::size_t i = 0; i < spec_.merges.size(); ++i) in_order.push_back(std::uint64_t{spec_.merges[i].rank} << 32 | i);
    if (!std::ranges::is_sorted(in_order)) std::ranges::sort(in_order);
    MergeTables tables = result_.tables.view();
    for (std::uint64_t rank_and_index : in_order) {
      const SpecMerge* merge = &spec_.merges[rank_and_index & 0xFFFFFFFF];
      Origin& merged = result_.tables.origins[merge->merged];
      if (merged.length != 0) continue;  // Made by a merge of lower rank: later ones never get to it.
      const Origin& left = tables.origins[merge->left];
      const Origin& right = tables.origins[merge->right];
      if (left.length == 0 || right.length == 0) {
        ++result_.proof.inversions;  // Or never made at all: check_the_rest() tells.
        continue;
      }
      if (!tables.stay_apart(merge->left, merge->right)) continue;
      // Ranks of merges may have gaps and repeat (all the ways to cut a token have its rank): only their order counts.
      merged = {merge->left, merge->right, merge->rank + 1, left.length + right.length};
      add_pair(result_.tables.pairs, merge->left, merge->right, merge->merged);
    }
  }

  // Tokens without an origin: merging their bytes, by all merges in the order of the definition, must not end in them.
  bool check_the_rest() {
    for (const SpecToken& token : spec_.tokens) {
      if (result_.tables.origins[token.id].length != 0 || token.bytes.empty()) continue;
      if (merges_to(token)) return false;
      result_.proof.unreachable.push_back(token.id);
    }
    return true;
  }

  bool merges_to(const SpecToken& token) {
    if (all_pairs_.empty()) {
      all_pairs_.reserve(spec_.merges.size());
      for (const SpecMerge& merge : spec_.merges) {
        all_pairs_.push_back({pair_key(merge.left, merge.right), all_pairs_.size(), merge.rank, merge.merged});
      }
      std::ranges::sort(all_pairs_, {}, [](const Pair& pair) { return std::pair(pair.key, pair.order); });
    }
    std::vector<TokenId> symbols;
    for (std::size_t at = 0; at < token.bytes.size();) {
      std::size_t size = spec_.byte_level ? 1 : utf8::decode(token.bytes, at).size;
      auto symbol = symbol_of(std::string_view(token.bytes).substr(at, size));
      if (!symbol) return false;  // Such a token can't be made of symbols.
      symbols.push_back(*symbol);
      at += size;
    }
    while (symbols.size() > 1) {
      const Pair* best = nullptr;
      std::size_t where = 0;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        const Pair* pair = find(pair_key(symbols[i], symbols[i + 1]));
        if (pair != nullptr && (best == nullptr || pair->rank < best->rank)) {
          best = pair;
          where = i;
        }
      }
      if (best == nullptr) return false;
      symbols[where] = best->merged;
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(where) + 1);
    }
    return symbols.size() == 1 && symbols.front() == token.id;
  }

  std::optional<TokenId> symbol_of(std::string_view bytes) {
    if (symbols_.empty()) {
      for (TokenId id = 0; id < bytes_.size(); ++id) {
        const Origin& origin = result_.tables.origins[id];
        if (origin.length != 0 && origin.rank == 0) symbols_.emplace_back(bytes_[id], id);
      }
      std::ranges::sort(symbols_);
    }
    auto found = std::ranges::lower_bound(symbols_, bytes, {}, &std::pair<std::string_view, TokenId>::first);
    if (found == symbols_.end() || found->first != bytes) return std::nullopt;
    return found->second;
  }

  struct Pair {
    std::uint64_t key;
    std::size_t order;
    std::uint32_t rank;
    TokenId merged;
  };
  const Pair* find(std::uint64_t key) const {
    // Of two merges of one pair the last counts, as in the references' tables.
    auto after = std::ranges::upper_bound(all_pairs_, key, {}, &Pair::key);
    if (after == all_pairs_.begin() || std::prev(after)->key != key) return nullptr;
    return &*std::prev(after);
  }

  void build_tries() {
    std::vector<std::pair<std::string_view, TokenId>> keys;
    keys.reserve(spec_.tokens.size());
    for (const SpecToken& token : spec_.tokens) {
      if (result_.tables.origins[token.id].length != 0) keys.emplace_back(token.bytes, token.id);
    }
    result_.tables.trie = build_trie(keys);
    // In sorted order, the longest proper prefix of a key is the nearest key before it on the stack of its prefixes.
    std::vector<std::pair<std::string_view, TokenId>> open;
    for (const auto& [bytes, id] : keys) {
      while (!open.empty() && !bytes.starts_with(open.back().first)) open.pop_back();
      if (!open.empty()) result_.tables.prefixes[id] = open.back().second;
      open.emplace_back(bytes, id);
    }
  }

  const BpeSpec& spec_;
  ProvenMerges result_;
  std::vector<std::string_view> bytes_;                          // By ID.
  std::vector<Pair> all_pairs_;                                  // Sorted by key; made when first needed.
  std::vector<std::pair<std::string_view, TokenId>> symbols_;    // Sorted; made when first needed.
};

}  // namespace

ProvenMerges prove_merges(const BpeSpec& spec, std::size_t vocabulary_size) {
  return Prover(spec, vocabulary_size).prove();
}

TokenId MergeTables::merged(TokenId left, TokenId right) const {
  std::uint64_t key = pair_key(left, right);
  for (std::size_t slot = home_slot(key, pairs.size());; slot = (slot + 1) & (pairs.size() - 1)) {
    std::uint64_t entry = pairs[slot];
    if (entry == 0) return kNone;
    if (entry >> kIdBits == key) return static_cast<TokenId>((entry & kIdMask) - 1);
  }
}

// Goes back in time from both tokens to the symbols at the border, undoing the later merge each time, and asks at every step
// whether the two that stand side by side would have merged before one of them was merged away.
bool MergeTables::stay_apart(TokenId left, TokenId right) const {
  std::uint32_t limit = 0xFFFFFFFF;  // Only a merge of a lower rank would have come first.
  while (true) {
    if (TokenId made = merged(left, right); made != kNone && origins[made].rank < limit) return false;
    const Origin& l = origins[left];
    const Origin& r = origins[right];
    if (l.rank > r.rank) {
      limit = l.rank;  // Of equals the left one goes first: that is l's own.
      left = l.right;
    } else if (r.rank != 0) {
      limit = r.rank + 1;  // Of equals the left one goes first: that is the one across the border.
      right = r.left;
    } else {
      return true;
    }
  }
}

}  // namespace leyden::tokenizer::engine
