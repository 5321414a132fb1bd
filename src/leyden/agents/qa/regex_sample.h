#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leyden::qa {

// Some texts that a regular expression matches: its alternatives, with and without what is optional. Of what Python, JavaScript, Ruby, PHP and others
// have in common; look-around is passed over, references to groups are not understood. Each text is checked against the expression
// (PCRE2). Empty: it is not understood, or it is plain text.
[[nodiscard]] std::vector<std::string> texts_matching(std::string_view expression);

}  // namespace leyden::qa
