#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "leyden/base/result.h"

namespace leyden::tokenizer {

// A pattern of a tokenizer's file that is not known natively, run by PCRE2 with the classes of our Unicode tables. const,
// safe to share.
class Regex {
 public:
  // `pattern` in Oniguruma's syntax, or a text to be found as it is. Errors: unsupported.
  [[nodiscard]] static Result<std::unique_ptr<Regex>> make(std::string_view pattern, bool is_regex);
  ~Regex();

  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  // Goes through the matches in one text as Oniguruma's bindings do: an empty match right behind another is left out.
  class Matches {
   public:
    Matches(const Regex& regex, std::string_view text) : regex_(&regex), text_(text) {}
    [[nodiscard]] std::optional<Match> next();

   private:
    const Regex* regex_;
    std::string_view text_;
    std::size_t from_ = 0;
    std::optional<std::size_t> last_end_;
  };

 private:
  struct Compiled;
  Regex();
  // Bounded in time and memory: a search that would backtrack for too long finds nothing.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t from) const;

  std::string literal_;  // Not empty: found as it is.
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace leyden::tokenizer
