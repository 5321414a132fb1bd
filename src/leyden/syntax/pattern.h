#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "leyden/base/result.h"

struct pcre2_real_code_8;

namespace leyden::syntax {

struct PatternMatch {
  std::size_t begin = 0;
  std::size_t end = 0;
  // Of the group named "value"; the same as the whole where there is none.
  std::size_t value_begin = 0;
  std::size_t value_end = 0;
};

// A regular expression (PCRE2, UTF-8 where the text is valid, bytes otherwise; compiled to machine code at its first use). What it may do on a text is bounded: beyond, there is no match.
// Thread-safe.
class Pattern {
 public:
  // Errors: invalid_argument (where and why it is wrong).
  [[nodiscard]] static Result<Pattern> compile(std::string_view expression);

  // The first match at or behind `from`.
  [[nodiscard]] std::optional<PatternMatch> find(std::string_view text, std::size_t from = 0) const;

 private:
  struct Deleter {
    void operator()(pcre2_real_code_8* code) const;
  };
  explicit Pattern(pcre2_real_code_8* code) : code_(code) {}
  std::unique_ptr<pcre2_real_code_8, Deleter> code_;
  std::unique_ptr<std::once_flag> machine_code_ = std::make_unique<std::once_flag>();
  int value_group_ = 0;
};

}  // namespace leyden::syntax
