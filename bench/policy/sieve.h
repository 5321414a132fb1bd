#pragma once

#include "lists.h"

namespace leyden::bench {

// SIEVE (Zhang et al., NSDI'24): one queue; a hand goes from the oldest to the newest, spares once
// what was read and evicts what was not.
class Sieve final : public Policy {
 public:
  explicit Sieve(std::size_t budget) : budget_(budget) {}

  bool access(const Access& a) override {
    if (Item& item = items_[a.key]; item.in != nullptr) {
      item.reads = 1;
      return true;
    }
    if (a.bytes > budget_) return false;
    while (order_.bytes + a.bytes > budget_) evict();
    items_.insert(a.key, a.bytes, order_);
    return false;
  }

 private:
  void evict() {
    auto at = hand_set_ ? hand_ : std::prev(order_.keys.end());
    auto newer = [&] {
      at = at == order_.keys.begin() ? std::prev(order_.keys.end()) : std::prev(at);
    };
    while (items_[*at].reads > 0) {
      items_[*at].reads = 0;
      newer();
    }
    const std::uint32_t victim = *at;
    hand_set_ = at != order_.keys.begin();
    if (hand_set_) hand_ = std::prev(at);
    items_.remove(victim);
  }

  std::size_t budget_;
  Items items_;
  Order order_;
  std::list<std::uint32_t>::iterator hand_;
  bool hand_set_ = false;  // If not, it is at the oldest.
};

}  // namespace leyden::bench
