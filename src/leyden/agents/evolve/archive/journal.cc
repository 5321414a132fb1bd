#include "leyden/agents/evolve/archive/journal.h"

#include <nlohmann/json.hpp>

namespace leyden::evolve {
namespace {

using Json = nlohmann::json;

constexpr const char* kAnswers = R"(
CREATE TABLE answer(
  evaluator BLOB NOT NULL, generation INTEGER NOT NULL, place INTEGER NOT NULL,
  code BLOB, reasoning TEXT NOT NULL, tokens INTEGER NOT NULL, calls INTEGER NOT NULL,
  PRIMARY KEY(evaluator, generation, place)) WITHOUT ROWID;
)";

constexpr const char* kCosts = R"(
ALTER TABLE trajectory ADD COLUMN cost REAL NOT NULL DEFAULT 0;
ALTER TABLE answer ADD COLUMN cost REAL NOT NULL DEFAULT 0;
)";

const sql::FileKind& file_kind() {
  static const sql::FileKind kind{.application_id = 0x4C594556,  // "LYEV"
                                  .schema_version = 3,
                                  .schema = std::string(R"(
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE code(digest BLOB PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE trajectory(
  evaluator BLOB NOT NULL, number INTEGER NOT NULL, generation INTEGER NOT NULL, island INTEGER NOT NULL,
  code BLOB NOT NULL REFERENCES code(digest), parents TEXT NOT NULL, operator TEXT, reasoning TEXT NOT NULL,
  by_model INTEGER NOT NULL, tokens INTEGER NOT NULL, calls INTEGER NOT NULL, evaluation TEXT,
  UNIQUE(evaluator, number));
)") + kAnswers + kCosts,
                                  .upgrades = {kAnswers, kCosts},
                                  .when_damaged = "begin a new run",
                                  .when_absent = " is not there: no such run"};
  return kind;
}

// From the column on: tokens, calls, cost.
Spent spent_of(const sql::Statement& row, int column) {
  return {.tokens = static_cast<std::uint64_t>(row.number(column)),
          .calls = static_cast<std::uint64_t>(row.number(column + 1)),
          .cost = row.real(column + 2)};
}

Result<void> bind_and_run(sql::Statement& row, const Spent& spent) {
  return row.bind(static_cast<std::int64_t>(spent.tokens))
      .bind(static_cast<std::int64_t>(spent.calls))
      .bind(spent.cost)
      .run();
}

Trajectory trajectory_of(const sql::Statement& row) {
  Trajectory out;
  out.number = static_cast<std::size_t>(row.number(0));
  out.generation = static_cast<std::size_t>(row.number(1));
  out.island = static_cast<std::size_t>(row.number(2));
  out.code = row.text(3);
  for (const Json& parent : Json::parse(row.text(4), nullptr, false)) {
    if (parent.is_number_unsigned()) out.parents.push_back(parent.get<std::size_t>());
  }
  if (!row.is_null(5)) out.made_by = operator_named(row.text(5));
  out.reasoning = row.text(6);
  out.by_model = row.number(7) != 0;
  out.spent = spent_of(row, 8);
  out.digest = digest_of_code(out.code);
  return out;
}

Result<void> add_one(sql::Statement& code, sql::Statement& row, const Digest& evaluator,
                     const Trajectory& one) {
  if (auto done = code.bind(BytesView(one.digest.bytes)).bind(as_bytes(one.code)).run(); !done)
    return done;
  row.bind(BytesView(evaluator.bytes))
      .bind(static_cast<std::int64_t>(one.number))
      .bind(static_cast<std::int64_t>(one.generation))
      .bind(static_cast<std::int64_t>(one.island))
      .bind(BytesView(one.digest.bytes))
      .bind(std::string_view(Json(one.parents).dump()));
  if (one.made_by) {
    row.bind(to_string(*one.made_by));
  } else {
    row.bind_null();
  }
  row.bind(std::string_view(one.reasoning)).bind(std::int64_t{one.by_model});
  return bind_and_run(row, one.spent);
}

}  // namespace

