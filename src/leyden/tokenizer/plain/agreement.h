#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "leyden/tokenizer/plain/plain_tokenizer.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer::plain {

// What must hold between a tokenizer, the oracle and itself, for one text or one list of IDs. Each answers with what is
// wrong, for a person, or nullopt. Used by fuzzers and tests.

// Does decode(encode(x)) give x back? Byte-level vocabularies with every byte, where nothing is normalized, added or
// dropped on the way.
[[nodiscard]] bool gives_text_back(const TokenizerSpec& spec);

struct Subject {
  const Tokenizer& tokenizer;
  const PlainTokenizer& plain;
  const TokenizerSpec& spec;
};

// encode, count, encode_with_offsets, and decode of the IDs.
[[nodiscard]] std::optional<std::string> disagreement_on_text(const Subject& subject,
                                                              std::string_view text,
                                                              const EncodeOptions& options);
// decode and StreamDecoder. The IDs need not come from a text.
[[nodiscard]] std::optional<std::string> disagreement_on_ids(const Subject& subject,
                                                             TokenIdsView ids);
// is_safe_cut, wherever it says yes in `text`.
[[nodiscard]] std::optional<std::string> disagreement_on_cuts(const Subject& subject,
                                                              std::string_view text);

// "a\xFF\n" as C++ would write it, so that it can be pasted into a test.
[[nodiscard]] std::string as_literal(std::string_view text);

}  // namespace leyden::tokenizer::plain
