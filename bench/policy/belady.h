#pragma once

#include <set>
#include <utility>

#include "policy.h"

namespace leyden::bench {

// Knows the future: what is used last goes first, the new one itself if it is that. Where sizes
// differ this is greedy, not the optimum; so is the other choice, of 64 that are used last the one
// with the largest product of size and time to go.
class Belady final : public Policy {
 public:
  Belady(std::size_t budget, bool by_size) : budget_(budget), by_size_(by_size) {}

  bool access(const Access& a) override {
    ++now_;
    if (a.key >= items_.size()) items_.resize(a.key + 1);
    const bool hit = items_[a.key].there;
    if (hit) remove(a.key);
    items_[a.key] = {.next = a.next, .bytes = a.bytes, .there = true};
    order_.emplace(a.next, a.key);
    bytes_ += a.bytes;
    while (bytes_ > budget_) remove(victim());
    return hit;
  }

 private:
  struct Item {
    std::size_t next = kNever;
    std::size_t bytes = 0;
    bool there = false;
  };
  [[nodiscard]] std::uint32_t victim() const {
    std::uint32_t best = order_.rbegin()->second;
    if (!by_size_ || items_[best].next == kNever) return best;
    double cost = 0;
    unsigned looked = 0;
    for (auto at = order_.rbegin(); at != order_.rend() && looked < 64; ++at, ++looked) {
      const Item& item = items_[at->second];
      const double its = static_cast<double>(item.next - now_) * static_cast<double>(item.bytes);
      if (its > cost) {
        cost = its;
        best = at->second;
      }
    }
    return best;
  }
  void remove(std::uint32_t key) {
    Item& item = items_[key];
    order_.erase({item.next, key});
    bytes_ -= item.bytes;
    item.there = false;
  }

  std::size_t budget_;
  bool by_size_;
  std::size_t now_ = 0;  // Accesses so far, as `next` counts them.
  std::size_t bytes_ = 0;
  std::vector<Item> items_;
  std::set<std::pair<std::size_t, std::uint32_t>> order_;
};

}  // namespace leyden::bench
