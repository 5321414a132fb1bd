#include "leyden/tokenizer/engine/merge_tables.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/engine/trie.h"

namespace leyden::tokenizer::engine {
namespace {

// Where the bit of a window is: 64 * word + bit.
std::size_t guard_bit(const char* window, std::size_t length) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, window, length);
  return (bytes * 0x9E3779B97F4A7C15ULL) >> (64U - MergeTables::kGuardBits);
}

class Analysis {
 public:
  Analysis(const BpeSpec& spec, std::size_t vocabulary_size)
      : spec_(spec), bytes_(vocabulary_size) {
    MergeTables::Owner& tables = out_.tables;
    tables.byte_level = spec.byte_level;
    tables.origins.resize(vocabulary_size);
    tables.prefixes.assign(vocabulary_size, MergeTables::kNone);
    tables.pairs.resize(std::bit_ceil(2 * spec.tokens.size() + 2));
    for (const SpecToken& token : spec.tokens) bytes_[token.id] = token.bytes;
  }

  MergeAnalysis run() && {
    take_symbols();
    index_pairs();
    take_merges_in_order();
    simulate_the_rest();
    make_guard();
    simulate_the_guarded();
    build_tries();
    if (spec_.byte_level && ranks_are_ids()) pair_bytes();
    learn_cuts();
    return std::move(out_);
  }

 private:
  // What text begins as: bytes or characters.
  void take_symbols() {
    for (const SpecToken& token : spec_.tokens) {
      if (!token.bytes.empty() && symbol_size(token.bytes, 0) == token.bytes.size()) {
        out_.tables.origins[token.id].length = static_cast<std::uint32_t>(token.bytes.size());
      }
    }
  }

  [[nodiscard]] std::size_t symbol_size(std::string_view text, std::size_t at) const {
    return spec_.byte_level ? 1 : utf8::decode(text, at).size;
  }

  void take_merges_in_order() {
    std::vector<std::uint64_t> in_order;  // Rank, index.
    in_order.reserve(spec_.merges.size());
    for (std::size_t i = 0; i < spec_.merges.size(); ++i)
      in_order.push_back(std::uint64_t{spec_.merges[i].rank} << 32 | i);
    if (!std::ranges::is_sorted(in_order)) std::ranges::sort(in_order);
    const MergeTables tables = out_.tables.view();
    for (std::uint64_t rank_and_index : in_order) {
      const SpecMerge& merge = spec_.merges[rank_and_index & 0xFFFFFFFF];
      if (repeats_ && find_pair(PairTable::key(merge.left, merge.right))->rank != merge.rank)
        continue;  // Another of its pair counts.
      if (tables.origins[merge.merged].length != 0)
        continue;  // Made by a merge of lower rank, or a symbol.
      // A part that was not made yet comes against the order, or never.
      if (tables.origins[merge.left].length == 0 || tables.origins[merge.right].length == 0)
        continue;
      // Ranks may repeat (all the ways to cut a token have its rank): only their order counts.
      if (tables.stay_apart(merge.left, merge.right))
        set_origin(merge.left, merge.right, merge.merged, merge.rank);
    }
  }

  void set_origin(TokenId left, TokenId right, TokenId merged, std::uint32_t rank) {
    out_.tables.origins[merged] = {left, right, rank + 1,
                                   static_cast<std::uint32_t>(bytes_[merged].size())};
    PairTable::add(out_.tables.pairs, left, right, merged);
  }

  // Tokens without an origin so far. Shorter ones first: simulation makes use of nothing but the list of merges.
  void simulate_the_rest() {
    std::vector<std::pair<TokenId, Last>> made;
    for (const SpecToken& token : spec_.tokens) {
      if (out_.tables.origins[token.id].length != 0) continue;
      if (auto last = last_merge(token)) {
        made.emplace_back(token.id, *last);
      } else {
        out_.unreachable.push_back(token.id);
      }
    }
    for (const auto& [id, last] : made) {
      set_origin(last.left, last.right, id, last.rank);
      out_.against_order.push_back(id);
    }
  }

  // stay_apart() knew nothing of merges against the order: where they may have a say, only simulation counts.
  void simulate_the_guarded() {
    if (out_.against_order.empty()) return;
    MergeTables::Owner& tables = out_.tables;
    for (const SpecToken& token : spec_.tokens) {
      Origin& origin = tables.origins[token.id];
      if (origin.rank == 0 || !tables.view().is_guarded(token.bytes)) continue;
      if (auto last = last_merge(token)) {
        origin = {last->left, last->right, last->rank + 1, origin.length};
      } else {
        origin = {};
        out_.unreachable.push_back(token.id);
      }
    }
    std::ranges::fill(tables.pairs, 0);
    for (TokenId id = 0; id < tables.origins.size(); ++id) {
      const Origin& origin = tables.origins[id];
      if (origin.rank != 0) PairTable::add(tables.pairs, origin.left, origin.right, id);
    }
    std::ranges::sort(out_.unreachable);
  }

