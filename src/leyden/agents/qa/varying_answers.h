#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace leyden::qa {

// A call that does not give the same twice (a drawn name, a token, the time) may still be tested: by what all its answers have in common.

// A regular expression that all of these match from end to end, in the syntax that ECMAScript, Python, PCRE, Ruby, Java and RE2 share: letters that never
// change and what is neither letter nor digit as they are, all else by its kind and number, "user-[0-9]{3}". Digits are never taken as they are, since tomorrow's
// date has others. nullopt: they have no form in common.
[[nodiscard]] std::optional<std::string> common_pattern(const std::vector<std::string>& texts);

// What a driver answered of one input, `first`, and of the same again and again. A result that is another text each time has the form "matches", or a claim of that
// kind, and a pattern as its text; of what a call changes or prints remains what is always the same. The answer is `stable` and says `varies`. nullopt: nothing
// holds for all.
[[nodiscard]] std::optional<nlohmann::json> common_answer(const nlohmann::json& first,
                                                          const nlohmann::json& others);

}  // namespace leyden::qa
