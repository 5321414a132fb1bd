#pragma once

#include <algorithm>
#include <array>

#include "lists.h"

namespace leyden::bench {

// How often keys came, at most 15 each: a count-min sketch of four rows. All are halved after ten
// times as many accesses as the cache has entries.
class FrequencySketch {
 public:
  explicit FrequencySketch(std::size_t entries)
      : width_(std::max<std::size_t>(4 * entries, 64)), period_(10 * entries) {
    for (auto& row : rows_) row.resize(width_);
  }
  void add(std::uint32_t key) {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      std::uint8_t& counter = rows_[r][place(key, r)];
      if (counter < 15) ++counter;
    }
    if (++added_ < period_) return;
    added_ /= 2;
    for (auto& row : rows_) {
      for (std::uint8_t& counter : row) counter /= 2;
    }
  }
  [[nodiscard]] unsigned count(std::uint32_t key) const {
    unsigned least = 15;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      least = std::min<unsigned>(least, rows_[r][place(key, r)]);
    }
    return least;
  }

 private:
  [[nodiscard]] std::size_t place(std::uint32_t key, std::size_t row) const {
    std::uint64_t x = (std::uint64_t{key} << 3 | row) + 0x9e3779b97f4a7c15ULL;  // SplitMix64.
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return (x ^ (x >> 31)) % width_;
  }
  std::size_t width_;
  std::size_t period_;
  std::array<std::vector<std::uint8_t>, 4> rows_;
  std::size_t added_ = 0;
};

// W-TinyLFU (Einziger et al., TOS'17) in bytes, with a window of fixed size: what leaves the window
// must have come more often than all that it would push out of the main part together. The main
// part is a segmented LRU, 80 % of it protected.
class WTinyLfu final : public Policy {
 public:
  WTinyLfu(std::size_t budget, double window_share)
      : window_budget_(static_cast<std::size_t>(static_cast<double>(budget) * window_share)),
        main_budget_(budget - window_budget_),
        sketch_(std::max<std::size_t>(budget / kTypicalBytes, 16)) {}

  bool access(const Access& a) override {
    sketch_.add(a.key);
    if (Item& item = items_[a.key]; item.in != nullptr) {
      if (item.in == &window_) {
        items_.move(a.key, window_);
      } else {
        items_.move(a.key, protected_);
        while (protected_.bytes > main_budget_ / 5 * 4) {
          items_.move(protected_.keys.back(), probation_);
        }
      }
      return true;
    }
    if (a.bytes > main_budget_) return false;
    items_.insert(a.key, a.bytes, window_);
    while (window_.bytes > window_budget_) admit(window_.keys.back());
    return false;
  }

 private:
  void admit(std::uint32_t key) {
    const std::size_t bytes = items_[key].bytes;
    const std::size_t used = probation_.bytes + protected_.bytes;
    std::vector<std::uint32_t> victims;
    std::size_t freed = 0;
    unsigned count = 0;
    for (Order* order : {&probation_, &protected_}) {
      for (auto at = order->keys.rbegin();
           at != order->keys.rend() && used - freed + bytes > main_budget_; ++at) {
        victims.push_back(*at);
        freed += items_[*at].bytes;
        count += sketch_.count(*at);
      }
    }
    if (!victims.empty() && sketch_.count(key) <= count) {
      items_.remove(key);
      return;
    }
    for (std::uint32_t victim : victims) items_.remove(victim);
    items_.move(key, probation_);
  }

  static constexpr std::size_t kTypicalBytes = 1024;
  std::size_t window_budget_;
  std::size_t main_budget_;
  FrequencySketch sketch_;
  Items items_;
  Order window_;
  Order probation_;
  Order protected_;
};

}  // namespace leyden::bench
