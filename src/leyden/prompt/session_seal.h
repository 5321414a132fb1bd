#pragma once

#include <bit>
#include <string>

#include "leyden/prompt/session_ledger.h"

namespace leyden::prompt {

// The checks that a ledger's rows carry (docs/formats/sessions.md), and what its files say together. Private to them.

[[nodiscard]] std::int64_t to_ms(std::chrono::system_clock::time_point time);
[[nodiscard]] std::chrono::system_clock::time_point from_ms(std::int64_t ms);

// What never changes of a session: with it the chain of its turns' checks begins.
[[nodiscard]] Digest facts_check(const Session& session);
// All of a session's row.
[[nodiscard]] Digest row_check(const Session& session);

// A turn's bytes as its row has them.
struct TurnBytes {
  BytesView prompt;  // From `shared` on.
  BytesView response;
  BytesView logprobs;
};
// All of a turn's row but the reward, and the check of the turn before.
[[nodiscard]] Digest turn_check(const Digest& before, const Turn& turn, const TurnBytes& bytes);
[[nodiscard]] Digest reward_check(const Digest& turn, double reward);
[[nodiscard]] bool equals(BytesView bytes, const Digest& digest);

[[nodiscard]] std::unexpected<Error> damaged(const std::string& file, const SessionFacts& facts);
[[nodiscard]] std::unexpected<Error> gone(const SessionFacts& facts);

}  // namespace leyden::prompt
