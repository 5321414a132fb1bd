#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/trie.h"

namespace leyden::tokenizer::engine {

// For engines whose vocabulary has no merges: their workspaces have a merger all the same, which nobody asks.
class NoMerges {
 public:
  [[nodiscard]] MergeTables tables() const {
    MergeTables tables;
    tables.trie = units_;
    tables.pairs = pairs_;
    return tables;
  }

 private:
  std::vector<std::uint64_t> units_ = [] {
    std::vector<std::pair<std::string_view, TokenId>> none;
    return build_trie(none);
  }();
  std::vector<std::uint64_t> pairs_ = std::vector<std::uint64_t>(2);
};

}  // namespace leyden::tokenizer::engine
