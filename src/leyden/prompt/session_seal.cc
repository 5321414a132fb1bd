#include "leyden/prompt/session_seal.h"

#include <algorithm>

#include "leyden/base/utf8.h"

namespace leyden::prompt {

std::int64_t to_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}
std::chrono::system_clock::time_point from_ms(std::int64_t ms) {
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
}

namespace {

std::uint64_t bits(auto number) { return static_cast<std::uint64_t>(number); }

}  // namespace

Digest facts_check(const Session& session) {
  const SessionFacts& facts = session.facts;
  return Hasher()
      .field("leyden session 1")
      .field(bits(session.id))
      .field(facts.tenant)
      .field(facts.name)
      .field(facts.tokenizer)
      .field(facts.tokenizer_name)
      .field(bits(facts.vocabulary_size))
      .field(facts.model)
      .field(facts.chat_format)
      .field(bits(facts.reasoning))
      .field(bits(to_ms(session.created)))
      .finish();
}

Digest row_check(const Session& session) {
  return Hasher()
      .field(facts_check(session))
      .field(bits(session.turns))
      .field(bits(session.ids))
      .field(bits(to_ms(session.updated)))
      .field(session.head)
      .finish();
}

Digest turn_check(const Digest& before, const Turn& turn, const TurnBytes& bytes) {
  return Hasher()
      .field(before)
      .field(bits(turn.number))
      .field(bits(turn.shared))
      .field(bytes.prompt)
      .field(bytes.response)
      .field(bits(turn.end_inferred))
      .field(bytes.logprobs)
      .field(turn.question)
      .field(turn.answer)
      .field(bits(turn.end))
      .field(turn.prompt_tokens)
      .field(bits(turn.prompt_tokens_reused.has_value()))
      .field(turn.prompt_tokens_reused.value_or(0))
      .field(bits(to_ms(turn.at)))
      .finish();
}

Digest reward_check(const Digest& turn, double reward) {
  return Hasher().field(turn).field(std::bit_cast<std::uint64_t>(reward)).finish();
}

bool equals(BytesView bytes, const Digest& digest) {
  return std::ranges::equal(bytes, digest.bytes);
}

std::unexpected<Error> damaged(const std::string& file, const SessionFacts& facts) {
  return fail(
      Errc::corrupt,
      "the session \"{}\" of tenant \"{}\" in {} is damaged: put back a copy of the file, or "
      "`leyden session delete` it; other sessions are not touched",
      utf8::one_line(facts.name), utf8::one_line(facts.tenant), file);
}

std::unexpected<Error> gone(const SessionFacts& facts) {
  return fail(Errc::not_found, "the session \"{}\" was deleted meanwhile: begin another",
              facts.name);
}

}  // namespace leyden::prompt
