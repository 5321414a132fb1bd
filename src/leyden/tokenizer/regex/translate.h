#pragma once

#include <string>
#include <string_view>

#include "leyden/base/result.h"

namespace leyden::tokenizer {

// A pattern in the syntax of Hugging Face's files (Oniguruma's, as Ruby sets it) as one of PCRE2's that matches the same:
// character classes are spelled out at the patterns' version of Unicode, anchors match at lines as in Ruby, {n,m}+ is no
// possessive quantifier. Errors: unsupported, naming what can't be said.
[[nodiscard]] Result<std::string> translate_pattern(std::string_view pattern);

}  // namespace leyden::tokenizer
