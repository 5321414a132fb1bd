#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace leyden::tokenizer {

// An array of a built tokenizer: its own, or a part of a mapped image, which whoever holds the array keeps mapped. const,
// safe to share.
template <class T>
class FlatArray {
 public:
  FlatArray() = default;
  explicit FlatArray(std::vector<T> own) : own_(std::move(own)), elements_(own_) {}
  [[nodiscard]] static FlatArray borrowed(std::span<const T> elements) {
    FlatArray array;
    array.elements_ = elements;
    return array;
  }
  // A vector that is moved keeps its elements where they are.
  FlatArray(FlatArray&& other) noexcept
      : own_(std::move(other.own_)), elements_(std::exchange(other.elements_, {})) {}
  FlatArray& operator=(FlatArray&& other) noexcept {
    own_ = std::move(other.own_);
    elements_ = std::exchange(other.elements_, {});
    return *this;
  }
  ~FlatArray() = default;

  [[nodiscard]] std::span<const T> view() const { return elements_; }
  [[nodiscard]] const T* data() const { return elements_.data(); }
  [[nodiscard]] std::size_t size() const { return elements_.size(); }
  [[nodiscard]] bool empty() const { return elements_.empty(); }
  [[nodiscard]] const T& operator[](std::size_t i) const { return elements_[i]; }

  // While building, never on a borrowed array.
  template <class Edit>
  void edit(Edit&& change) {
    change(own_);
    elements_ = own_;
  }

 private:
  std::vector<T> own_;
  std::span<const T> elements_;
};

}  // namespace leyden::tokenizer
