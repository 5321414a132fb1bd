#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// Makes arguments by type: borders first, then random ones whose sizes and ranges fit together (two lists of one length, an index within
// a list, a rectangular grid), with the constants of the source among them; and variations of what was useful. The same seed gives the
// same inputs on every machine. Confined to one thread. `functions` outlives it.
class InputMaker {
 public:
  InputMaker(std::span<const Function> functions, std::uint64_t seed, Stories stories = {});

  // Regular expressions that turned out to matter: what they match is among the constants from now on.
  void learn(const std::vector<std::string>& patterns);
  // What was learned since it was last asked for this function: each text in the place of each parameter that takes one, the others at their first.
  [[nodiscard]] std::vector<Input> of_learned(std::size_t function);

  // No call of it came to a value: what is only guessed of its parameters' types may be wrong, so half of its values are of any kind from now on.
  void doubt(std::size_t function) { doubted_.insert(function); }

  // Small and empty ones, each parameter's in turn.
  [[nodiscard]] std::vector<Input> borders(std::size_t function, std::size_t count_max);
  [[nodiscard]] Input random(std::size_t function);
  // `parent` with one or some changes; parts may come from `other`, an input of the same function.
  [[nodiscard]] Input varied(const Input& parent, const Input& other);

 private:
  // What the values of one input have in common.
  struct Style {
    std::int64_t low = 0;
    std::int64_t high = 9;
    std::size_t length = 3;  // Of lists and texts, where `lengths_equal`.
    bool lengths_equal = false;
    std::size_t length_max = 6;
    std::size_t width = 2;  // Of rows.
    bool ragged = false;
    bool sorted = false;
    bool permutation = false;
    bool rows = false;   // Texts may have lines of one length,
    bool words = false;  // and words.
    std::string alphabet;
    const Literals* literals = nullptr;
    std::string first_text;  // Of the source's own.
  };
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  [[nodiscard]] bool chance(double probability);
  [[nodiscard]] Style style_for(const Function& function);
  [[nodiscard]] Value value(const Type& type, const Style& style, std::size_t depth);
  [[nodiscard]] Value integer(const Style& style);
  [[nodiscard]] std::string phrase(const std::vector<std::string>& words, const Style& style,
                                   std::size_t count);
  [[nodiscard]] std::string grid(const Style& style);
  [[nodiscard]] std::string sentence(const Style& style);
  [[nodiscard]] Value text(const Style& style, std::size_t depth);
  [[nodiscard]] Value tuple(const Type& type, const Style& style, std::size_t depth);
  [[nodiscard]] Value map(const Type& type, const Style& style, std::size_t depth);
  [[nodiscard]] Value record(const Type& type, const Style& style, std::size_t depth);
  [[nodiscard]] Value object(const Type& type, const Style& style, std::size_t depth);
  [[nodiscard]] Value list(const Type& type, const Style& style, std::size_t depth);
  [[nodiscard]] std::vector<Value> arguments(std::span<const Parameter> parameters,
                                             const Style& style, std::size_t depth = 0);
  [[nodiscard]] Value argument(const Parameter& parameter, const Style& style, std::size_t depth);
  // Of a call that says as little as it may.
  [[nodiscard]] std::vector<Value> first_arguments(const Function& function);
  [[nodiscard]] Input input_of(std::size_t function, std::vector<Value> arguments_of_call);
  [[nodiscard]] std::vector<Value> borders_of(const Type& type, const Literals& literals);
  void vary(Value& value, const Type& type, const Style& style);
  void vary_integer(Value& value, const Style& style);
  void vary_text(std::string& text, const Style& style);
  void vary_words(std::string& text, char separator, const Style& style);
  void vary_list(Value& value, const Type& type, const Style& style);
  [[nodiscard]] std::vector<std::size_t> methods_of(const Function& function) const;
  [[nodiscard]] const Function* maker_of(const std::string& class_name) const;
  [[nodiscard]] Step step(std::size_t method, const Style& style);
  [[nodiscard]] std::optional<Step> any_step(const Input& input, const Function& of,
                                             const Style& style);
  [[nodiscard]] std::size_t repeated();
  void add_step(Input& input, const Step& one, std::size_t times, const Style& style);
  bool vary_story(Input& input, const Function& of, const Style& style);
  void drop_lost_steps(Input& input) const;

  [[nodiscard]] const Literals& literals_of(const Function& function) const {
    return literals_[static_cast<std::size_t>(&function - functions_.data())];
  }

  std::span<const Function> functions_;
  std::vector<Literals>
      literals_;  // Of each function, with texts of the forms that it may be meant for.
  std::vector<std::string> learned_;
  std::vector<std::size_t> learned_used_;  // By function: how many were asked for.
  std::set<std::size_t> doubted_;
  bool doubts_ = false;  // Of the function whose input is being made.
  Stories stories_;
  std::mt19937_64 engine_;
};

}  // namespace leyden::qa
