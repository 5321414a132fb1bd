#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "leyden/agents/qa/value.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

using ClassNames = std::set<std::string, std::less<>>;

// What an annotation means: `Optional[list[int]]`, `"Cart"`, `int | None`. Unknown where it names what we can't make.
[[nodiscard]] Type python_annotation(std::string_view text, const ClassNames& classes);

// The type of a parameter without an annotation: by its default, by what the body does with it, by its name. `text` is what the nodes are of.
[[nodiscard]] Type python_guess(std::string_view name, syntax::Node fallback, syntax::Node body,
                                std::string_view text);

}  // namespace leyden::qa
