#include <bit>
#include <cstring>

#include "leyden/prompt/packed_ids.h"
#include "leyden/prompt/session_ledger.h"
#include "leyden/prompt/session_seal.h"

namespace leyden::prompt {
namespace {

// As the file and the machines that we build for have it.
static_assert(std::endian::native == std::endian::little);
std::vector<float> floats_of(BytesView bytes) {
  std::vector<float> numbers(bytes.size() / sizeof(float));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
  return numbers;
}

}  // namespace

TurnReader::TurnReader(SessionLedger& ledger, const Session& session)
    : ledger_(&ledger), session_(session), check_(facts_check(session)) {}

Result<std::optional<Turn>> TurnReader::next() {
  if (read_ == session_.turns) {
    if (check_ != session_.head || ids_.size() != session_.ids)
      return damaged(ledger_->file_, session_.facts);
    return std::nullopt;
  }
  std::lock_guard lock(ledger_->mutex_);
  sql::Statement select(
      ledger_->database_,
      "SELECT shared, prompt, response, end_inferred, logprobs, question, "
      "answer, ended, prompt_tokens, reused, at_ms, turn_check, reward, reward_check "
      "FROM turns WHERE session = ? AND number = ?");
  auto row = select.bind(session_.id).bind(static_cast<std::int64_t>(read_ + 1)).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) {
    sql::Statement there(ledger_->database_, "SELECT 1 FROM sessions WHERE id = ?");
    auto is = there.bind(session_.id).step();
    if (!is) return std::unexpected(is.error());
    return *is ? damaged(ledger_->file_, session_.facts) : gone(session_.facts);
  }
  Turn turn;
  turn.number = read_ + 1;
  turn.shared = static_cast<std::size_t>(select.number(0));
  const TurnBytes bytes{
      .prompt = select.blob(1), .response = select.blob(2), .logprobs = select.blob(4)};
  turn.end_inferred = select.number(3) != 0;
  turn.question = as_text(select.blob(5));
  turn.answer = as_text(select.blob(6));
  turn.end = static_cast<TurnEnd>(select.number(7));
  turn.prompt_tokens = static_cast<std::uint64_t>(select.number(8));
  if (!select.is_null(9)) turn.prompt_tokens_reused = static_cast<std::uint64_t>(select.number(9));
  turn.at = from_ms(select.number(10));
  const Digest check = turn_check(check_, turn, bytes);
  if (!equals(select.blob(11), check) || turn.shared > ids_.size())
    return damaged(ledger_->file_, session_.facts);
  if (!select.is_null(12)) {
    turn.reward = select.real(12);
    if (!equals(select.blob(13), reward_check(check, *turn.reward)))
      return damaged(ledger_->file_, session_.facts);
  } else if (!select.is_null(13)) {
    return damaged(ledger_->file_, session_.facts);
  }
  turn.logprobs = floats_of(bytes.logprobs);
  const std::size_t width = bytes_per_id(session_.facts.vocabulary_size);
  ids_.resize(turn.shared);
  unpack_ids(bytes.prompt, width, ids_);
  const std::size_t prompt_size = ids_.size();
  unpack_ids(bytes.response, width, ids_);
  turn.prompt = TokenIdsView(ids_).first(prompt_size);
  turn.response = TokenIdsView(ids_).subspan(prompt_size);
  check_ = check;
  ++read_;
  return turn;
}

}  // namespace leyden::prompt
