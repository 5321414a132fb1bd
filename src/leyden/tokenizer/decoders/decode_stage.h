#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/tokenizer/regex/regex.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// One step of a decoder at work: takes the texts of tokens one by one, and hands on what is certain. Behind a step that
// fuses tokens there is only one token, which arrives in fragments. Confined to one thread.
class DecodeStage {
 public:
  virtual ~DecodeStage() = default;
  // A token, or a fragment of the only one.
  virtual void push(std::string text) = 0;
  // Nothing more comes.
  virtual void finish() { next_->finish(); }
  void set_next(DecodeStage* next) { next_ = next; }

 protected:
  void hand_on(std::string text) { next_->push(std::move(text)); }
  DecodeStage* next_ = nullptr;
};

// A step with what it needs, made once; `fused`: behind a step that fuses. const, safe to share.
class DecodeStageMaker {
 public:
  virtual ~DecodeStageMaker() = default;
  [[nodiscard]] virtual std::unique_ptr<DecodeStage> make() const = 0;
};

// Errors: unsupported (a pattern).
[[nodiscard]] Result<std::unique_ptr<DecodeStageMaker>> make_decode_stage(const DecoderStep& step,
                                                                          bool fused);
// Hugging Face without a decoder: a space between tokens.
[[nodiscard]] std::unique_ptr<DecodeStageMaker> make_joining_stage();

// The byte that a token written "<0x0A>" is.
[[nodiscard]] std::optional<char> fallback_byte(std::string_view token);

}  // namespace leyden::tokenizer
