#include "leyden/retrieval/query.h"

#include <algorithm>
#include <array>

namespace leyden::retrieval {
namespace {

// Words of questions that tell nothing about what is asked, as WordSplitter gives them: stems and forms.
constexpr std::array<std::string_view, 61> kStopWords = {
    "a",    "about", "after", "all",  "an",    "and", "ani",    "any",  "are",  "as",   "at",
    "be",   "been",  "by",    "can",  "could", "did", "do",     "doe",  "does", "for",  "from",
    "had",  "has",   "have",  "how",  "i",     "if",  "in",     "into", "is",   "it",   "its",
    "me",   "my",    "of",    "on",   "one",   "or",  "should", "so",   "that", "the",  "their",
    "then", "there", "these", "this", "to",    "was", "we",     "were", "what", "when", "where",
    "whi",  "which", "who",   "why",  "with",  "you"};

}  // namespace

std::vector<QueryWord> query_words(WordSplitter& splitter, std::string_view text) {
  constexpr std::size_t kWordsMax = 64;
  // More than any question has; beyond it only time is lost.
  constexpr std::size_t kBytesMax = 64 * 1024;
  std::vector<QueryWord> words;
  splitter.split(text.substr(0, kBytesMax), [&](const Word& word) {
    if (word.kind == WordKind::character) return;  // Its pairs tell more.
    const double weight = word.kind == WordKind::whole ? 1 : 0.5;
    auto same = std::ranges::find(words, word.text, &QueryWord::text);
    if (same != words.end()) {
      same->weight = std::max(same->weight, weight);
    } else if (words.size() < kWordsMax) {
      words.push_back({.text = std::string(word.text),
                       .weight = weight,
                       .telling = !std::ranges::binary_search(kStopWords, word.text)});
    }
  });
  // Better than nothing.
  if (std::ranges::none_of(words, &QueryWord::telling)) {
    for (QueryWord& word : words) word.telling = true;
  }
  return words;
}

}  // namespace leyden::retrieval
