#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leyden/base/guarded.h"
#include "leyden/base/token_id.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm::testing {

// IDs as they are in JSON: SGLang takes negative ones.
using WireIds = std::vector<std::int64_t>;

// A model that makes its answers up, the same for the same question: characters whole and cut into their bytes, and now and then
// bytes that are none.
class DoubleModel {
 public:
  // `tokenizer` outlives it. With an end token some prompts' answers end by themselves.
  DoubleModel(std::string name, const tokenizer::Tokenizer& tokenizer, std::size_t context_tokens,
              std::optional<TokenId> end_token);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const tokenizer::Tokenizer& tokenizer() const { return tokenizer_; }
  [[nodiscard]] std::size_t context_tokens() const { return context_tokens_; }

  struct Question {
    WireIds prompt;
    std::size_t max_tokens = 16;
    std::uint64_t seed = 0;  // 0: greedy.
    TokenIds stop_tokens;
    std::vector<std::string> stop_words;
    bool ignore_end = false;
    // Text that ends in a broken character waits for what follows it (vLLM, SGLang).
    bool holds_broken = false;
    // What waits at the end is never said (vLLM; llama.cpp while streaming); else U+FFFD.
    bool drops_tail = false;
  };
  struct Answer {
    TokenIds ids;                    // With the token that ended it, if one did.
    std::vector<std::string> texts;  // What each ID made complete.
    std::vector<bool> split;         // The text ends within a character, after this ID.
    bool stopped = false;            // By itself, a token or a word; else by its length.
    std::optional<TokenId> stop_token;
    std::string stop_word;

    [[nodiscard]] std::string text() const;
  };
  [[nodiscard]] Answer answer(const Question& question) const;

  [[nodiscard]] bool is_special(TokenId id) const;

 private:
  class Voice;
  std::string name_;
  const tokenizer::Tokenizer& tokenizer_;
  std::size_t context_tokens_;
  std::optional<TokenId> end_token_;
  TokenIds whole_;                    // Ordinary tokens of whole characters.
  TokenIds parts_;                    // Of parts of them.
  std::vector<TokenIds> characters_;  // Of several bytes each.
};

// What a server remembers of prompts and answers. Thread-safe.
class PrefixMemory {
 public:
  // How many IDs at the beginning of `prompt` are known for `salt`; never all of them: the last one is what a model starts
  // from.
  [[nodiscard]] std::size_t longest(const std::string& salt,
                                    std::span<const std::int64_t> prompt) const;
  void remember(const std::string& salt, WireIds ids);
  void forget();

 private:
  Guarded<std::map<std::string, std::deque<WireIds>>> known_;
};

}  // namespace leyden::llm::testing
