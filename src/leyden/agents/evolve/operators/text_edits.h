#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "leyden/agents/evolve/random.h"

namespace leyden::evolve {

// Another text of the kind: a piece goes, brackets go or what they hold, a character becomes another of the text, two change places, a piece stands
// again elsewhere. For what programs hold as text: patterns, formats, tables. nullopt where the dice found none.
[[nodiscard]] std::optional<std::string> text_changed(std::string_view text, Random& random);

}  // namespace leyden::evolve
