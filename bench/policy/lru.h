#pragma once

#include "lists.h"

namespace leyden::bench {

// The least recently used goes first; kFifo: the oldest.
enum class Renew { no, yes };

template <Renew renew>
class Recency final : public Policy {
 public:
  explicit Recency(std::size_t budget) : budget_(budget) {}

  bool access(const Access& a) override {
    if (items_[a.key].in != nullptr) {
      if (renew == Renew::yes) items_.move(a.key, order_);
      return true;
    }
    if (a.bytes > budget_) return false;
    while (order_.bytes + a.bytes > budget_) items_.remove(order_.keys.back());
    items_.insert(a.key, a.bytes, order_);
    return false;
  }

 private:
  std::size_t budget_;
  Items items_;
  Order order_;
};

using Lru = Recency<Renew::yes>;
using Fifo = Recency<Renew::no>;

}  // namespace leyden::bench
