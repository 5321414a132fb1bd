#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/archive/trajectory.h"
#include "leyden/agents/evolve/archive/written_child.h"
#include "leyden/base/result.h"
#include "leyden/sql/database.h"

namespace leyden::evolve {

// A run on disk: what was proposed and what came of it, whole, in one SQLite file. Codes are kept once each, by their digest. A generation's proposals are
// written together before any of them is evaluated, each evaluation when it is done: a process that is killed at any moment leaves what it
// had finished, and who opens the file again goes on from there. Thread-safe as far as sql::Database is: one thread writes.
class Journal {
 public:
  // Makes the file where it is not there. Errors: the database's.
  [[nodiscard]] static Result<Journal> open(const std::filesystem::path& file);
  // Errors: not_found.
  [[nodiscard]] static Result<Journal> open_existing(const std::filesystem::path& file);

  // Settings of the run, by name.
  [[nodiscard]] Result<std::map<std::string, std::string>> settings();
  [[nodiscard]] Result<void> set(std::string_view name, std::string_view value);

  // All that were proposed under this evaluator, by number. A changed evaluator sees none of the others.
  [[nodiscard]] Result<std::vector<Trajectory>> load(const Digest& evaluator);
  // Those of the evaluator before this one that had a fitness, codes only, the last evaluator's first: what may be measured again.
  [[nodiscard]] Result<std::vector<std::string>> codes_of_others(const Digest& evaluator);

  [[nodiscard]] Result<void> add(const Digest& evaluator, const std::vector<Trajectory>& proposed);
  [[nodiscard]] Result<void> finish(const Digest& evaluator, std::size_t number,
                                    const Evaluation& evaluation);

  // What a model answered to the question at this place of a generation; nothing: it was not asked yet, or the process ended first.
  [[nodiscard]] Result<std::optional<WrittenChild>> answer(const Digest& evaluator,
                                                           std::size_t generation,
                                                           std::size_t place);
  [[nodiscard]] Result<void> keep_answer(const Digest& evaluator, std::size_t generation,
                                         std::size_t place, const WrittenChild& answer);

 private:
  explicit Journal(sql::Database database) : database_(std::move(database)) {}
  sql::Database database_;
};

// An evaluation as JSON and back, every number exactly. Errors: corrupt.
[[nodiscard]] std::string json_of(const Evaluation& evaluation);
[[nodiscard]] Result<Evaluation> evaluation_of(std::string_view json);

}  // namespace leyden::evolve