  struct Last {
    TokenId left;
    TokenId right;
    std::uint32_t rank;
  };

  // Merges the token's bytes by all merges of the list, as the definition says; nullopt when that does not end in the token.
  std::optional<Last> last_merge(const SpecToken& token) {
    std::vector<TokenId> symbols;
    for (std::size_t at = 0; at < token.bytes.size();) {
      std::size_t size = symbol_size(token.bytes, at);
      auto symbol = symbol_of(std::string_view(token.bytes).substr(at, size));
      if (!symbol) return std::nullopt;
      symbols.push_back(*symbol);
      at += size;
    }
    std::optional<Last> last;
    std::vector<const Pair*> pairs;  // Of symbols i and i + 1.
    auto pair_at = [&](std::size_t i) {
      return find_pair(PairTable::key(symbols[i], symbols[i + 1]));
    };
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) pairs.push_back(pair_at(i));
    while (symbols.size() > 1) {
      auto best = std::ranges::min_element(pairs, {}, [](const Pair* pair) {
        return pair != nullptr ? std::uint64_t{pair->rank} : ~std::uint64_t{0};
      });
      if (*best == nullptr) return std::nullopt;
      const auto where = static_cast<std::size_t>(best - pairs.begin());
      last = {symbols[where], symbols[where + 1], (*best)->rank};
      symbols[where] = (*best)->merged;
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(where) + 1);
      pairs.erase(best);
      if (where < pairs.size()) pairs[where] = pair_at(where);
      if (where > 0) pairs[where - 1] = pair_at(where - 1);
    }
    if (symbols.size() != 1 || symbols.front() != token.id) return std::nullopt;
    return last;
  }

  struct Pair {
    std::uint64_t key = ~std::uint64_t{0};  // Free.
    std::uint32_t rank = 0;
    TokenId merged = 0;
  };

  // All merges of the list, by open addressing. Of two of one pair the last counts, as in the references' tables.
  void index_pairs() {
    all_pairs_.resize(std::bit_ceil(2 * spec_.merges.size() + 2));
    for (const SpecMerge& merge : spec_.merges) {
      std::uint64_t key = PairTable::key(merge.left, merge.right);
      Pair& pair = all_pairs_[slot_of(key)];
      repeats_ = repeats_ || pair.key == key;
      pair = {key, merge.rank, merge.merged};
    }
    for (TokenId id = 0; id < bytes_.size(); ++id) {
      const Origin& origin = out_.tables.origins[id];
      if (origin.length != 0 && origin.rank == 0) symbols_.emplace_back(bytes_[id], id);
    }
    std::ranges::sort(symbols_);
  }

  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
    std::size_t slot = PairTable::home(key, all_pairs_.size());
    while (all_pairs_[slot].key != ~std::uint64_t{0} && all_pairs_[slot].key != key)
      slot = (slot + 1) & (all_pairs_.size() - 1);
    return slot;
  }

  [[nodiscard]] std::optional<TokenId> symbol_of(std::string_view bytes) const {
    auto found =
        std::ranges::lower_bound(symbols_, bytes, {}, &std::pair<std::string_view, TokenId>::first);
    if (found == symbols_.end() || found->first != bytes) return std::nullopt;
    return found->second;
  }

  [[nodiscard]] const Pair* find_pair(std::uint64_t key) const {
    const Pair& pair = all_pairs_[slot_of(key)];
    return pair.key == key ? &pair : nullptr;
  }

  // One window of each token that is made against the order: the one that fewest other tokens hold.
  void make_guard() {
    MergeTables::Owner& tables = out_.tables;
    std::vector<std::string_view> minimal;
    for (TokenId id : out_.against_order) minimal.push_back(bytes_[id]);
    std::ranges::sort(minimal, {}, &std::string_view::size);
    for (std::size_t i = 0; i < minimal.size(); ++i) {
      std::erase_if(minimal, [&, token = minimal[i]](std::string_view other) {
        return other.data() != token.data() && other.contains(token);
      });
    }
    if (minimal.empty()) return;
    std::vector<std::uint32_t> uses(std::size_t{1} << MergeTables::kGuardBits);
    for (std::string_view token : minimal)
      tables.guard_windows |= 1U << std::min<std::size_t>(token.size(), 8);
    auto each_bit = [&](std::string_view bytes, std::size_t window, auto&& take) {
      for (std::size_t at = 0; at + window <= bytes.size(); ++at)
        take(guard_bit(bytes.data() + at, window));
    };
    for (std::size_t window = 1; window <= 8; ++window) {
      if ((tables.guard_windows >> window & 1) == 0) continue;
      for (std::string_view bytes : bytes_)
        each_bit(bytes, window, [&](std::size_t bit) { ++uses[bit]; });
    }
    tables.guard.resize(uses.size() / 64);
    for (std::string_view token : minimal) {
      std::size_t rarest = uses.size();
      each_bit(token, std::min<std::size_t>(token.size(), 8), [&](std::size_t bit) {
        if (rarest == uses.size() || uses[bit] < uses[rarest]) rarest = bit;
      });
      tables.guard[rarest / 64] |= std::uint64_t{1} << (rarest % 64);
      // Longer ones than a byte can tell are there by their beginning.
      tables.guarded += static_cast<char>(std::min<std::size_t>(token.size(), 255));
      tables.guarded += token.substr(0, 255);
    }
  }

  void build_tries() {
    std::vector<bool> left_out(bytes_.size());
    for (TokenId id : out_.against_order) left_out[id] = true;
    std::vector<std::pair<std::string_view, TokenId>> keys;
    keys.reserve(spec_.tokens.size());
    for (const SpecToken& token : spec_.tokens) {
      if (out_.tables.origins[token.id].length != 0 && !left_out[token.id])
        keys.emplace_back(token.bytes, token.id);
    }
    out_.tables.trie = build_trie(keys);
    // In sorted order, the longest proper prefix of a key is the nearest key before it that is a prefix: a stack of them.
    std::vector<std::pair<std::string_view, TokenId>> open;
    for (const auto& [bytes, id] : keys) {
      while (!open.empty() && !bytes.starts_with(open.back().first)) open.pop_back();
      if (!open.empty()) out_.tables.prefixes[id] = open.back().second;
      open.emplace_back(bytes, id);
    }
  }

  [[nodiscard]] bool ranks_are_ids() const {
    std::uint32_t last = 0;
    for (const Origin& origin : out_.tables.origins) {
      if (origin.rank == 0) continue;
      if (origin.rank < last) return false;
      last = origin.rank;
    }
    return true;
  }

  void pair_bytes() {
    out_.tables.byte_pairs.assign(std::size_t{256} * 256, MergeTables::kNone);
    for (const SpecToken& token : spec_.tokens) {
      if (token.bytes.size() != 2 || out_.tables.origins[token.id].length == 0) continue;
      auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(token.bytes[i]); };
      out_.tables.byte_pairs[byte(0) * 256U + byte(1)] = token.id;
    }
  }

  void learn_cuts() {
    if (!spec_.byte_level) {
      out_.tables.cuts = learn_character_cuts(bytes_);
      return;
    }
    std::vector<std::string_view> whole;
    if (spec_.whole_first) {
      for (TokenId id : out_.unreachable) whole.push_back(bytes_[id]);
    }
    out_.tables.cuts = learn_byte_level_cuts(bytes_, whole);
  }

  const BpeSpec& spec_;
  MergeAnalysis out_;
  std::vector<std::string_view> bytes_;  // By ID.
  std::vector<Pair> all_pairs_;
  bool repeats_ = false;  // There are several merges of one pair.
  std::vector<std::pair<std::string_view, TokenId>> symbols_;  // By bytes.
};

}  // namespace

