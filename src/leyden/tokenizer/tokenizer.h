#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/base/token_id.h"

namespace leyden::tokenizer {

// Which special (control) tokens text may become. Added tokens that are not special, such as Gemma's runs of newlines, are
// part of how a tokenizer cuts text: they always apply (docs/decisions/2026-11-25-special-tokens.md).
class SpecialPolicy {
 public:
  // None: "<|im_start|>" in the text is ordinary characters.
  SpecialPolicy() = default;
  [[nodiscard]] static SpecialPolicy none() { return {}; }
  // The only choice for what others wrote: none, and what is_control() but not called special in its tokenizer's file (DeepSeek's
  // "<｜User｜>", Qwen's "<tool_call>") is ordinary characters, too.
  [[nodiscard]] static SpecialPolicy document() {
    SpecialPolicy policy;
    policy.marks_ = false;
    return policy;
  }
  // All: for templates that we wrote ourselves.
  [[nodiscard]] static SpecialPolicy all() {
    SpecialPolicy policy;
    policy.all_ = true;
    return policy;
  }
  // These only.
  [[nodiscard]] static SpecialPolicy only(TokenIds ids) {
    SpecialPolicy policy;
    policy.ids_ = std::move(ids);
    std::ranges::sort(policy.ids_);
    return policy;
  }
  [[nodiscard]] bool allows(TokenId id) const {
    return all_ || std::ranges::binary_search(ids_, id);
  }
  [[nodiscard]] bool allows_none() const { return !all_ && ids_.empty(); }
  [[nodiscard]] bool allows_all() const { return all_; }
  [[nodiscard]] bool allows_marks() const { return marks_; }

 private:
  bool all_ = false;
  bool marks_ = true;
  TokenIds ids_;  // Sorted.
};

struct EncodeOptions {
  SpecialPolicy special;
  // Put around the IDs what the tokenizer's post-processor puts there: BOS, [CLS] and [SEP], </s>.
  bool add_special_tokens = false;
};

// Where a token comes from: bytes [begin, end) of the text that was encoded. Tokens that a template added have an empty
// span. Where a normalizer changed the text, the bytes of the text before the change.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

struct Encoding {
  TokenIds ids;
  std::vector<Span> spans;  // As many as ids.
};

// The text of IDs that arrive one by one; StreamDecoder is what callers use. Confined to one thread.
class IncrementalDecoder {
 public:
  virtual ~IncrementalDecoder() = default;
  // What is certain after this ID; may end within a character. Errors: invalid_argument, as decode().
  [[nodiscard]] virtual Result<std::string> push(TokenId id) = 0;
  // The rest: all that came out, and this, is decode() of all IDs. Nothing may be pushed after it.
  [[nodiscard]] virtual std::string finish() = 0;
};

// Text to IDs and back, exactly as the reference implementation does it.
//
// Text is UTF-8; every maximal ill-formed part counts as one U+FFFD (utf8.h), which is what the references
// see when a caller decodes with errors="replace". const, so safe to share between threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Appends the IDs of `text`: no IDs for empty text (but for a template's). Linear time and memory for any text.
  virtual void encode_to(std::string_view text, const EncodeOptions& options,
                         TokenIds& out) const = 0;

  [[nodiscard]] TokenIds encode(std::string_view text, const EncodeOptions& options = {}) const {
    TokenIds ids;
    encode_to(text, options, ids);
    return ids;
  }

  // encode(text, options).size(), without making the IDs where the engine can.
  [[nodiscard]] virtual std::size_t count(std::string_view text,
                                          const EncodeOptions& options = {}) const = 0;

  // The same IDs, each with its place. Slower.
  [[nodiscard]] virtual Encoding encode_with_offsets(std::string_view text,
                                                     const EncodeOptions& options = {}) const = 0;

  // What the IDs stand for, as the reference's decoder writes it, special tokens as their text. For byte-level
  // tokenizers the exact bytes: UTF-8 only where the IDs end on character borders.
  // Errors: invalid_argument for an ID that is not in the vocabulary (the ID itself is not named).
  [[nodiscard]] virtual Result<std::string> decode(TokenIdsView ids) const = 0;

  // For StreamDecoder. nullptr: decoding each ID by itself and putting the texts side by side is decode().
  [[nodiscard]] virtual std::unique_ptr<IncrementalDecoder> incremental_decoder() const {
    return nullptr;
  }

  // The bytes of one token within a text: for byte-level tokenizers what decode() adds for it, else the token as the
  // vocabulary writes it, U+2581 as a space and "<0x0A>" as its byte. nullopt when there is no such ID.
  [[nodiscard]] virtual std::optional<std::string> token_bytes(TokenId id) const = 0;

  // The token that a text is, whole: of the vocabulary or an added one, in the vocabulary's writing.
  [[nodiscard]] virtual std::optional<TokenId> token_id(std::string_view piece) const = 0;

  // True when, for ordinary text, encode(left) + encode(right) == encode(left + right) is PROVEN for this
  // tokenizer, from the characters on both sides of the cut (docs/decisions/2026-11-24-joins.md has the proofs). False means
  // unproven, not unsafe. Constant time but for the length of the run of whitespace at the cut.
  [[nodiscard]] virtual bool is_safe_cut(std::string_view left, std::string_view right) const = 0;
  // The same for a cut within a text.
  [[nodiscard]] bool is_safe_cut(std::string_view text, std::size_t position) const {
    return is_safe_cut(text.substr(0, position), text.substr(position));
  }

  // Whether the ID is a control token: a special one, or one that marks turns, tools or reasoning (control_mark.h). No text that is
  // encoded under SpecialPolicy::document() becomes one; but what a vocabulary can't write may become its special "<unk>".
  [[nodiscard]] virtual bool is_control(TokenId id) const = 0;

  // The ID of an added token given by its text, such as "<|im_start|>".
  [[nodiscard]] virtual std::optional<TokenId> special_token(std::string_view text) const = 0;

  // One more than the highest ID that the vocabulary can hold.
  [[nodiscard]] virtual std::size_t vocabulary_size() const = 0;

  // Over all that decides the IDs: kind, patterns, normalizer, every token, merge and special token.
  [[nodiscard]] virtual const Digest& fingerprint() const = 0;

  // For people: "o200k_base", "qwen2.5-coder-1.5b", a file's name.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

// Decodes IDs one by one as they arrive; see stream_decoder.h.
class StreamDecoder;

}  // namespace leyden::tokenizer
