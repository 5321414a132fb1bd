#pragma once

#include <vector>

#include "leyden/agents/review/code_model.h"
#include "leyden/agents/review/rule.h"

namespace leyden::review {

// What a rule's condition on arguments asks of a call, as far as it needs no flow.

// Those of the call's arguments that the condition is about.
[[nodiscard]] std::vector<syntax::Node> arguments_for(const ArgumentCondition& condition,
                                                      const Call& call);
// f(*args, **kwargs) may give any.
[[nodiscard]] bool may_give_more(const Call& call);
// Whether the value's text is what `is`, `matches` and `string` say.
[[nodiscard]] bool text_fits(const ArgumentCondition& condition, syntax::Node value,
                             const CodeModel& model);

}  // namespace leyden::review
