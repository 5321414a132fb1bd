#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/control_mark.h"
#include "leyden/tokenizer/flat_array.h"
#include "leyden/tokenizer/models/byte_trie.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// Finds one of many texts: the leftmost, and the longest there, as Hugging Face's Aho-Corasick (LeftmostLongest) does. Text
// without their first bytes costs a table look-up per byte. const, safe to share.
class TextSearch {
 public:
  TextSearch() = default;
  // `patterns`: text and a number of the caller's; of equal texts the last counts.
  explicit TextSearch(std::vector<std::pair<std::string_view, std::uint32_t>> patterns);
  // Of a trie of the patterns; no pattern has more than `longest` bytes.
  TextSearch(ByteTrie trie, std::size_t longest);

  struct Match {
    std::size_t position = 0;
    std::size_t length = 0;
    std::uint32_t value = 0;
  };
  // The first match at or behind `from`.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t from) const;
  // False when no pattern lies across the cut between the two.
  [[nodiscard]] bool spans_cut(std::string_view left, std::string_view right) const;
  [[nodiscard]] bool empty() const { return trie_.empty(); }
  [[nodiscard]] const ByteTrie& trie() const { return trie_; }
  [[nodiscard]] std::size_t longest() const { return longest_; }

 private:
  ByteTrie trie_;
  std::array<bool, 256> starts_{};
  std::optional<char> only_start_;  // Where all patterns begin with the same byte.
  std::size_t longest_ = 0;
};

// The added tokens of one tokenizer, of one of its two kinds: those searched in the text as given, or those searched in
// the normalized text. const, safe to share.
class AddedTokens {
 public:
  AddedTokens() = default;
  explicit AddedTokens(const std::vector<AddedToken>& tokens);

  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::optional<TokenId> token;  // Of an added token; otherwise text.
  };
  // Calls `take` with each part of `text`, from left to right. Empty parts are left out.
  template <class Take>
  void split(std::string_view text, const SpecialPolicy& policy, Take&& take) const {
    if (!may_match(policy)) {
      if (!text.empty()) take(Part{0, text.size(), std::nullopt});
      return;
    }
    std::size_t start = 0;  // Of what was not handed out yet.
    std::size_t from = 0;   // Of what was not searched yet.
    while (auto match = search_.find(text, from)) {
      from = match->position + match->length;
      const Token& token = tokens_[match->value];
      Part part{match->position, from, token.id};
      // What is not taken still hides what it overlaps: the search goes on behind it.
      if (!is_wanted(text.substr(match->position, match->length), token, policy) ||
          !widen(text, token, start, part))
        continue;
      if (start < part.begin) take(Part{start, part.begin, std::nullopt});
      take(part);
      start = part.end;
    }
    if (start < text.size()) take(Part{start, text.size(), std::nullopt});
  }

  // False when split() with this policy gives the text itself.
  [[nodiscard]] bool may_match(const SpecialPolicy& policy) const {
    return !tokens_.empty() && (any_ordinary_ || !policy.allows_none());
  }
  // True when, without special tokens, splitting both sides of the cut gives what splitting the whole gives, for sure.
  [[nodiscard]] bool is_safe_cut(std::string_view left, std::string_view right) const;

  // The parts, as an image keeps them.
  enum Flag : std::uint32_t { kSpecial = 1, kLstrip = 2, kRstrip = 4, kSingleWord = 8 };
  struct Token {
    TokenId id = 0;
    std::uint32_t flags = 0;
    [[nodiscard]] bool is(Flag flag) const { return (flags & flag) != 0; }
  };
  struct Tables {
    std::span<const Token> tokens;
    std::span<const ByteTrie::Unit> units;
    std::size_t longest = 0;
  };
  [[nodiscard]] Tables tables() const {
    return {tokens_.view(), search_.trie().units(), search_.longest()};
  }
  // A view of tables that outlive it. nullopt where an index in them leads nowhere.
  [[nodiscard]] static std::optional<AddedTokens> borrowed(const Tables& tables);

 private:
  AddedTokens(FlatArray<Token> tokens, TextSearch search);

  [[nodiscard]] static bool is_wanted(std::string_view text, const Token& token,
                                      const SpecialPolicy& policy) {
    if (token.is(kSpecial)) return policy.allows(token.id);
    return policy.allows_marks() || !is_control_mark(text);
  }
  // lstrip, rstrip and single_word: changes `part`; false when the token does not count here.
  [[nodiscard]] static bool widen(std::string_view text, const Token& token, std::size_t start,
                                  Part& part);

  FlatArray<Token> tokens_;
  TextSearch search_;
  bool any_ordinary_ = false;  // One that is not special.
  bool looks_around_ = false;  // An ordinary one with lstrip, rstrip or single_word.
};

}  // namespace leyden::tokenizer
