#pragma once

#include "lists.h"

namespace leyden::bench {

// S3-FIFO (Yang et al., SOSP'23) in bytes: small queue of 10 %, one reading is enough to go on to
// the main queue, ghosts for as many bytes as the main queue has.
class S3Fifo final : public Policy {
 public:
  explicit S3Fifo(std::size_t budget)
      : budget_(budget), small_target_(budget / 10), ghost_limit_(budget - budget / 10) {}

  bool access(const Access& a) override {
    if (Item& item = items_[a.key]; item.in != nullptr) {
      item.reads = std::min(item.reads + 1, 3U);
      return true;
    }
    if (a.bytes > budget_) return false;
    const bool known = ghosts_[a.key].in != nullptr;
    if (known) ghosts_.remove(a.key);
    while (small_.bytes + main_.bytes + a.bytes > budget_) evict();
    items_.insert(a.key, a.bytes, known ? main_ : small_);
    return false;
  }

 private:
  void evict() {
    while (true) {
      const bool from_small = small_.bytes > small_target_ || main_.keys.empty();
      const std::uint32_t key = from_small ? small_.keys.back() : main_.keys.back();
      Item& item = items_[key];
      if (item.reads == 0) {
        if (from_small) remember(key, item.bytes);
        items_.remove(key);
        return;
      }
      item.reads = from_small ? 0 : item.reads - 1;
      items_.move(key, main_);
    }
  }
  void remember(std::uint32_t key, std::size_t bytes) {
    if (ghosts_[key].in != nullptr) ghosts_.remove(key);
    ghosts_.insert(key, bytes, ghost_order_);
    while (ghost_order_.bytes > ghost_limit_) ghosts_.remove(ghost_order_.keys.back());
  }

  std::size_t budget_;
  std::size_t small_target_;
  std::size_t ghost_limit_;
  Items items_;
  Order small_;
  Order main_;
  Items ghosts_;
  Order ghost_order_;
};

}  // namespace leyden::bench
