#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leyden::qa {

// A text in double quotes, as Python and JavaScript read it. UTF-8 stays.
[[nodiscard]] std::string quoted_text(std::string_view text);

[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view by);

// Appends what is not there yet.
template <class T>
void add_new(std::vector<T>& all, T one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(std::move(one));
}

// "find_median" of "findMedian", for names of tests.
[[nodiscard]] std::string snake_case(std::string_view name);

// "HighSchool" of "high_school", "rna-transcription".
[[nodiscard]] std::string pascal_case(std::string_view name);

[[nodiscard]] std::string_view trimmed(std::string_view text);

// The text with another word wherever one stands by itself: letters, digits and _ belong to words.
[[nodiscard]] std::string with_word_replaced(std::string_view text, std::string_view word,
                                             std::string_view by);

// The parts between the separators that stand in no bracket: "a, (b, c)" by ',' has two.
[[nodiscard]] std::vector<std::string_view> parts_of(std::string_view text, char by);

// A model's answer: its first block in fences, else all of it.
[[nodiscard]] std::string_view code_of(std::string_view answer);

}  // namespace leyden::qa
