#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/base/token_id.h"

namespace leyden::tokenizer {

enum class SpecialTokens {
  as_text,  // "<|im_start|>" in the text is nine ordinary characters and more: the only choice for documents.
  parse,  // The longest special token at each place becomes its ID: for templates that we wrote ourselves.
};

struct SpecialToken {
  TokenId id = 0;
  std::string text;
};

// Text to IDs and back, exactly as the reference implementation does it.
//
// Text is UTF-8; every maximal ill-formed part counts as one U+FFFD (utf8.h), which is what the references
// see when a caller decodes with errors="replace". const, so safe to share between threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Linear time and memory for any text; empty text is no IDs.
  [[nodiscard]] virtual TokenIds encode(std::string_view text,
                                        SpecialTokens special = SpecialTokens::as_text) const = 0;

  // The bytes that the IDs stand for. They are UTF-8 only where the IDs end on character borders.
  // Errors: invalid_argument for an ID that is not in the vocabulary (the ID itself is not named).
  [[nodiscard]] virtual Result<std::string> decode(TokenIdsView ids) const = 0;

  // The bytes of one token; nullopt when there is no such ID. Valid as long as the tokenizer.
  [[nodiscard]] virtual std::optional<std::string_view> token_bytes(TokenId id) const = 0;

  // True when, for ordinary text, encode(left) + encode(right) == encode(left + right) is PROVEN for this
  // tokenizer, from the characters on both sides of the cut (docs/decisions/joins.md has the proofs). False means
  // unproven, not unsafe. Constant time but for the length of the run of whitespace at the cut.
  [[nodiscard]] virtual bool is_safe_cut(std::string_view left, std::string_view right) const = 0;

  // The ID of a special token given by its text, such as "<|im_start|>".
  [[nodiscard]] virtual std::optional<TokenId> special_token(std::string_view text) const = 0;

  // One more than the highest ID that the vocabulary can hold.
  [[nodiscard]] virtual std::size_t vocabulary_size() const = 0;

  // Over all that decides the IDs: kind, patterns, normalizer, every token, merge and special token.
  [[nodiscard]] virtual const Digest& fingerprint() const = 0;

  // For people: "o200k_base", "qwen2.5-coder-1.5b", a file's name.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace leyden::tokenizer
