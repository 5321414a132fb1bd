#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leyden::tokenizer {

// A set of code points, as sorted runs that don't touch.
class CodePointSet {
 public:
  struct Run {
    char32_t first = 0;
    char32_t last = 0;
  };

  void add(char32_t first, char32_t last) { runs_.push_back({first, last}); }
  void add(const CodePointSet& other) {
    runs_.insert(runs_.end(), other.runs_.begin(), other.runs_.end());
  }
  // Sorts and joins; call before reading.
  void settle();
  // Of settled sets; settled.
  [[nodiscard]] CodePointSet complement() const;
  [[nodiscard]] CodePointSet intersection(const CodePointSet& other) const;
  // "\x{61}-\x{7a}..." for within the brackets of a PCRE2 character class.
  [[nodiscard]] std::string class_body() const;
  [[nodiscard]] bool empty() const { return runs_.empty(); }

 private:
  std::vector<Run> runs_;
};

// The set of \p{name}: a general category ("L", "Lu"), a script ("Han") or "Alphabetic"-like properties that patterns use,
// at the patterns' version of Unicode. Settled. nullopt for a name that we don't know.
[[nodiscard]] std::optional<CodePointSet> unicode_property_set(std::string_view name);

// [:name:] as Oniguruma takes it. Settled.
[[nodiscard]] std::optional<CodePointSet> posix_set(std::string_view name);

// \s, \d and \w as Oniguruma takes them. Settled.
[[nodiscard]] CodePointSet whitespace_set();
[[nodiscard]] CodePointSet digit_set();
[[nodiscard]] CodePointSet word_set();

}  // namespace leyden::tokenizer
