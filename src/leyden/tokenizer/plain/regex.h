#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leyden::tokenizer::plain {

// A regular expression as the references' libraries (Oniguruma, fancy-regex) understand it, run by PCRE2 with \p{..}, \s,
// \d and \w written out as ranges of the references' Unicode.
class Regex {
 public:
  // Throws std::runtime_error for what it can't translate: the oracle has no opinion then.
  explicit Regex(std::string_view pattern);
  // Text as it stands.
  [[nodiscard]] static Regex literal(std::string_view text);

  struct Match {
    std::size_t begin;  // In characters.
    std::size_t end;
  };
  // From left to right, not overlapping.
  [[nodiscard]] std::vector<Match> find_all(std::u32string_view text) const;

  // The pattern as PCRE2 gets it.
  [[nodiscard]] static std::string translate(std::string_view pattern);

 private:
  struct Compiled;
  explicit Regex(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace leyden::tokenizer::plain
