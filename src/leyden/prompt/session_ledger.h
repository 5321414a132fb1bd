#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/base/token_id.h"
#include "leyden/sql/database.h"

namespace leyden::prompt {

// What becomes of the reasoning (<think>...</think>) of an answer once the next question comes.
enum class ReasoningPolicy : std::uint8_t {
  keep_sampled,  // It stays: the next prompt begins with the exact IDs of this turn.
  as_template,  // It goes, as the models' templates have it: the next prompt differs from there on.
};

// What a session is bound to for good.
struct SessionFacts {
  std::string tenant =
      "default";  // Both names: 1 to 200 bytes of UTF-8 without control characters.
  std::string name;
  Digest tokenizer;            // Its fingerprint: IDs mean nothing without it.
  std::string tokenizer_name;  // For people.
  std::size_t vocabulary_size = 0;
  std::string model;
  std::string chat_format;
  ReasoningPolicy reasoning = ReasoningPolicy::keep_sampled;
  [[nodiscard]] Result<void> check() const;  // Names the first field out of range.
};

// A session as it was when it was asked for. Only the ledger makes one.
struct Session {
  std::int64_t id = 0;
  SessionFacts facts;
  std::size_t turns = 0;
  std::size_t ids = 0;  // Of the last turn: prompt and response. The next prompt begins with them.
  std::chrono::system_clock::time_point created;
  std::chrono::system_clock::time_point updated;
  Digest head;           // The last turn's check, which covers all turns before it.
  bool damaged = false;  // Shown by list() only; to be erased.
};

// How an answer ended. Others (cancelled, failed) are no turns.
enum class TurnEnd : std::uint8_t {
  stop,    // The model ended it.
  length,  // Cut at the bound that was asked for.
};

// One question and its answer. The IDs are looked at, not owned.
struct Turn {
  TokenIdsView prompt;    // All of it, as the server got it.
  TokenIdsView response;  // As sampled.
  // The last ID of `response` is the end token that the chat format has: the model ended its turn, but servers don't deliver with
  // which token.
  bool end_inferred = false;
  // The natural logarithms of the delivered IDs' probabilities (all of `response` but an inferred end), or none.
  std::vector<float> logprobs;
  std::string question;  // As the user typed it.
  std::string answer;    // As the user saw it.
  TurnEnd end = TurnEnd::stop;
  std::uint64_t prompt_tokens = 0;  // As the server counted.
  std::optional<std::uint64_t> prompt_tokens_reused;
  std::optional<double> reward;  // Finite. For training; nobody here reads it.
  // Set by the ledger.
  std::size_t number = 0;  // From 1.
  std::size_t shared =
      0;  // How many IDs the prompt has in common with the turn before, from the start.
  std::chrono::system_clock::time_point at;
};

class SessionLedger;

// Goes over the turns of a session, first to last. Confined to one thread; the ledger outlives it.
class TurnReader {
 public:
  // The next turn, or nothing after the last. `prompt` and `response` are valid until the next call.
  // Errors: corrupt (a byte differs from what was written), not_found (erased meanwhile), those of SQLite.
  [[nodiscard]] Result<std::optional<Turn>> next();
  // Prompt and response of the turn given last.
  [[nodiscard]] const TokenIds& ids() const { return ids_; }

 private:
  friend SessionLedger;
  TurnReader(SessionLedger& ledger, const Session& session);
  SessionLedger* ledger_;
  Session session_;
  std::size_t read_ = 0;
  TokenIds ids_;
  Digest check_;
};

// The conversations' exact token IDs: an append-only record in one SQLite file, shared by processes, never evicted. A turn is stored as what
// its prompt adds to the turn before, so a session takes room and time in proportion to its IDs, however many turns it has.
// An appended turn survives a crash and the loss of power (synchronous = FULL). Each turn carries a BLAKE2b over its
// bytes and the check of the turn before: damage is found, not read. docs/formats/sessions.md. Thread-safe.
class SessionLedger {
 public:
  // Errors: those of sql::Database::open.
  [[nodiscard]] static Result<std::unique_ptr<SessionLedger>> open(
      const std::filesystem::path& file, const Clock& clock,
      sql::OpenMode mode = sql::OpenMode::read_write);

  // Errors: invalid_argument (the facts; or the tenant has a session of that name).
  [[nodiscard]] Result<Session> create(const SessionFacts& facts);
  // Nothing when there is none. Errors: corrupt.
  [[nodiscard]] Result<std::optional<Session>> find(std::string_view tenant, std::string_view name);
  // A tenant's, or everybody's; continued last first.
  [[nodiscard]] Result<std::vector<Session>> list(const std::optional<std::string>& tenant);

  // Adds a turn to the session as it is given and returns it as it is then. Nothing is written when it fails.
  // Errors: unavailable when another has continued the session meanwhile; not_found when it was erased;
  // invalid_argument (IDs outside the vocabulary, an empty prompt, over the bounds: says which); corrupt.
  [[nodiscard]] Result<Session> append(const Session& session, const Turn& turn);

  [[nodiscard]] TurnReader turns(const Session& session) { return {*this, session}; }
  // The IDs with which the next turn's prompt begins: the last turn's prompt and response. Empty before the first.
  [[nodiscard]] Result<TokenIds> ids_of(const Session& session);

  // Errors: not_found (no such turn), invalid_argument (not finite).
  [[nodiscard]] Result<void> set_reward(const Session& session, std::size_t number,
                                        std::optional<double> reward);
  // By name, so that a damaged one can go, too; its bytes are overwritten. Errors: not_found.
  [[nodiscard]] Result<void> erase(std::string_view tenant, std::string_view name);

 private:
  friend TurnReader;
  SessionLedger(sql::Database database, std::string file, const Clock& clock);
  [[nodiscard]] Result<std::optional<Session>> read_session(sql::Statement& select) const;

  std::mutex mutex_;  // One statement at a time.
  sql::Database database_;
  const std::string file_;
  const Clock* clock_;
};

}  // namespace leyden::prompt
