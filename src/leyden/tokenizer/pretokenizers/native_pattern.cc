#include "leyden/tokenizer/pretokenizers/native_pattern.h"

namespace leyden::tokenizer {
namespace {

// These patterns match every character, so that both ways of writing it leave the matches.
bool leaves_matches(const SplitPattern& split) {
  return (split.behavior == SplitBehavior::isolated && !split.invert) ||
         (split.behavior == SplitBehavior::removed && split.invert);
}

}  // namespace

std::optional<Pattern> native_pattern(const std::vector<PretokenizerStep>& steps) {
  std::optional<Pattern> found;
  bool digits = false;
  bool written = false;  // In ByteLevel's letters: what follows cuts those.
  std::vector<const SplitPattern*> splits;
  for (const PretokenizerStep& step : steps) {
    if (written) return std::nullopt;
    if (const auto* split = std::get_if<SplitPattern>(&step)) {
      if (!split->is_regex || !leaves_matches(*split) || found || digits) return std::nullopt;
      splits.push_back(split);
    } else if (const auto* each = std::get_if<SplitDigits>(&step)) {
      if (!each->individual || digits || found || !splits.empty()) return std::nullopt;
      digits = true;
    } else if (const auto* byte_level = std::get_if<SplitByteLevel>(&step)) {
      written = true;
      if (byte_level->add_prefix_space) return std::nullopt;
      if (!byte_level->use_regex) continue;
      if (found || !splits.empty()) return std::nullopt;
      found = digits ? Pattern::digits_gpt2 : Pattern::gpt2;
    } else {
      return std::nullopt;
    }
  }
  if (splits.empty()) return found;
  if (splits.size() == 1) return pattern_of_regex(splits.front()->pattern);
  if (splits.size() != 3) return std::nullopt;
  return pattern_of_regexes(splits[0]->pattern, splits[1]->pattern, splits[2]->pattern);
}

}  // namespace leyden::tokenizer