Result<MergeAnalysis> analyze_merges(const BpeSpec& spec, std::size_t vocabulary_size) {
  if (!spec.continuing_subword_prefix.empty() || !spec.end_of_word_suffix.empty()) {
    return fail(Errc::unsupported, "its merges write prefixes or suffixes within words");
  }
  if (vocabulary_size > MergeTables::kTokensMax) {
    return fail(Errc::unsupported, "it has {} tokens, more than 20 bits can number",
                vocabulary_size);
  }
  return Analysis(spec, vocabulary_size).run();
}

bool MergeTables::is_guarded(std::string_view text) const {
  if (guarded.empty()) return false;
  bool suspect = false;
  for (std::size_t window = 1; window <= 8 && !suspect; ++window) {
    if ((guard_windows >> window & 1) == 0) continue;
    for (std::size_t at = 0; at + window <= text.size() && !suspect; ++at) {
      std::size_t bit = guard_bit(text.data() + at, window);
      suspect = (guard[bit / 64] >> (bit % 64) & 1) != 0;
    }
  }
  if (!suspect) return false;
  for (std::string_view rest = guarded; !rest.empty();) {
    std::size_t length = static_cast<std::uint8_t>(rest[0]);
    if (text.contains(rest.substr(1, length))) return true;
    rest.remove_prefix(1 + length);
  }
  return false;
}

// Goes back in time from both tokens to the symbols at the border, undoing the later merge each time, and asks at every step
// whether the two that stand side by side would have merged before one of them was merged away.
bool MergeTables::stay_apart(TokenId left, TokenId right) const {
  const PairTable table(pairs);
  std::uint32_t limit = 0xFFFFFFFF;  // Only a merge of a lower rank would have come first.
  while (true) {
    if (TokenId made = table.merged(left, right); made != kNone && origins[made].rank < limit)
      return false;
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
