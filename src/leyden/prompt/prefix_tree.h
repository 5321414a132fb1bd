#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace leyden::prompt {

// A part of a prompt that is cached or not as a whole: the frame before the passages, or a passage. `id` names its tokens (of a
// digest; two parts with one id make a forecast wrong, never a prompt).
struct PromptPart {
  std::uint64_t id = 0;
  std::size_t tokens = 0;
};

inline constexpr std::size_t kUnlimitedTokens = std::numeric_limits<std::size_t>::max();

// What a model server's prefix cache holds, as far as it can be told from outside: the prompts that it was sent, as a tree whose
// paths begin prompts, of which the parts used least recently are forgotten from their ends when there are more than
// `capacity_tokens` (as vLLM and SGLang do: Kwon et al. 2023, Zheng et al. 2024). Confined to one thread.
class PrefixTree {
 public:
  explicit PrefixTree(std::size_t capacity_tokens = kUnlimitedTokens);
  ~PrefixTree();
  PrefixTree(PrefixTree&&) noexcept;
  PrefixTree& operator=(PrefixTree&&) noexcept;

  [[nodiscard]] std::size_t capacity_tokens() const { return capacity_tokens_; }
  [[nodiscard]] std::size_t size_tokens() const { return size_tokens_; }
  [[nodiscard]] std::size_t size_parts() const { return recent_.size(); }

  // Tokens of the leading parts that are cached.
  [[nodiscard]] std::size_t cached_tokens(std::span<const PromptPart> prompt) const;

  // A prompt was sent: it is cached now. Returns what cached_tokens() was before.
  std::size_t insert(std::span<const PromptPart> prompt);

  // The server reused `measured_tokens` of a prompt, before it is inserted. Where that is less than was cached here, the server has
  // lost it, and with it all that was used before it: that is forgotten.
  void observe(std::span<const PromptPart> prompt, std::size_t measured_tokens);

  void clear();

  static constexpr std::size_t kArrangedMax = 48;
  struct Arrangement {
    std::vector<std::size_t>
        order;               // Indices of parts: a cached path, the one with the most tokens.
    std::size_t tokens = 0;  // Of these.
    std::vector<std::uint64_t>
        covered;  // Sets of parts (bit i: part i) that begin a cached path in some order.
  };
  // The cached path behind `head` that is made of these parts, each at most once, and has the most tokens (of equals: was used last). Looks at no more than
  // kArrangedMax parts and 10,000 nodes.
  [[nodiscard]] Arrangement longest_path(std::span<const PromptPart> head,
                                         std::span<const PromptPart> parts) const;

 private:
  struct Node;
  using Recent =
      std::list<Node*>;  // Latest first; a node stands before those behind it in its path.
  struct Node {
    Node* parent = nullptr;
    PromptPart part;
    std::uint64_t last_used = 0;  // By which prompt.
    Recent::iterator place;
    std::unordered_map<std::uint64_t, std::unique_ptr<Node>> children;
  };
  [[nodiscard]] const Node* walk(std::span<const PromptPart> prompt,
                                 std::size_t& parts_found) const;
  void touch(Node* leaf);
  void forget_oldest();

  std::size_t capacity_tokens_;
  std::size_t size_tokens_ = 0;
  std::uint64_t prompts_ = 0;  // The clock.
  std::unique_ptr<Node> root_;
  Recent recent_;
};

}  // namespace leyden::prompt