std::string json_of(const Evaluation& evaluation) {
  Json out = {{"status", to_string(evaluation.status)},
              {"stage", evaluation.stage},
              {"reason", evaluation.reason},
              {"evidence", evaluation.evidence},
              {"samples", evaluation.samples},
              {"metrics", evaluation.metrics},
              {"runs", evaluation.runs},
              {"seconds", evaluation.seconds},
              {"limit_share", evaluation.limit_share}};
  if (evaluation.told) out["told"] = *evaluation.told;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Evaluation> evaluation_of(std::string_view json) {
  const Json read = Json::parse(json, nullptr, false);
  if (!read.is_object()) return fail(Errc::corrupt, "an evaluation in the run's file is damaged");
  Evaluation out;
  try {
    const auto status = status_named(read.at("status").get<std::string>());
    if (!status) return fail(Errc::corrupt, "an evaluation has an unknown status");
    out.status = *status;
    out.stage = read.at("stage").get<std::string>();
    out.reason = read.at("reason").get<std::string>();
    out.evidence = read.at("evidence").get<std::string>();
    out.samples = read.at("samples").get<std::vector<double>>();
    out.metrics = read.at("metrics").get<std::map<std::string, double>>();
    out.runs = read.at("runs").get<std::size_t>();
    out.seconds = read.at("seconds").get<double>();
    out.limit_share = read.value("limit_share", 0.0);  // Runs of before have none.
    if (const auto told = read.find("told"); told != read.end()) out.told = told->get<double>();
  } catch (const Json::exception& error) {
    return fail(Errc::corrupt, "an evaluation in the run's file is damaged: {}", error.what());
  }
  return out;
}

Result<Journal> Journal::open(const std::filesystem::path& file) {
  auto database = sql::Database::open(file, file_kind());
  if (!database) return std::unexpected(database.error());
  return Journal(*std::move(database));
}

Result<Journal> Journal::open_existing(const std::filesystem::path& file) {
  auto database = sql::Database::open(file, file_kind(), sql::OpenMode::existing);
  if (!database) return std::unexpected(database.error());
  return Journal(*std::move(database));
}

Result<std::map<std::string, std::string>> Journal::settings() {
  std::map<std::string, std::string> out;
  sql::Statement all(database_, "SELECT name, value FROM settings");
  for (;;) {
    auto row = all.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.emplace(all.text(0), all.text(1));
  }
}

Result<void> Journal::set(std::string_view name, std::string_view value) {
  return sql::Statement(database_, "INSERT OR REPLACE INTO settings(name, value) VALUES(?, ?)")
      .bind(name)
      .bind(value)
      .run();
}

Result<std::vector<Trajectory>> Journal::load(const Digest& evaluator) {
  std::vector<Trajectory> out;
  sql::Statement all(database_,
                     "SELECT number, generation, island, text, parents, operator, reasoning, "
                     "by_model, tokens, calls, cost, evaluation FROM trajectory JOIN code ON "
                     "code.digest = trajectory.code WHERE evaluator = ? ORDER BY number");
  all.bind(BytesView(evaluator.bytes));
  for (;;) {
    auto row = all.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.push_back(trajectory_of(all));
    if (out.back().number + 1 != out.size())
      return fail(Errc::corrupt, "the run's file lacks trajectory {}", out.size() - 1);
    if (all.is_null(11)) continue;
    auto evaluation = evaluation_of(all.text(11));
    if (!evaluation) return std::unexpected(evaluation.error());
    out.back().evaluation = *std::move(evaluation);
  }
}

Result<std::vector<std::string>> Journal::codes_of_others(const Digest& evaluator) {
  std::vector<std::string> out;
  sql::Statement all(database_,
                     "SELECT DISTINCT text FROM trajectory JOIN code ON code.digest = "
                     "trajectory.code WHERE evaluator <> ? AND json_extract(evaluation, "
                     "'$.status') = 'measured' ORDER BY trajectory.rowid DESC LIMIT 200");
  all.bind(BytesView(evaluator.bytes));
  for (;;) {
    auto row = all.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.emplace_back(all.text(0));
  }
}

Result<void> Journal::add(const Digest& evaluator, const std::vector<Trajectory>& proposed) {
  auto transaction = sql::Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  sql::Statement code(database_, "INSERT OR IGNORE INTO code(digest, text) VALUES(?, ?)");
  sql::Statement row(database_,
                     "INSERT INTO trajectory(evaluator, number, generation, island, code, parents, "
                     "operator, reasoning, by_model, tokens, calls, cost) VALUES(?, ?, ?, ?, ?, "
                     "?, ?, ?, ?, ?, ?, ?)");
  for (const Trajectory& one : proposed) {
    if (auto added = add_one(code, row, evaluator, one); !added) return added;
  }
  return transaction->commit();
}

Result<void> Journal::finish(const Digest& evaluator, std::size_t number,
                             const Evaluation& evaluation) {
  return sql::Statement(database_,
                        "UPDATE trajectory SET evaluation = ? WHERE evaluator = ? AND number = ?")
      .bind(std::string_view(json_of(evaluation)))
      .bind(BytesView(evaluator.bytes))
      .bind(static_cast<std::int64_t>(number))
      .run();
}

Result<std::optional<WrittenChild>> Journal::answer(const Digest& evaluator, std::size_t generation,
                                                    std::size_t place) {
  sql::Statement one(
      database_,
      "SELECT code, reasoning, tokens, calls, cost FROM answer WHERE evaluator = ? AND "
      "generation = ? AND place = ?");
  one.bind(BytesView(evaluator.bytes))
      .bind(static_cast<std::int64_t>(generation))
      .bind(static_cast<std::int64_t>(place));
  auto row = one.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<WrittenChild>();
  WrittenChild out{.code = {}, .reasoning = std::string(one.text(1)), .spent = spent_of(one, 2)};
  if (!one.is_null(0)) out.code = one.text(0);
  return std::optional(std::move(out));
}

Result<void> Journal::keep_answer(const Digest& evaluator, std::size_t generation,
                                  std::size_t place, const WrittenChild& answer) {
  sql::Statement row(database_,
                     "INSERT INTO answer(evaluator, generation, place, code, reasoning, tokens, "
                     "calls, cost) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  row.bind(BytesView(evaluator.bytes))
      .bind(static_cast<std::int64_t>(generation))
      .bind(static_cast<std::int64_t>(place));
  if (answer.code) {
    row.bind(as_bytes(*answer.code));
  } else {
    row.bind_null();
  }
  row.bind(std::string_view(answer.reasoning));
  return bind_and_run(row, answer.spent);
}

}  // namespace leyden::evolve
