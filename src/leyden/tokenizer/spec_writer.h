#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "leyden/tokenizer/spec_fields.h"

namespace leyden::tokenizer {

// Writes what has fields() into one buffer. Every text and list has its length in front, and every alternative of a variant its
// index, so that no two specifications write alike. `Format` says how numbers and merges are written:
//   static void number(std::string& out, std::uint64_t value);
//   static void merges(std::string& out, const std::vector<SpecMerge>& merges);
template <class Format>
class SpecWriter {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  [[nodiscard]] const std::string& content() const { return content_; }
  [[nodiscard]] std::string take() && { return std::move(content_); }

 private:
  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  void put(T value) {
    Format::number(content_, static_cast<std::uint64_t>(value));
  }
  void put(double value) { put(std::bit_cast<std::uint64_t>(value)); }
  void put(std::string_view text) {
    put(text.size());
    content_ += text;
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(const std::optional<TokenId>& id) { put(id ? std::uint64_t{*id} + 1 : 0); }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class T, std::size_t n>
  void put(const std::array<T, n>& values) {
    for (const T& value : values) put(value);
  }
  template <class T>
  void put(const std::vector<T>& values) {
    put(values.size());
    for (const T& value : values) put(value);
  }
  void put(const std::vector<SpecMerge>& merges) {
    put(merges.size());
    Format::merges(content_, merges);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& both) {
    (*this)(both.first, both.second);
  }
  template <class... T>
  void put(const std::variant<T...>& value) {
    put(value.index());
    std::visit([this](const auto& alternative) { this->put(alternative); }, value);
  }
  template <class T>
    requires requires(SpecWriter& writer, const T& part) { fields(writer, part); }
  void put(const T& part) {
    fields(*this, part);
  }

  std::string content_;
};

}  // namespace leyden::tokenizer
