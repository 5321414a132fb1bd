#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/agents/review/rule.h"
#include "leyden/agents/review/source_file.h"

namespace leyden::review {

// Rules made ready to run: names in hash tables, all queries of a language in one. Thread-safe.
class RuleEngine {
 public:
  // Whether to look at once whether rules are right for all their languages, or to make a language ready when its first file comes.
  enum class Check : std::uint8_t { as_needed, all_languages };
  // `rules` outlives the engine. Errors: invalid_argument: the rule whose query is wrong for one of its languages, or whose analysis is not
  // there; `as_needed`, such a language's rules find nothing.
  [[nodiscard]] static Result<std::unique_ptr<RuleEngine>> open(const RuleSet& rules, Check check);
  ~RuleEngine();

  // What the rules of these types find in a file, by place; without fingerprints. The same file gives the same findings.
  // Time is linear in the file but for rules' own work, which is bounded. Stopped, it gives what was found until then.
  [[nodiscard]] std::vector<Finding> run(const SourceFile& file,
                                         const std::vector<ReviewType>& types,
                                         std::stop_token stop = {}) const;

 private:
  struct Prepared;
  explicit RuleEngine(const RuleSet& rules);
  const RuleSet& rules_;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace leyden::review
