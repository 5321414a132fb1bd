#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leyden::retrieval {

struct VectorHit {
  std::int64_t passage = 0;
  float score = 0;  // Inner product.
  bool operator==(const VectorHit&) const = default;
};

// Equal scores by passage, so that equal questions give equal orders.
[[nodiscard]] inline bool is_before(const VectorHit& a, const VectorHit& b) {
  return a.score != b.score ? a.score > b.score : a.passage < b.passage;
}

// The best `k` of what is offered. Confined to one thread.
class BestHits {
 public:
  explicit BestHits(std::size_t k) : k_(k) {}

  // Whether a hit with that score would be kept: to ask before what is dear to ask.
  [[nodiscard]] bool wants(const VectorHit& hit) const {
    return heap_.size() < k_ || (k_ > 0 && is_before(hit, heap_.front()));
  }
  void offer(const VectorHit& hit) {
    if (!wants(hit)) return;
    if (heap_.size() == k_) {
      std::ranges::pop_heap(heap_, is_before);
      heap_.pop_back();
    }
    heap_.push_back(hit);
    std::ranges::push_heap(heap_, is_before);
  }
  // Best first. Nothing is left.
  [[nodiscard]] std::vector<VectorHit> take() {
    std::ranges::sort(heap_, is_before);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<VectorHit> heap_;  // The worst at its front.
};

}  // namespace leyden::retrieval
