#include "leyden/tokenizer/safe_cut.h"

#include <algorithm>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/pretokenizers/native_pattern.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

constexpr std::string_view kBlock = "\xE2\x96\x81";  // U+2581

template <class T>
bool is(const NormalizerStep& step) {
  return std::holds_alternative<T>(step);
}
template <class T>
bool is(const PretokenizerStep& step) {
  return std::holds_alternative<T>(step);
}

// " " becomes U+2581, and nothing else happens: Gemma's normalizer.
bool only_marks_spaces(const std::vector<NormalizerStep>& steps) {
  if (steps.size() != 1) return false;
  const auto* replace = std::get_if<NormalizeReplace>(&steps.front());
  return replace != nullptr && !replace->is_regex && replace->pattern == " " &&
         replace->content == kBlock;
}

// Nothing, or Gemma 3's Split at spaces, of which the normalizer leaves none.
bool leaves_marked_text_whole(const std::vector<PretokenizerStep>& steps) {
  return std::ranges::all_of(steps, [](const PretokenizerStep& step) {
    const auto* split = std::get_if<SplitPattern>(&step);
    return split != nullptr && !split->is_regex && split->pattern == " " && !split->invert;
  });
}

// Characters to characters, each for itself or together with marks behind it.
bool changes_characters_only(const NormalizerStep& step) {
  return is<NormalizeUnicode>(step) || is<NormalizeBert>(step) || is<NormalizeLowercase>(step) ||
         is<NormalizeStripAccents>(step);
}

// Pieces are cut without regard to where they stand.
bool forgets_places(const PretokenizerStep& step) {
  const auto* metaspace = std::get_if<SplitMetaspace>(&step);
  return metaspace == nullptr || metaspace->prepend != SplitMetaspace::Prepend::first;
}

// Not the other two that C calls spaces: BertNormalizer deletes them.
bool is_ascii_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What the rules look at: the last characters of `left` (two are enough) and the first ones of `right`, as far as they are
// well-formed; empty where they are not.
std::string_view end_of(std::string_view left) {
  std::size_t begin = left.size() > 12 ? left.size() - 12 : 0;
  while (begin > 0 && begin < left.size() &&
         (static_cast<unsigned char>(left[begin]) & 0xC0U) == 0x80)
    ++begin;
  std::string_view end = left.substr(begin);
  return utf8::is_valid(end) ? end : std::string_view();
}
std::string_view beginning_of(std::string_view right) {
  right = right.substr(0, 4096);
  return right.substr(0, utf8::valid_prefix(right));
}

using Rule = SafeCutFacts::Rule;

Rule rule_of(const TokenizerSpec& spec) {
  const auto& normalizers = spec.normalizers;
  const auto& cutters = spec.pretokenizers;
  bool only_forms = std::ranges::all_of(
      normalizers, [](const NormalizerStep& step) { return is<NormalizeUnicode>(step); });
  if (only_forms && native_pattern(cutters)) return Rule::pattern;
  if (!cutters.empty() && std::ranges::all_of(normalizers, changes_characters_only) &&
      std::ranges::all_of(cutters, forgets_places) &&
      (is<SplitBert>(cutters[0]) || is<SplitWhitespace>(cutters[0]) ||
       is<SplitOnWhitespace>(cutters[0]))) {
    return Rule::words;
  }
  if (only_forms && cutters.size() == 1 && is<SplitMetaspace>(cutters[0])) {
    const auto& metaspace = std::get<SplitMetaspace>(cutters[0]);
    if (metaspace.split && metaspace.replacement == kBlock) return Rule::metaspace;
  }
  const auto* bpe = std::get_if<BpeSpec>(&spec.model);
  if (bpe != nullptr && !bpe->byte_level && !bpe->whole_first && bpe->user_defined.empty() &&
      bpe->continuing_subword_prefix.empty() && bpe->end_of_word_suffix.empty() &&
      only_marks_spaces(normalizers) && leaves_marked_text_whole(cutters) &&
      std::ranges::count(bpe->tokens, kBlock, &SpecToken::bytes) == 1) {
    return Rule::block_merge;
  }
  return Rule::none;
}

// nullopt where there is a merge of tokens that we can't look into.
std::optional<std::vector<char32_t>> joined_with_blocks(const BpeSpec& bpe) {
  TokenId highest = 0;
  for (const SpecToken& token : bpe.tokens) highest = std::max(highest, token.id);
  struct Token {
    bool known = false;
    bool begins_with_block = false;
    char32_t last = 0;
  };
  std::vector<Token> by_id(highest + std::size_t{1});
  for (const SpecToken& token : bpe.tokens) {
    if (token.bytes.empty() || !utf8::is_valid(token.bytes)) continue;
    by_id[token.id] = {true, token.bytes.starts_with(kBlock),
                       char_before(token.bytes, token.bytes.size()).code_point};
  }
  std::vector<char32_t> joined;
  for (const SpecMerge& merge : bpe.merges) {
    if (std::max(merge.left, merge.right) > highest || !by_id[merge.left].known ||
        !by_id[merge.right].known)
      return std::nullopt;
    if (by_id[merge.right].begins_with_block) joined.push_back(by_id[merge.left].last);
  }
  std::ranges::sort(joined);
  auto again = std::ranges::unique(joined);
  joined.erase(again.begin(), again.end());
  return joined;
}

}  // namespace

SafeCutFacts safe_cut_facts(const TokenizerSpec& spec) {
  SafeCutFacts facts{.rule = rule_of(spec),
                     .pattern = native_pattern(spec.pretokenizers),
                     .right_must_be_ascii = !spec.normalizers.empty(),
                     .joined = {}};
  if (facts.rule != Rule::block_merge) return facts;
  if (auto joined = joined_with_blocks(std::get<BpeSpec>(spec.model))) {
    facts.joined = *std::move(joined);
  } else {
    facts.rule = Rule::none;
  }
  return facts;
}

bool SafeCut::holds(std::string_view left, std::string_view right) const {
  if (facts_.rule == Rule::none) return false;
  // The rules speak of characters: nothing is claimed for a cut beside ill-formed bytes.
  left = end_of(left);
  right = beginning_of(right);
  if (left.empty() || right.empty()) return false;
  char32_t before = char_before(left, left.size()).code_point;
  switch (facts_.rule) {
    case Rule::pattern:
      if (facts_.right_must_be_ascii && static_cast<unsigned char>(right.front()) >= 0x80)
        return false;
      return is_pretoken_border(*facts_.pattern, left, right);
    case Rule::words:
      return is_ascii_space(right.front()) ||
             (is_ascii_space(left.back()) && static_cast<unsigned char>(right.front()) < 0x80);
    case Rule::metaspace:
      return right.front() == ' ' && before != ' ' && before != 0x2581;
    case Rule::block_merge:
      return right.front() == ' ' && before != ' ' && before != 0x2581 &&
             !std::ranges::binary_search(facts_.joined, before);
    case Rule::none:
      break;
  }
  return false;
}

}  // namespace leyden::tokenizer
