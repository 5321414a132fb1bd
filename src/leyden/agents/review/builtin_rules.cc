#include "leyden/agents/review/embedded_rules.h"

namespace leyden::review {

Result<RuleSet> RuleSet::builtin() { return read_rules(embedded_rules()); }

}  // namespace leyden::review
