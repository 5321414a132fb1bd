#include "leyden/tokenizer/added_tokens.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "leyden/tokenizer/unicode_classes.h"
#include "leyden/tokenizer/unicode_properties.h"

namespace leyden::tokenizer {
namespace {

std::size_t longest_of(const std::vector<std::pair<std::string_view, std::uint32_t>>& patterns) {
  std::size_t longest = 0;
  for (const auto& [text, value] : patterns) longest = std::max(longest, text.size());
  return longest;
}

}  // namespace

TextSearch::TextSearch(std::vector<std::pair<std::string_view, std::uint32_t>> patterns) {
  const std::size_t longest = longest_of(patterns);
  *this = TextSearch(ByteTrie(std::move(patterns)), longest);
}

TextSearch::TextSearch(ByteTrie trie, std::size_t longest)
    : trie_(std::move(trie)), longest_(longest) {
  if (empty()) return;
  for (std::size_t byte = 0; byte < starts_.size(); ++byte)
    starts_[byte] = trie_.next(ByteTrie::kRoot, static_cast<char>(byte)).has_value();
  if (std::ranges::count(starts_, true) == 1)
    only_start_ = static_cast<char>(std::ranges::find(starts_, true) - starts_.begin());
}

std::optional<TextSearch::Match> TextSearch::find(std::string_view text, std::size_t from) const {
  if (empty()) return std::nullopt;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (only_start_) {
      const void* found = std::memchr(text.data() + at, *only_start_, text.size() - at);
      if (found == nullptr) return std::nullopt;
      at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    } else {
      while (at < text.size() && !starts_[static_cast<std::uint8_t>(text[at])]) ++at;
      if (at == text.size()) return std::nullopt;
    }
    if (auto match = trie_.longest_prefix(text.substr(at))) {
      return Match{at, match->length, match->value};
    }
  }
  return std::nullopt;
}

bool TextSearch::spans_cut(std::string_view left, std::string_view right) const {
  if (empty() || right.empty()) return false;
  std::size_t first = left.size() > longest_ ? left.size() - longest_ : 0;
  for (std::size_t start = first; start < left.size(); ++start) {
    if (!starts_[static_cast<std::uint8_t>(left[start])]) continue;
    ByteTrie::Node node = ByteTrie::kRoot;
    bool alive = true;
    for (std::size_t i = start; i < left.size() && alive; ++i) {
      auto child = trie_.next(node, left[i]);
      alive = child.has_value();
      if (alive) node = *child;
    }
    // A pattern that begins here and goes on where `right` begins: conservative, it need not end.
    if (alive && trie_.next(node, right.front())) return true;
  }
  return false;
}

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens) {
  std::vector<Token> found;
  std::vector<std::pair<std::string_view, std::uint32_t>> patterns;
  for (const AddedToken& token : tokens) {
    patterns.emplace_back(token.text, static_cast<std::uint32_t>(found.size()));
    std::uint32_t flags = 0;
    if (token.special) flags |= kSpecial;
    if (token.lstrip) flags |= kLstrip;
    if (token.rstrip) flags |= kRstrip;
    if (token.single_word) flags |= kSingleWord;
    found.push_back({token.id, flags});
  }
  *this = AddedTokens(FlatArray(std::move(found)), TextSearch(std::move(patterns)));
}

AddedTokens::AddedTokens(FlatArray<Token> tokens, TextSearch search)
    : tokens_(std::move(tokens)), search_(std::move(search)) {
  for (const Token& token : tokens_.view()) {
    if (token.is(kSpecial)) continue;
    any_ordinary_ = true;
    looks_around_ = looks_around_ || (token.flags & (kLstrip | kRstrip | kSingleWord)) != 0;
  }
}

std::optional<AddedTokens> AddedTokens::borrowed(const Tables& tables) {
  auto trie = ByteTrie::borrowed(tables.units, tables.tokens.size());
  if (!trie) return std::nullopt;
  return AddedTokens(FlatArray<Token>::borrowed(tables.tokens),
                     TextSearch(*std::move(trie), tables.longest));
}

// Hugging Face's AddedVocabulary::find_matches.
bool AddedTokens::widen(std::string_view text, const Token& token, std::size_t start, Part& part) {
  if (token.is(kSingleWord)) {
    ClassedChar before = char_before(text, part.begin);
    ClassedChar after = classed_char(text, part.end);
    auto is_word = [](ClassedChar c) {
      return c.size != 0 && (char_properties(c.code_point) & kWord) != 0;
    };
    if (is_word(before) || is_word(after)) return false;
  }
  if (token.is(kLstrip)) {
    std::size_t at = part.begin;
    while (at > 0) {
      ClassedChar c = char_before(text, at);
      if ((c.char_class & kWhitespace) == 0) break;
      at -= c.size;
    }
    part.begin = std::max(at, start);  // An earlier token may have taken them.
  }
  if (token.is(kRstrip)) {
    while (true) {
      ClassedChar c = classed_char(text, part.end);
      if ((c.char_class & kWhitespace) == 0) break;
      part.end += c.size;
    }
  }
  return true;
}

bool AddedTokens::is_safe_cut(std::string_view left, std::string_view right) const {
  if (!any_ordinary_) return true;
  return !looks_around_ && !search_.spans_cut(left, right);
}

}  // namespace leyden::tokenizer
