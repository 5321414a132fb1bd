#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "leyden/tokenizer/spec_fields.h"

namespace leyden::tokenizer::image {

// The last enumerator of every enumeration that is read.
template <class E>
inline constexpr E kLast{};
template <>
inline constexpr auto kLast<NormalizeUnicode::Form> = NormalizeUnicode::Form::nfkd;
template <>
inline constexpr auto kLast<NormalizeCharsmap::Matching> = NormalizeCharsmap::Matching::huggingface;
template <>
inline constexpr auto kLast<SplitBehavior> = SplitBehavior::contiguous;
template <>
inline constexpr auto kLast<SplitMetaspace::Prepend> = SplitMetaspace::Prepend::first;
template <>
inline constexpr auto kLast<UnigramSpec::Piece::Kind> = UnigramSpec::Piece::Kind::unused;

// Reads what CompactWriter wrote. Safe on any bytes, in memory of a small multiple of their number: whatever does not fit is
// remembered, and reading goes on with zeros.
class CompactReader {
 public:
  explicit CompactReader(std::string_view content) : rest_(content) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  // All was read, and all of it fitted.
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }

 private:
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    return stop();
  }
  std::uint64_t number_up_to(std::uint64_t most) {
    std::uint64_t value = number();
    return value <= most ? value : stop();
  }
  // A count of things that take a byte each at least.
  std::size_t count() { return number_up_to(rest_.size()); }
  std::uint64_t stop() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  template <class T>
    requires std::is_integral_v<T>
  void get(T& value) {
    value = static_cast<T>(number_up_to(std::numeric_limits<T>::max()));
  }
  void get(bool& value) { value = number_up_to(1) != 0; }
  void get(char32_t& value) { value = static_cast<char32_t>(number_up_to(0x10FFFF)); }
  template <class T>
    requires std::is_enum_v<T>
  void get(T& value) {
    value = static_cast<T>(number_up_to(static_cast<std::uint64_t>(kLast<T>)));
  }
  void get(double& value) { value = std::bit_cast<double>(number()); }
  void get(std::string& text) {
    text = rest_.substr(0, count());
    rest_.remove_prefix(text.size());
  }
  void get(std::optional<TokenId>& id) {
    std::uint64_t value = number_up_to(std::uint64_t{1} << 32);
    id.reset();
    if (value != 0) id = static_cast<TokenId>(value - 1);
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool there = false;
    get(there);
    value.reset();
    if (there) get(value.emplace());
  }
  template <class T, std::size_t n>
  void get(std::array<T, n>& values) {
    for (T& value : values) get(value);
  }
  template <class T>
  void get(std::vector<T>& values) {
    const std::size_t size = count();
    values.clear();
    values.reserve(size);
    while (ok_ && values.size() < size) get(values.emplace_back());
  }
  void get(std::vector<SpecMerge>& merges) {
    const std::size_t size = count();
    merges.clear();
    merges.reserve(size);
    SpecMerge last;
    // Differences, the signs in the lowest bits.
    auto add = [&](std::uint32_t& value) {
      std::uint64_t difference = number();
      value += static_cast<std::uint32_t>(difference >> 1 ^ (0 - (difference & 1)));
    };
    while (ok_ && merges.size() < size) {
      get(last.left);
      get(last.right);
      add(last.merged);
      add(last.rank);
      merges.push_back(last);
    }
  }
  template <class A, class B>
  void get(std::pair<A, B>& both) {
    (*this)(both.first, both.second);
  }
  template <class... T>
  void get(std::variant<T...>& value) {
    const std::uint64_t wanted = number_up_to(sizeof...(T) - 1);
    std::size_t index = 0;
    ((index++ == wanted ? get(value.template emplace<T>()) : void()), ...);
  }
  template <class T>
    requires requires(CompactReader& reader, T& part) { fields(reader, part); }
  void get(T& part) {
    fields(*this, part);
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace leyden::tokenizer::image
