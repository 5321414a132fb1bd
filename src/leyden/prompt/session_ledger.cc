#include "leyden/prompt/session_ledger.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/prompt/packed_ids.h"
#include "leyden/prompt/session_seal.h"

namespace leyden::prompt {
namespace {

constexpr std::size_t kTurnIdsMax = std::size_t{1} << 24;
constexpr std::size_t kTextBytesMax = 64 * MiB;

constexpr const char* kSchema = R"(
CREATE TABLE sessions(
  id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, name TEXT NOT NULL, tokenizer BLOB NOT NULL, tokenizer_name TEXT NOT NULL,
  vocabulary INTEGER NOT NULL, model TEXT NOT NULL, chat_format TEXT NOT NULL, reasoning INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  turns INTEGER NOT NULL, ids INTEGER NOT NULL, updated_ms INTEGER NOT NULL, head BLOB NOT NULL, row_check BLOB NOT NULL,
  UNIQUE(tenant, name));
CREATE TABLE turns(
  session INTEGER NOT NULL REFERENCES sessions(id), number INTEGER NOT NULL, shared INTEGER NOT NULL, prompt BLOB NOT NULL,
  response BLOB NOT NULL, end_inferred INTEGER NOT NULL, logprobs BLOB NOT NULL, question BLOB NOT NULL, answer BLOB NOT NULL,
  ended INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, reused INTEGER, at_ms INTEGER NOT NULL, turn_check BLOB NOT NULL,
  reward REAL, reward_check BLOB, PRIMARY KEY(session, number));
)";

constexpr std::string_view kSessionColumns =
    "id, tenant, name, tokenizer, tokenizer_name, vocabulary, model, chat_format, reasoning, "
    "created_ms, turns, ids, updated_ms, head, row_check";

const sql::FileKind& file_kind() {
  static const sql::FileKind kind{
      .application_id = 0x4C595345,  // "LYSE"
      .schema_version = 1,
      .schema = kSchema,
      .upgrades = {},
      .when_damaged = "put back a copy of it, or move it away to begin anew",
      .when_absent =
          " is not there, no session was ever kept: begin one with `leyden ask "
          "--session NAME`"};
  return kind;
}

Result<void> check_name(std::string_view what, std::string_view name) {
  const bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (name.empty() || name.size() > 200 || control || !utf8::is_valid(name)) {
    return fail(Errc::invalid_argument,
                "the {} must have 1 to 200 bytes of UTF-8 without control characters", what);
  }
  return {};
}

Result<void> check(const Turn& turn, const Session& session) {
  if (turn.prompt.empty()) return fail(Errc::invalid_argument, "a turn without a prompt");
  if (turn.prompt.size() + turn.response.size() > kTurnIdsMax) {
    return fail(Errc::invalid_argument, "a turn of {} tokens: a session holds {} at most",
                turn.prompt.size() + turn.response.size(), kTurnIdsMax);
  }
  const auto outside = [&](TokenId id) { return id >= session.facts.vocabulary_size; };
  if (std::ranges::any_of(turn.prompt, outside) || std::ranges::any_of(turn.response, outside)) {
    return fail(Errc::invalid_argument,
                "the turn has IDs outside the vocabulary of {} tokens that the session \"{}\" "
                "belongs to ({})",
                session.facts.vocabulary_size, session.facts.name, session.facts.tokenizer_name);
  }
  if (turn.end_inferred && turn.response.empty())
    return fail(Errc::invalid_argument, "a turn with an inferred end token and no response");
  const std::size_t delivered = turn.response.size() - (turn.end_inferred ? 1 : 0);
  if (!turn.logprobs.empty() && turn.logprobs.size() != delivered) {
    return fail(Errc::invalid_argument, "a turn with {} logprobs for {} delivered IDs",
                turn.logprobs.size(), delivered);
  }
  if (turn.question.size() > kTextBytesMax || turn.answer.size() > kTextBytesMax)
    return fail(Errc::invalid_argument, "a turn whose text is over {} bytes", kTextBytesMax);
  return {};
}

Result<void> check_reward(const std::optional<double>& reward) {
  if (reward && !std::isfinite(*reward))
    return fail(Errc::invalid_argument, "the reward {} is not a finite number", *reward);
  return {};
}

}  // namespace

