#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/operators/program.h"
#include "leyden/agents/evolve/operators/sep_cma_es.h"
#include "leyden/agents/evolve/random.h"

namespace leyden::evolve {

// A number of a program, with the minus before it.
struct Constant {
  std::size_t begin = 0;
  std::size_t end = 0;
  double value = 0;
  bool integral = false;
};

// nullopt where the node is none, or one that isn't written plainly (0x1f, 1e9L, 1_000).
[[nodiscard]] std::optional<Constant> number_at(syntax::Node node, std::string_view text);
// The shortest text that reads as the number again; a negative one stands in brackets.
[[nodiscard]] std::string number_text(double value, bool integral);

// Another value: a neighbour, twice, half, ten times, the negative, a small whole number; or a step of any size, from a millionth of it to all of it, since
// how fine a number must be set is not known.
[[nodiscard]] double stepped(const Constant& constant, Random& random);

// Those that may change, in the order of the text.
[[nodiscard]] std::vector<Constant> constants_of(const Program& program);
// The program's text without its numbers: programs that differ in nothing else have one.
[[nodiscard]] std::string skeleton_of(const Program& program);
[[nodiscard]] std::string with_constants(const Program& program, std::span<const double> values);

// The program with one to four of its numbers stepped; nullopt: it has none.
[[nodiscard]] std::optional<std::string> with_some_stepped(const Program& program, Random& random);

// A numeric search for each skeleton that has been met. Its state follows from what it was told, in that order; proposals leave it as it is.
class NumericSearch {
 public:
  // Another vector of constants for the program's skeleton. nullopt: it has none, or too many.
  [[nodiscard]] std::optional<std::string> propose(const Program& program, Random& random) const;
  // The step that led to the program and gained, once more: a number that must be a hundred times as large is not met by one step. In ratios where signs allow. nullopt: no such
  // step led there. The pattern move of Hooke and Jeeves, "Direct Search Solution of Numerical and Statistical Problems", JACM 8(2), 1961.
  [[nodiscard]] std::optional<std::string> once_more(const Program& program) const;
  struct Measured {
    const Program& program;
    std::optional<double> fitness;  // Empty for what failed.
  };
  // A finished evaluation. A search begins at the first parent that differs from its child in numbers only, which it is told of, too: it goes only where that is better. It begins anew at the best so far that has a number ten times as large: steps are made in units of the first. Other
  // skeletons that are not searched are passed over.
  void tell(const Measured& parent, const Measured& child);

 private:
  struct Search {
    std::vector<double> origin;
    std::vector<double> scale;
    SepCmaEs strategy;
    std::optional<double> best;
  };
  static bool is_best(const Search& search, std::optional<double> fitness);
  static bool has_outgrown(const Search& search, const std::vector<Constant>& constants);
  static Search search_from(const std::vector<Constant>& constants);
  static void tell(Search& search, const std::vector<Constant>& constants,
                   std::optional<double> fitness);
  std::map<std::string, Search> searches_;
  std::map<std::string, std::vector<double>>
      before_gain_;  // By the text of who gained over a parent that differs in numbers only: that one's.
};

}  // namespace leyden::evolve
