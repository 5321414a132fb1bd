#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// The inputs that are still to be run. One that ends its process costs a new one; a function that did so often is left alone.
class RemainingInputs {
 public:
  // `ends` counts by function, over as many searches as it lives.
  RemainingInputs(std::span<const Input> inputs, std::map<std::size_t, std::size_t>& ends)
      : all_(inputs), left_(inputs), ends_(ends) {
    leave_out(0);
  }
  [[nodiscard]] std::span<const Input> inputs() const { return left_; }
  // Among all, of one of them.
  [[nodiscard]] std::size_t place(std::size_t i) const { return places_.empty() ? i : places_[i]; }
  void ended_at(std::size_t i) {
    ++ends_[left_[i].function()];
    leave_out(place(i) + 1);
  }

 private:
  static constexpr std::size_t kEndsMax = 3;  // Processes that inputs of one function may end.

  void leave_out(std::size_t first) {
    std::vector<Input> kept;
    places_.clear();
    for (std::size_t i = first; i < all_.size(); ++i) {
      if (const auto ended = ends_.find(all_[i].function());
          ended != ends_.end() && ended->second >= kEndsMax)
        continue;
      kept.push_back(all_[i]);
      places_.push_back(i);
    }
    kept_ = std::move(kept);
    left_ = kept_;
  }

  std::span<const Input> all_;
  std::span<const Input> left_;
  std::vector<Input> kept_;
  std::vector<std::size_t> places_;
  std::map<std::size_t, std::size_t>& ends_;
};

}  // namespace leyden::qa
