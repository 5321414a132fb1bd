#include "leyden/tokenizer/engine/trie.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

namespace leyden::tokenizer::engine {
namespace {

constexpr std::size_t kBlock = 256;

class Builder {
 public:
  explicit Builder(std::span<const std::pair<std::string_view, TokenId>> keys) : keys_(keys) {
    add_block();  // The root's alone: base 0 leads here.
    take(0);
    first_open_ = 1;
  }

  std::vector<std::uint64_t> build() && {
    // Leaves lead here with byte 0: the root has a label that it is not.
    units_[0] = Trie::kOccupied | 1;
    struct Task {
      std::size_t node, begin, end, depth;
    };
    std::vector<Task> tasks{{0, 0, keys_.size(), 0}};
    std::vector<Task> children;
    while (!tasks.empty()) {
      Task task = tasks.back();
      tasks.pop_back();
      std::size_t begin = task.begin;
      if (keys_[begin].first.size() == task.depth) {
        units_[task.node] |= (std::uint64_t{keys_[begin].second} + 1) << Trie::kTokenShift;
        ++begin;
      }
      labels_count_ = 0;
      children.clear();
      while (begin < task.end) {
        auto label = byte_at(begin, task.depth);
        std::size_t end = begin + 1;
        while (end < task.end && byte_at(end, task.depth) == label) ++end;
        labels_[labels_count_++] = label;
        children.push_back({label, begin, end, task.depth + 1});
        begin = end;
      }
      if (children.empty()) continue;
      std::size_t base = find_base();
      units_[task.node] |= std::uint64_t{base} << Trie::kBaseShift;
      base_used_[base] = true;
      for (Task& child : children) {
        std::size_t at = base ^ child.node;
        take(at);
        units_[at] = Trie::kOccupied | child.node;
        child.node = at;
        tasks.push_back(child);
      }
    }
    return std::move(units_);
  }

 private:
  [[nodiscard]] std::uint8_t byte_at(std::size_t key, std::size_t depth) const {
    return static_cast<std::uint8_t>(keys_[key].first[depth]);
  }

  void add_block() {
    units_.resize(units_.size() + kBlock, 0);
    base_used_.resize(units_.size(), false);
    free_.resize(units_.size() / 64, ~std::uint64_t{0});
    free_in_block_.push_back(kBlock);
    tries_in_block_.push_back(0);
  }
  void take(std::size_t at) {
    --free_in_block_[at / kBlock];
    free_[at / 64] &= ~(std::uint64_t{1} << at % 64);
  }
  [[nodiscard]] bool is_free(std::size_t at) const { return (free_[at / 64] >> at % 64 & 1) != 0; }

  // A base at which all labels' units are free: in the first open block that has one. A block in which many searches failed
  // is given up.
  std::size_t find_base() {
    for (std::size_t block = first_open_;; ++block) {
      if (block == free_in_block_.size()) add_block();
      if (free_in_block_[block] < labels_count_ || tries_in_block_[block] > kTriesMax) {
        if (block == first_open_ &&
            (free_in_block_[block] == 0 || tries_in_block_[block] > kTriesMax))
          ++first_open_;
        continue;
      }
      for (std::size_t word = block * kBlock / 64; word < (block + 1) * kBlock / 64; ++word) {
        for (std::uint64_t free = free_[word]; free != 0; free &= free - 1) {
          std::size_t base =
              (word * 64 + static_cast<std::size_t>(std::countr_zero(free))) ^ labels_[0];
          if (base_used_[base]) continue;
          bool fits = true;
          for (std::size_t i = 1; fits && i < labels_count_; ++i) fits = is_free(base ^ labels_[i]);
          if (fits) return base;
        }
      }
      ++tries_in_block_[block];
    }
  }

  static constexpr std::size_t kTriesMax = 16;
  std::span<const std::pair<std::string_view, TokenId>> keys_;
  std::vector<std::uint64_t> units_;
  std::vector<bool> base_used_;
  std::vector<std::uint64_t> free_;  // A bit a unit.
  std::vector<std::size_t> free_in_block_;
  std::vector<std::size_t> tries_in_block_;
  std::size_t first_open_ = 0;
  std::array<std::uint8_t, 256> labels_{};
  std::size_t labels_count_ = 0;
};

// std::ranges::sort(keys), three times as fast: most texts differ in their first eight bytes, which are compared as a number.
void sort_keys(std::vector<std::pair<std::string_view, TokenId>>& keys) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
  order.reserve(keys.size());
  for (const auto& [text, id] : keys) {
    std::uint64_t head = 0;
    std::memcpy(&head, text.data(), std::min<std::size_t>(text.size(), 8));
    if constexpr (std::endian::native == std::endian::little) head = std::byteswap(head);
    order.emplace_back(head, static_cast<std::uint32_t>(order.size()));
  }
  std::ranges::sort(order, [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : keys[a.second] < keys[b.second];
  });
  std::vector<std::pair<std::string_view, TokenId>> sorted;
  sorted.reserve(keys.size());
  for (const auto& [head, index] : order) sorted.push_back(keys[index]);
  keys = std::move(sorted);
}

}  // namespace

std::vector<std::uint64_t> build_trie(std::vector<std::pair<std::string_view, TokenId>>& keys) {
  sort_keys(keys);
  if (keys.empty()) return std::vector<std::uint64_t>(kBlock, 0);
  assert(!keys.front().first.empty());
  return Builder(keys).build();
}

}  // namespace leyden::tokenizer::engine