Result<void> SessionFacts::check() const {
  if (auto good = check_name("tenant", tenant); !good) return good;
  if (auto good = check_name("session's name", name); !good) return good;
  if (vocabulary_size == 0 || vocabulary_size > std::size_t{1} << 32)
    return fail(Errc::invalid_argument, "a vocabulary of {} tokens", vocabulary_size);
  if (reasoning > ReasoningPolicy::as_template)
    return fail(Errc::invalid_argument, "an unknown policy for reasoning");
  return {};
}

SessionLedger::SessionLedger(sql::Database database, std::string file, const Clock& clock)
    : database_(std::move(database)), file_(std::move(file)), clock_(&clock) {}

Result<std::unique_ptr<SessionLedger>> SessionLedger::open(const std::filesystem::path& file,
                                                           const Clock& clock, sql::OpenMode mode) {
  auto database = sql::Database::open(file, file_kind(), mode);
  if (!database) return std::unexpected(database.error());
  // FULL: the index can be made again, what was said can't. What is deleted is overwritten with zeros.
  if (auto set = database->execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON"); !set)
    return std::unexpected(set.error());
  return std::unique_ptr<SessionLedger>(
      new SessionLedger(*std::move(database), file.string(), clock));
}

// The row that `select` gives next, with `damaged` set when its check does not hold.
Result<std::optional<Session>> SessionLedger::read_session(sql::Statement& select) const {
  auto row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  Session session;
  session.id = select.number(0);
  session.facts.tenant = select.text(1);
  session.facts.name = select.text(2);
  auto tokenizer = Digest::from_bytes(select.blob(3));
  session.facts.tokenizer = tokenizer.value_or(Digest{});
  session.facts.tokenizer_name = select.text(4);
  session.facts.vocabulary_size = static_cast<std::size_t>(select.number(5));
  session.facts.model = select.text(6);
  session.facts.chat_format = select.text(7);
  session.facts.reasoning = static_cast<ReasoningPolicy>(select.number(8));
  session.created = from_ms(select.number(9));
  session.turns = static_cast<std::size_t>(select.number(10));
  session.ids = static_cast<std::size_t>(select.number(11));
  session.updated = from_ms(select.number(12));
  auto head = Digest::from_bytes(select.blob(13));
  session.head = head.value_or(Digest{});
  session.damaged =
      !tokenizer || !head || !session.facts.check() || !equals(select.blob(14), row_check(session));
  return session;
}

Result<Session> SessionLedger::create(const SessionFacts& facts) {
  if (auto good = facts.check(); !good) return std::unexpected(good.error());
  std::lock_guard lock(mutex_);
  auto transaction = sql::Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  const std::int64_t now = to_ms(clock_->wall());
  sql::Statement insert(
      database_,
      "INSERT INTO sessions(tenant, name, tokenizer, tokenizer_name, vocabulary, model, "
      "chat_format, reasoning, created_ms, turns, ids, updated_ms, head, row_check) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, x'', x'') ON CONFLICT DO NOTHING");
  auto inserted = insert.bind(facts.tenant)
                      .bind(facts.name)
                      .bind(BytesView(facts.tokenizer.bytes))
                      .bind(facts.tokenizer_name)
                      .bind(static_cast<std::int64_t>(facts.vocabulary_size))
                      .bind(facts.model)
                      .bind(facts.chat_format)
                      .bind(static_cast<std::int64_t>(facts.reasoning))
                      .bind(now)
                      .bind(now)
                      .run();
  if (!inserted) return std::unexpected(inserted.error());
  if (database_.changes() == 0) {
    return fail(Errc::invalid_argument,
                "tenant \"{}\" has a session \"{}\" already: continue it, or choose another name",
                facts.tenant, facts.name);
  }
  // The checks hold the row's number, which only the insertion gives.
  Session session{.id = database_.last_insert_id(),
                  .facts = facts,
                  .created = from_ms(now),
                  .updated = from_ms(now),
                  .head = {}};
  session.head = facts_check(session);
  auto sealed =
      sql::Statement(database_, "UPDATE sessions SET head = ?, row_check = ? WHERE id = ?")
          .bind(BytesView(session.head.bytes))
          .bind(BytesView(row_check(session).bytes))
          .bind(session.id)
          .run();
  if (!sealed) return std::unexpected(sealed.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return session;
}

Result<std::optional<Session>> SessionLedger::find(std::string_view tenant, std::string_view name) {
  std::lock_guard lock(mutex_);
  sql::Statement select(
      database_,
      fmt::format("SELECT {} FROM sessions WHERE tenant = ? AND name = ?", kSessionColumns));
  auto session = read_session(select.bind(tenant).bind(name));
  if (session && *session && (*session)->damaged) return damaged(file_, (*session)->facts);
  return session;
}

Result<std::vector<Session>> SessionLedger::list(const std::optional<std::string>& tenant) {
  std::lock_guard lock(mutex_);
  sql::Statement select(database_,
                        fmt::format("SELECT {} FROM sessions {} ORDER BY updated_ms DESC, id DESC",
                                    kSessionColumns, tenant ? "WHERE tenant = ?" : ""));
  if (tenant) select.bind(*tenant);
  std::vector<Session> sessions;
  while (true) {
    auto session = read_session(select);
    if (!session) return std::unexpected(session.error());
    if (!*session) return sessions;
    sessions.push_back(**std::move(session));
  }
}

Result<TokenIds> SessionLedger::ids_of(const Session& session) {
  TurnReader reader = turns(session);
  while (true) {
    auto turn = reader.next();
    if (!turn) return std::unexpected(turn.error());
    if (!*turn) return std::move(reader.ids_);
  }
}

Result<Session> SessionLedger::append(const Session& session, const Turn& given) {
  if (auto good = check(given, session); !good) return std::unexpected(good.error());
  if (auto good = check_reward(given.reward); !good) return std::unexpected(good.error());
  // Before the transaction: turns that were written never change.
  auto before = ids_of(session);
  if (!before) return std::unexpected(before.error());
  Turn turn = given;
  if (turn.reward) *turn.reward += 0.0;  // SQLite has no negative zero.
  turn.number = session.turns + 1;
  turn.shared = static_cast<std::size_t>(std::ranges::mismatch(*before, turn.prompt).in2 -
                                         turn.prompt.begin());
  turn.at = from_ms(to_ms(clock_->wall()));
  const std::size_t width = bytes_per_id(session.facts.vocabulary_size);
  const Bytes prompt = pack_ids(turn.prompt.subspan(turn.shared), width);
  const Bytes response = pack_ids(turn.response, width);
  const TurnBytes bytes{
      .prompt = prompt, .response = response, .logprobs = std::as_bytes(std::span(turn.logprobs))};
  Session after = session;
  after.turns = turn.number;
  after.ids = turn.prompt.size() + turn.response.size();
  after.updated = turn.at;
  after.head = turn_check(session.head, turn, bytes);

  std::lock_guard lock(mutex_);
  auto transaction = sql::Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto updated = sql::Statement(database_,
                                "UPDATE sessions SET turns = ?, ids = ?, updated_ms = ?, head = ?, "
                                "row_check = ? WHERE id = ? AND head = ?")
                     .bind(static_cast<std::int64_t>(after.turns))
                     .bind(static_cast<std::int64_t>(after.ids))
                     .bind(to_ms(after.updated))
                     .bind(BytesView(after.head.bytes))
                     .bind(BytesView(row_check(after).bytes))
                     .bind(session.id)
                     .bind(BytesView(session.head.bytes))
                     .run();
  if (!updated) return std::unexpected(updated.error());
  if (database_.changes() == 0) {
    sql::Statement there(database_, "SELECT turns FROM sessions WHERE id = ?");
    auto is = there.bind(session.id).step();
    if (!is) return std::unexpected(is.error());
    if (!*is) return gone(session.facts);
    return fail(
        Errc::unavailable,
        "the session \"{}\" was continued by another meanwhile: it has {} turns, not {}; this "
        "turn was not kept, ask again to continue from there",
        session.facts.name, there.number(0), session.turns);
  }
  sql::Statement insert(database_,
                        "INSERT INTO turns(session, number, shared, prompt, response, "
                        "end_inferred, logprobs, question, answer, ended, prompt_tokens, reused, "
                        "at_ms, turn_check, reward, reward_check) "
                        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(session.id)
      .bind(static_cast<std::int64_t>(turn.number))
      .bind(static_cast<std::int64_t>(turn.shared))
      .bind(bytes.prompt)
      .bind(bytes.response)
      .bind(std::int64_t{turn.end_inferred})
      .bind(bytes.logprobs)
      .bind(as_bytes(turn.question))
      .bind(as_bytes(turn.answer))
      .bind(static_cast<std::int64_t>(turn.end))
      .bind(static_cast<std::int64_t>(turn.prompt_tokens));
  turn.prompt_tokens_reused ? insert.bind(static_cast<std::int64_t>(*turn.prompt_tokens_reused))
                            : insert.bind_null();
  insert.bind(to_ms(turn.at)).bind(BytesView(after.head.bytes));
  if (turn.reward) {
    insert.bind(*turn.reward).bind(BytesView(reward_check(after.head, *turn.reward).bytes));
  } else {
    insert.bind_null().bind_null();
  }
  if (auto inserted = insert.run(); !inserted) return std::unexpected(inserted.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return after;
}

Result<void> SessionLedger::set_reward(const Session& session, std::size_t number,
                                       std::optional<double> reward) {
  if (auto good = check_reward(reward); !good) return good;
  if (reward) *reward += 0.0;  // SQLite has no negative zero.
  std::lock_guard lock(mutex_);
  auto transaction = sql::Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  sql::Statement select(database_, "SELECT turn_check FROM turns WHERE session = ? AND number = ?");
  auto row = select.bind(session.id).bind(static_cast<std::int64_t>(number)).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) {
    return fail(Errc::not_found, "the session \"{}\" has no turn {}: it has 1 to {}",
                session.facts.name, number, session.turns);
  }
  auto check = Digest::from_bytes(select.blob(0));
  if (!check) return damaged(file_, session.facts);
  select.reset();
  sql::Statement update(
      database_, "UPDATE turns SET reward = ?, reward_check = ? WHERE session = ? AND number = ?");
  if (reward) {
    update.bind(*reward).bind(BytesView(reward_check(*check, *reward).bytes));
  } else {
    update.bind_null().bind_null();
  }
  if (auto set = update.bind(session.id).bind(static_cast<std::int64_t>(number)).run(); !set)
    return set;
  return transaction->commit();
}

Result<void> SessionLedger::erase(std::string_view tenant, std::string_view name) {
  std::lock_guard lock(mutex_);
  auto transaction = sql::Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto turns = sql::Statement(database_,
                              "DELETE FROM turns WHERE session = (SELECT id FROM sessions WHERE "
                              "tenant = ? AND name = ?)")
                   .bind(tenant)
                   .bind(name)
                   .run();
  if (!turns) return turns;
  auto session = sql::Statement(database_, "DELETE FROM sessions WHERE tenant = ? AND name = ?")
                     .bind(tenant)
                     .bind(name)
                     .run();
  if (!session) return session;
  if (database_.changes() == 0) {
    return fail(Errc::not_found, "tenant \"{}\" has no session \"{}\": `leyden session list` tells",
                utf8::one_line(tenant), utf8::one_line(name));
  }
  if (auto committed = transaction->commit(); !committed) return committed;
  // So that the deleted text is in no log either; where others read just now, their next checkpoint does it.
  (void)database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return {};
}

}  // namespace leyden::prompt
