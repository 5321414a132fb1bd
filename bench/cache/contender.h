#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/cache/block_key.h"

namespace leyden::bench {

// The passages of one context, by their names; together kContextTokens tokens.
inline constexpr std::size_t kContextTokens = 4096;

// Tokens of the passage at a position, where `all` are dealt out to so many.
[[nodiscard]] constexpr std::size_t part_of(std::size_t all, std::size_t position,
                                            std::size_t passages) {
  return all * (position + 1) / passages - all * position / passages;
}

struct Passage {
  std::string text;
  TokenIds ids;
};

struct Contexts {
  std::string name;                                   // "18 passages, wide"
  std::vector<std::vector<cache::BlockKey>> context;  // The same passage may be in several.
  std::vector<std::size_t> sizes;  // Tokens of a context's first, second, ... passage.
  // Where the passages are real text. Else their IDs are anything that tells them apart.
  std::unordered_map<cache::BlockKey, Passage, cache::BlockKeyHash> passages;

  // Of the passage at `position` of a context.
  [[nodiscard]] TokenIds ids_of(const cache::BlockKey& key, std::size_t position) const;
};

// One way of getting a context's token IDs. Each file of a tier makes some, the bare cost among
// them; all are filled with the same contexts. Called by several threads at once.
class Contender {
 public:
  virtual ~Contender() = default;
  // Looks up the passages and puts their IDs side by side into `out` (kContextTokens); or, if
  // `copies()` is false, only gets hold of them and touches each one's first ID.
  virtual void get(std::span<const cache::BlockKey> context, TokenId* out) = 0;
  [[nodiscard]] virtual bool copies() const { return true; }
};

// Puts a hit's IDs where Contender::get wants them; where the next ones go.
inline TokenId* put_ids(const TokenIds& ids, bool copies, TokenId* out) {
  if (!copies) {
    *out = ids.front();
    return out + 1;
  }
  std::memcpy(out, ids.data(), ids.size() * sizeof(TokenId));
  return out + ids.size();
}

struct Entrant {
  std::string tier;  // "memory"
  std::string name;  // "Leyden", "bare"
  std::function<std::unique_ptr<Contender>(const Contexts&)> make;
};

[[nodiscard]] std::vector<Entrant> memory_entrants();
[[nodiscard]] std::vector<Entrant> lmdb_entrants();

}  // namespace leyden::bench
