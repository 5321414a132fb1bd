#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace leyden::tokenizer::engine {

// Words that have no IDs of their own, numbered, so that tables can keep the number in place of IDs. Bounded: 16,384 words.
// Thread-safe; word() takes no lock.
class UncertainWords {
 public:
  static constexpr std::size_t kWordsMax = 1U << 14U;

  ~UncertainWords();
  // The word's number; nullopt for a new one when all are taken.
  [[nodiscard]] std::optional<std::uint32_t> number(std::string_view word);
  // Of a number that number() gave; valid as long as this.
  [[nodiscard]] std::string_view word(std::uint32_t number) const {
    return *words_[number].load(std::memory_order_acquire);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  // Views of words_.
  std::array<std::atomic<const std::string*>, kWordsMax> words_{};
};

}  // namespace leyden::tokenizer::engine
