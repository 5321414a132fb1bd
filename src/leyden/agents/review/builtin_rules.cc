#include "leyden/agents/review/embedded_rules.h"

namespace leyden::review {

Result<RuleSet> RuleSet::builtin(Examples examples) {
  return read_rules(embedded_rules(), examples);
}

}  // namespace leyden::review
