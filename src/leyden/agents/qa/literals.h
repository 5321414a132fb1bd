#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

inline constexpr std::size_t kLiteralsMax = 60;      // Of one kind, of a function.
inline constexpr std::size_t kLiteralBytesMax = 60;  // Of a text.

// Once, and as long as there is room.
template <class T>
void add_literal(std::vector<T>& all, T value) {
  if (all.size() < kLiteralsMax && std::ranges::find(all, value) == all.end())
    all.push_back(std::move(value));
}

// "1_000", "0xff", "0b1", "0o7"; nullopt: no whole number that fits into 53 bits.
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string text);

// What a literal between its marks says; `marks` stand for themselves behind a backslash. nullopt: it has rarer escapes, which make no better inputs.
[[nodiscard]] std::optional<std::string> unescaped(std::string_view text, std::string_view marks);

// Adds what a number says: "2.5", "1e3", "12".
void add_number(const std::string& text, bool negative, Literals& out);

// What `more` has as well, behind what is there.
void merge_literals(const Literals& more, Literals& out);

// Texts and numbers of a doc's examples: what people pass.
void read_doc_literals(std::string_view doc, Literals& out,
                       std::size_t text_bytes_max = kLiteralBytesMax);

}  // namespace leyden::qa
