#include "leyden/prompt/prefix_tree.h"

#include <algorithm>
#include <utility>

namespace leyden::prompt {

PrefixTree::PrefixTree(std::size_t capacity_tokens)
    : capacity_tokens_(capacity_tokens), root_(std::make_unique<Node>()) {}
PrefixTree::~PrefixTree() { clear(); }
PrefixTree::PrefixTree(PrefixTree&&) noexcept = default;
PrefixTree& PrefixTree::operator=(PrefixTree&&) noexcept = default;

void PrefixTree::clear() {
  // One by one: a path of a million parts must not be a recursion of that depth.
  while (!recent_.empty()) forget_oldest();
}

const PrefixTree::Node* PrefixTree::walk(std::span<const PromptPart> prompt,
                                         std::size_t& parts_found) const {
  const Node* node = root_.get();
  for (parts_found = 0; parts_found < prompt.size(); ++parts_found) {
    const auto child = node->children.find(prompt[parts_found].id);
    if (child == node->children.end()) break;
    node = child->second.get();
  }
  return node;
}

std::size_t PrefixTree::cached_tokens(std::span<const PromptPart> prompt) const {
  std::size_t found = 0;
  (void)walk(prompt, found);
  std::size_t tokens = 0;
  for (const PromptPart& part : prompt.first(found)) tokens += part.tokens;
  return tokens;
}

void PrefixTree::touch(Node* leaf) {
  for (Node* node = leaf; node != root_.get(); node = node->parent) {
    node->last_used = prompts_;
    recent_.splice(recent_.begin(), recent_, node->place);
  }
}

void PrefixTree::forget_oldest() {
  Node* oldest = recent_.back();  // Has no children: those would be older.
  recent_.pop_back();
  size_tokens_ -= oldest->part.tokens;
  oldest->parent->children.erase(oldest->part.id);
}

std::size_t PrefixTree::insert(std::span<const PromptPart> prompt) {
  std::size_t found = 0;
  Node* node = const_cast<Node*>(walk(prompt, found));
  std::size_t cached = 0;
  ++prompts_;
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    if (i < found) {
      cached += prompt[i].tokens;
      continue;
    }
    auto child = std::make_unique<Node>();
    child->parent = node;
    child->part = prompt[i];
    recent_.push_front(child.get());
    child->place = recent_.begin();
    size_tokens_ += prompt[i].tokens;
    node = node->children.emplace(prompt[i].id, std::move(child)).first->second.get();
  }
  touch(node);
  while (size_tokens_ > capacity_tokens_ && !recent_.empty()) forget_oldest();
  return cached;
}

void PrefixTree::observe(std::span<const PromptPart> prompt, std::size_t measured_tokens) {
  const Node* node = root_.get();
  std::size_t tokens = 0;
  for (const PromptPart& part : prompt) {
    const auto child = node->children.find(part.id);
    if (child == node->children.end()) return;
    node = child->second.get();
    tokens += part.tokens;
    // Servers count in whole blocks: what is missing of one part may be the rest of a block.
    if (tokens <= measured_tokens + part.tokens / 2 + 16) continue;
    const std::uint64_t used = node->last_used;
    while (!recent_.empty() && recent_.back()->last_used <= used) forget_oldest();
    return;
  }
}

PrefixTree::Arrangement PrefixTree::longest_path(std::span<const PromptPart> head,
                                                 std::span<const PromptPart> parts) const {
  constexpr std::size_t kNodesMax = 10'000;
  Arrangement best;
  std::size_t found = 0;
  const Node* start = walk(head, found);
  if (found < head.size()) return best;
  parts = parts.first(std::min(parts.size(), kArrangedMax));
  struct Step {
    const Node* node;
    std::uint64_t used;
    std::size_t tokens;
    std::size_t depth;  // Of the path that leads here; its last part is `part`.
    std::size_t part;
  };
  std::vector<Step> open{{start, 0, 0, 0, 0}};
  std::vector<std::size_t> path;
  std::uint64_t used = 0;
  for (std::size_t visited = 0; !open.empty() && visited < kNodesMax; ++visited) {
    const Step at = open.back();
    open.pop_back();
    if (at.depth == 0) {
      path.clear();
    } else {
      path.resize(at.depth - 1);
      path.push_back(at.part);
      best.covered.push_back(at.used);
    }
    // Of equals the one used last: it is the likeliest to be there still.
    if (at.tokens > best.tokens || (at.tokens == best.tokens && at.node->last_used > used)) {
      used = at.node->last_used;
      best.tokens = at.tokens;
      best.order = path;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if ((at.used >> i & 1U) != 0) continue;
      const auto child = at.node->children.find(parts[i].id);
      if (child == at.node->children.end()) continue;
      open.push_back({child->second.get(), at.used | std::uint64_t{1} << i,
                      at.tokens + parts[i].tokens, at.depth + 1, i});
    }
  }
  return best;
}

}  // namespace leyden::prompt
