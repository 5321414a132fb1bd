#include "leyden/tokenizer/engine/uncertain_words.h"

namespace leyden::tokenizer::engine {

UncertainWords::~UncertainWords() {
  for (const auto& word : words_) delete word.load();
}

std::optional<std::uint32_t> UncertainWords::number(std::string_view word) {
  std::lock_guard lock(mutex_);
  if (auto known = numbers_.find(word); known != numbers_.end()) return known->second;
  if (numbers_.size() == kWordsMax) return std::nullopt;
  const auto number = static_cast<std::uint32_t>(numbers_.size());
  const auto* kept = new std::string(word);
  words_[number].store(kept, std::memory_order_release);
  numbers_.emplace(*kept, number);
  return number;
}

}  // namespace leyden::tokenizer::engine
