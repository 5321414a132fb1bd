#include "leyden/retrieval/query.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace leyden::retrieval {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
// Everything beyond ASCII counts as part of a word: FTS5's own tokenizer looks closer.
bool is_word(char c) {
  return is_lower(c) || is_upper(c) || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

template <class F>
void for_each_word(std::string_view text, F&& f) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    if (!f(text.substr(at, end - at))) return;
    at = end;
  }
}

std::vector<std::string> split_camel(std::string_view word) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < word.size(); ++i) {
    bool begins = i > 0 && is_upper(word[i]) &&
                  (is_lower(word[i - 1]) || (i + 1 < word.size() && is_lower(word[i + 1])));
    if (begins && !parts.back().empty()) parts.emplace_back();
    parts.back() += word[i];
  }
  return parts;
}

// Words of questions that tell nothing about what is asked.
constexpr std::array<std::string_view, 58> kStopWords = {
    "a",    "about", "after", "all",   "an",    "and",  "any",  "are",    "as",  "at",
    "be",   "been",  "by",    "can",   "could", "did",  "do",   "does",   "for", "from",
    "had",  "has",   "have",  "how",   "i",     "if",   "in",   "into",   "is",  "it",
    "its",  "me",    "my",    "of",    "on",    "one",  "or",   "should", "so",  "that",
    "the",  "their", "then",  "there", "these", "this", "to",   "was",    "we",  "were",
    "what", "when",  "where", "which", "who",   "why",  "with", "you"};

}  // namespace

std::string camel_parts(std::string_view text) {
  std::string out;
  for_each_word(text, [&](std::string_view word) {
    auto parts = split_camel(word);
    if (parts.size() > 1) {
      for (const std::string& part : parts) out += part + ' ';
    }
    return true;
  });
  return out;
}

std::string full_text_query(std::string_view text) {
  constexpr std::size_t kWordsMax = 64;
  std::vector<std::string> words;
  std::vector<std::string> stop_words;
  std::set<std::string> seen;
  auto add = [&](const std::string& word) {
    std::string lower = word;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (!seen.insert(lower).second) return;
    (std::ranges::binary_search(kStopWords, lower) ? stop_words : words).push_back(word);
  };
  for_each_word(text, [&](std::string_view word) {
    add(std::string(word.substr(0, 200)));
    auto parts = split_camel(word);
    if (parts.size() > 1 && parts.size() < 10) {
      for (const std::string& part : parts) add(part);
    }
    return words.size() < kWordsMax && seen.size() < 10 * kWordsMax;
  });
  std::string query;
  for (const std::string& word : words.empty() ? stop_words : words) {
    if (!query.empty()) query += " OR ";
    query += '"' + word + '"';
  }
  return query;
}

}  // namespace leyden::retrieval
