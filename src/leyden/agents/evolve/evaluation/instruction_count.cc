#include "leyden/agents/evolve/evaluation/instruction_count.h"

#include <charconv>

namespace leyden::evolve {
namespace {

// The text after "==PID== "; nullopt: valgrind did not write the line.
std::optional<std::string_view> told_by_valgrind(std::string_view line) {
  if (!line.starts_with("==")) return std::nullopt;
  const std::size_t end = line.find_first_not_of("0123456789", 2);
  if (end == 2 || end == std::string_view::npos || !line.substr(end).starts_with("=="))
    return std::nullopt;
  return line.substr(std::min(end + 3, line.size()));
}

}  // namespace

CountedErrors counted_errors(std::string_view text) {
  constexpr std::string_view kCommand = "Command:";
  constexpr std::string_view kCollected = "Collected : ";
  CountedErrors out;
  std::size_t begun = 0;
  std::size_t ended = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const auto told = told_by_valgrind(line);
    if (!told) {
      out.rest += line;
      continue;
    }
    begun += told->starts_with(kCommand) ? 1 : 0;
    if (!told->starts_with(kCollected)) continue;
    std::uint64_t number = 0;
    const std::string_view digits = told->substr(kCollected.size());
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc())
      out.instructions = number;
    ++ended;
  }
  // A program that puts another one in its place, or writes a number of its own.
  if (begun != 1 || ended != 1) out.instructions.reset();
  return out;
}

}  // namespace leyden::evolve
