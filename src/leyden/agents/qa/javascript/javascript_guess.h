#pragma once

#include "leyden/agents/qa/javascript/javascript_scope.h"
#include "leyden/agents/qa/javascript/javascript_types.h"
#include "leyden/agents/qa/value.h"

namespace leyden::qa {

// What a parameter seems to take where nothing says its type: by its default, by what the file does with it, by its name. `pattern`: its name or what
// takes it apart; `fallback`: its default, may be null; `body`: of its function.
[[nodiscard]] Type javascript_guess(const JavascriptScope& scope, const JavascriptNames& names,
                                    syntax::Node pattern, syntax::Node fallback, syntax::Node body);
// Whether the body goes on without it.
[[nodiscard]] bool javascript_may_be_missing(const JavascriptScope& scope, syntax::Node pattern,
                                             syntax::Node body);

}  // namespace leyden::qa
