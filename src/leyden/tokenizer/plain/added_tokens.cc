#include "leyden/tokenizer/plain/added_tokens.h"

#include <algorithm>

#include "leyden/tokenizer/control_mark.h"
#include "leyden/tokenizer/plain/reference_unicode.h"

namespace leyden::tokenizer::plain {
namespace {

bool is_space(char32_t c) { return unicode::in_set("rust_whitespace", c); }
bool is_word(char32_t c) { return unicode::in_set("rust_word", c); }

const Wanted* longest_at(std::u32string_view text, std::size_t at,
                         const std::vector<Wanted>& wanted) {
  const Wanted* best = nullptr;
  for (const Wanted& each : wanted) {
    if (each.chars.empty() || !text.substr(at).starts_with(each.chars)) continue;
    if (best == nullptr || each.chars.size() > best->chars.size()) best = &each;
  }
  return best;
}

}  // namespace

std::vector<Section> cut_at_added(const Text& text, const std::vector<Wanted>& wanted,
                                  const SpecialPolicy& policy) {
  std::vector<Section> sections;
  auto put = [&](std::size_t begin, std::size_t end, std::optional<TokenId> id) {
    if (begin < end) sections.push_back({text.part(begin, end), id});
  };
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Wanted* found = longest_at(text.chars, at, wanted);
    if (found == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + found->chars.size();
    at = end;  // Whatever becomes of it: the search goes on behind.
    const AddedToken& token = found->token;
    if (token.special && !policy.allows(token.id)) continue;
    if (!token.special && !policy.allows_marks() && is_control_mark(token.text)) continue;
    if (token.single_word && ((begin > 0 && is_word(text.chars[begin - 1])) ||
                              (end < text.size() && is_word(text.chars[end])))) {
      continue;
    }
    if (token.lstrip) {
      while (begin > 0 && is_space(text.chars[begin - 1])) --begin;
      begin = std::max(begin, done);
    }
    if (token.rstrip) {
      while (end < text.size() && is_space(text.chars[end])) ++end;
    }
    put(done, begin, std::nullopt);
    put(begin, end, token.id);
    done = end;
  }
  put(done, text.size(), std::nullopt);
  return sections;
}

}  // namespace leyden::tokenizer::plain
