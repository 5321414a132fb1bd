#include "leyden/agents/qa/compiled/schemata.h"

#include <algorithm>

namespace leyden::qa {

std::vector<std::size_t> Schemata::at_line(std::size_t line) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < first_line.size(); ++i) {
    if (first_line[i] != 0 && first_line[i] <= line && line <= last_line[i]) out.push_back(i);
  }
  if (!out.empty()) return out;
  for (std::size_t i = 0; i < body_end.size(); ++i) {
    if (body_end[i] == line) out.push_back(i);
  }
  return out;
}

Schemata schemata_of(std::string_view text, std::span<const BodySpan> bodies,
                     std::span<const Mutant> mutants, const std::vector<bool>& left_out,
                     const std::function<std::string(std::size_t number)>& condition) {
  std::vector<BodySpan> in_order(bodies.begin(), bodies.end());
  std::ranges::sort(in_order, {}, &BodySpan::begin);
  Schemata out{.text = {},
               .first_line = std::vector<std::size_t>(mutants.size()),
               .last_line = std::vector<std::size_t>(mutants.size()),
               .body_end = std::vector<std::size_t>(mutants.size())};
  std::size_t at = 0;
  std::size_t lines = 1;
  const auto put = [&](std::string_view more) {
    out.text += more;
    lines += static_cast<std::size_t>(std::ranges::count(more, '\n'));
  };
  for (const BodySpan& body : in_order) {
    if (body.begin < at) continue;  // Within another.
    put(text.substr(at, body.begin - at));
    put("{");
    for (std::size_t i = 0; i < mutants.size(); ++i) {
      const Mutant& mutant = mutants[i];
      if (left_out[i] || mutant.begin < body.begin || mutant.end > body.end) continue;
      put("\n" + condition(i) + " ");
      out.first_line[i] = lines;
      put(text.substr(body.begin, mutant.begin - body.begin));
      put(mutant.text);
      put(text.substr(mutant.end, body.end - mutant.end));
      out.last_line[i] = lines;
      put(" else ");
    }
    put("\n");
    put(text.substr(body.begin, body.end - body.begin));
    put("}");
    for (std::size_t i = 0; i < mutants.size(); ++i) {
      const bool inside = mutants[i].begin >= body.begin && mutants[i].end <= body.end;
      if (inside && out.first_line[i] != 0) out.body_end[i] = lines;
    }
    at = body.end;
  }
  put(text.substr(at));
  return out;
}

}  // namespace leyden::qa
