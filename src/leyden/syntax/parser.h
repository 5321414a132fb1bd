#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/syntax/language.h"
#include "leyden/syntax/node.h"

namespace leyden::syntax {

// Bounds of a parse, which is linear in the text but for texts made to hurt. They count work, not time: the same text gives the same
// answer on every machine.
struct ParseLimits {
  std::size_t bytes_max = 4 * 1024 * 1024;  // A tree takes some ten times its text.
  // Steps of the parser, one for about each token and each way of reading it that is tried; source code needs less than 1 a byte.
  std::uint64_t steps_max_per_byte = 8;
  // How often each byte may be looked at; source code's are about twice.
  std::uint64_t reads_max_per_byte = 32;
};

// A text's syntax tree (tree-sitter's: concrete, and there for every text: what does not parse is in nodes that say so).
// const is safe to share between threads. Holds no text: whoever asks for nodes' text passes the one that was parsed.
class Tree {
 public:
  [[nodiscard]] Language language() const { return language_; }
  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] Node root() const { return Node(ts_tree_root_node(tree_.get())); }

  // For this module.
  Tree(TSTree* tree, Language language) : tree_(tree), language_(language) {}
  [[nodiscard]] const TSTree* get() const { return tree_.get(); }

 private:
  struct Deleter {
    void operator()(TSTree* tree) const;
  };
  std::unique_ptr<TSTree, Deleter> tree_;
  Language language_;
};

// Any bytes will do. Thread-safe.
// Errors: unsupported (no grammar for the language), invalid_argument (above bytes_max), overloaded (above the steps), cancelled.
[[nodiscard]] Result<Tree> parse(Language language, std::string_view text,
                                 const ParseLimits& limits = {}, std::stop_token stop = {});

}  // namespace leyden::syntax
