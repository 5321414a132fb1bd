#include "leyden/agents/qa/compiled/mutant_run_script.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

constexpr const char* kKills = "kills";  // "pass", then mutants and tests.
constexpr const char* kPass = "pass";

}  // namespace

std::string mutant_run_script(const std::string& program, std::span<const std::string> selections,
                              const std::vector<std::vector<std::size_t>>& by_mutant,
                              const std::vector<bool>& invalid) {
  std::string out = fmt::format(
      "rm -f {0}/{1}\n"
      "timeout 20 {2} >{0}/said 2>&1 && echo {3} >{0}/{1} || exit 0\n"
      "notices() {{ LEYDEN_MUTANT=$2 timeout 5 {2} $3 >{0}/said 2>&1 && return 1; echo $2 $1 "
      ">>{0}/{1}; }}\n",
      kExchange, kKills, program, kPass);
  for (std::size_t mutant = 0; mutant < by_mutant.size(); ++mutant) {
    if (invalid[mutant]) continue;
    for (const std::size_t test : by_mutant[mutant])
      out += fmt::format("notices {} {} '{}' || ", test, mutant, selections[test]);
    out += "true\n";
  }
  return out;
}

std::optional<Toolchain::Kills> kills_told(const DriverFolder& drivers, std::vector<bool> invalid) {
  std::istringstream text(drivers.taken(kKills));
  std::string first;
  if (std::ranges::find(invalid, false) == invalid.end() || !(text >> first) || first != kPass)
    return std::nullopt;
  Toolchain::Kills out{.killer = std::vector<std::optional<std::size_t>>(invalid.size()),
                       .invalid = std::move(invalid)};
  for (std::size_t mutant = 0, test = 0; text >> mutant >> test;) {
    if (mutant < out.killer.size()) out.killer[mutant] = test;
  }
  return out;
}

}  // namespace leyden::qa
