#include "leyden/tokenizer/models/byte_trie.h"

#include <algorithm>
#include <numeric>

namespace leyden::tokenizer {
namespace {

using Keys = std::vector<std::pair<std::string_view, std::uint32_t>>;

// The free units form a list in the order of their places, so that finding room for a node's children looks at free
// places only.
class FreeList {
 public:
  explicit FreeList(std::size_t size) { grow(size); }
  [[nodiscard]] std::size_t size() const { return next_.size(); }
  void grow(std::size_t size) {
    std::size_t from = next_.size();
    next_.resize(size);
    previous_.resize(size);
    taken_.resize(size, false);
    for (std::size_t i = from; i < size; ++i) {
      previous_[i] = last_;
      next_[i] = kEnd;
      (last_ == kEnd ? first_ : next_[last_]) = i;
      last_ = i;
    }
  }
  [[nodiscard]] bool taken(std::size_t i) const { return i < taken_.size() && taken_[i]; }
  void take(std::size_t i) {
    taken_[i] = true;
    std::size_t before = previous_[i];
    std::size_t after = next_[i];
    (before == kEnd ? first_ : next_[before]) = after;
    (after == kEnd ? last_ : previous_[after]) = before;
  }
  [[nodiscard]] std::size_t first() const { return first_; }
  [[nodiscard]] std::size_t next(std::size_t i) const { return next_[i]; }
  static constexpr std::size_t kEnd = ~std::size_t{0};

 private:
  std::vector<std::size_t> next_;
  std::vector<std::size_t> previous_;
  std::vector<bool> taken_;
  std::size_t first_ = kEnd;
  std::size_t last_ = kEnd;
};

// A place where units are free for all of `bytes`. Looks at some hundred free places at most, then goes to the end: filling
// every hole would make building quadratic.
std::size_t find_base(FreeList& free, const std::vector<std::uint8_t>& bytes) {
  int tries = 0;
  for (std::size_t at = free.first(); at != FreeList::kEnd && tries < 256;
       at = free.next(at), ++tries) {
    if (at < bytes.front()) continue;
    std::size_t base = at - bytes.front();
    if (std::ranges::none_of(bytes, [&](std::uint8_t byte) { return free.taken(base + byte); })) {
      return base;
    }
  }
  return free.size();
}

}  // namespace

ByteTrie::ByteTrie(Keys keys) {
  std::erase_if(keys, [](const auto& key) { return key.first.empty(); });
  if (keys.empty()) return;
  // Equal keys stay in their order; std::stable_sort is deprecated in libstdc++ 12 as clang sees it.
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return std::pair(keys[i].first, i); });
  Keys sorted;
  sorted.reserve(keys.size());
  for (std::uint32_t i : order) sorted.push_back(keys[i]);
  keys = std::move(sorted);
  FreeList free(1024);
  units_.resize(free.size());
  free.take(kRoot);

  struct Task {
    Node node;
    std::size_t begin;  // Of the keys below the node.
    std::size_t end;
    std::size_t depth;
  };
  std::vector<Task> tasks{{kRoot, 0, keys.size(), 0}};
  std::vector<std::uint8_t> bytes;
  std::vector<std::size_t> begins;
  while (!tasks.empty()) {
    Task task = tasks.back();
    tasks.pop_back();
    std::size_t at = task.begin;
    while (at < task.end && keys[at].first.size() == task.depth) {
      units_[task.node].value = keys[at++].second;
    }
    if (at == task.end) continue;
    bytes.clear();
    begins.clear();
    for (; at < task.end; ++at) {
      auto byte = static_cast<std::uint8_t>(keys[at].first[task.depth]);
      if (bytes.empty() || bytes.back() != byte) {
        bytes.push_back(byte);
        begins.push_back(at);
      }
    }
    begins.push_back(task.end);
    std::size_t base = find_base(free, bytes);
    if (base + 256 > free.size()) {
      free.grow(std::max(base + 256, free.size() * 2));
      units_.resize(free.size());
    }
    units_[task.node].base = static_cast<std::uint32_t>(base);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::size_t child = base + bytes[i];
      free.take(child);
      units_[child].parent = task.node;
      tasks.push_back({static_cast<Node>(child), begins[i], begins[i + 1], task.depth + 1});
    }
  }
}

std::optional<ByteTrie::Match> ByteTrie::longest_prefix(std::string_view text) const {
  std::optional<Match> longest;
  if (empty()) return longest;
  Node node = kRoot;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto child = next(node, text[i]);
    if (!child) break;
    node = *child;
    if (auto found = value(node)) longest = Match{i + 1, *found};
  }
  return longest;
}

}  // namespace leyden::tokenizer
