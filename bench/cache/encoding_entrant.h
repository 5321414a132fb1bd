#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "contender.h"
#include "leyden/base/result.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::bench {

// A tokenizer and real text, to compare a hit with encoding the text afresh.
class EncodedText {
 public:
  // Errors: of reading the files; invalid_argument where the text gives no context.
  [[nodiscard]] static Result<EncodedText> make(const std::filesystem::path& tokenizer,
                                                const std::filesystem::path& text);

  // Consecutive pieces of the text, each of which encodes by itself to as many tokens as its place wants; `contexts` at most.
  [[nodiscard]] Contexts contexts(std::string name, std::size_t passages_each,
                                  std::size_t contexts) const;
  // Encodes each passage's text with one thread, into an array that is made for it.
  [[nodiscard]] Entrant entrant() const;
  [[nodiscard]] const std::string& tokenizer_name() const { return tokenizer_->name(); }

 private:
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  TokenIds ids_;  // Of the whole text.
};

}  // namespace leyden::bench
