#include <algorithm>

#include "leyden/retrieval/chunk_atoms.h"
#include "leyden/retrieval/chunk_structure.h"
#include "leyden/syntax/definitions.h"
#include "leyden/syntax/parser.h"

namespace leyden::retrieval {
namespace {

using syntax::Definition;
using syntax::DefinitionKind;

// Between definitions that stand in nothing but namespaces; one less for each definition around.
constexpr std::uint16_t kTopRank = Cut::kBorder + 0x40;

struct Margin {
  std::size_t columns = 0;
  char first = ' ';
};

Margin margin_of(std::string_view line) {
  Margin margin;
  for (char each : line) {
    margin.first = each;
    if (each == ' ')
      ++margin.columns;
    else if (each == '\t')
      margin.columns += 4;
    else
      break;
  }
  return margin;
}

// By layout alone: the less a line is indented the better, better still below a blank line; what closes a bracket stays with what it
// closes. Something new begins at the margin below a blank line.
std::uint16_t rank_by_layout(Margin margin, bool below_blank) {
  constexpr std::size_t kColumnsMax = 100;
  if (margin.first == '}' || margin.first == ')' || margin.first == ']') return kLineRank;
  if (below_blank && margin.columns == 0) return kTopRank;
  const std::size_t outward = kColumnsMax - std::min(margin.columns, kColumnsMax);
  return static_cast<std::uint16_t>(kLineRank + 1 + outward + (below_blank ? 6 : 0));
}

bool is_function(DefinitionKind kind) {
  return kind == DefinitionKind::function || kind == DefinitionKind::method;
}

bool is_namespace(DefinitionKind kind) {
  return kind == DefinitionKind::namespace_ || kind == DefinitionKind::module;
}

// How many definitions that are no namespaces stand around it; nullopt when a function does: it is whole with what it defines.
std::optional<std::uint16_t> depth_of(const std::vector<Definition>& all, const Definition& each) {
  std::uint16_t depth = 0;
  for (auto parent = each.parent; parent; parent = all[*parent].parent) {
    if (is_function(all[*parent].kind)) return std::nullopt;
    if (!is_namespace(all[*parent].kind)) ++depth;
  }
  return depth;
}

void rank_definitions(const std::vector<Definition>& all, std::string_view text,
                      std::vector<Atom>& atoms) {
  std::size_t i = 0;
  for (const Definition& each : all) {
    while (i < atoms.size() && atoms[i].end <= each.begin) ++i;
    if (i == atoms.size()) return;
    const std::string_view before =
        text.substr(atoms[i].begin, std::max(each.begin, atoms[i].begin) - atoms[i].begin);
    if (!atoms[i].begins_line || before.find_first_not_of(" \t") != std::string_view::npos)
      continue;
    if (auto depth = depth_of(all, each)) atoms[i].before.rank = kTopRank - *depth;
    // Its comments stay with its name.
    for (std::size_t k = i + 1; k < atoms.size() && atoms[k].begin <= each.name_begin; ++k) {
      if (atoms[k].begins_line) atoms[k].before.rank = kLineRank;
    }
  }
}

}  // namespace

std::vector<Section> structure_of_code(syntax::Language language, std::string_view text,
                                       std::vector<Atom>& atoms) {
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (!atoms[i].begins_line) continue;
    const Margin margin = margin_of(text.substr(atoms[i].begin, atoms[i].end - atoms[i].begin));
    atoms[i].before.rank = rank_by_layout(margin, after_blank(atoms, i));
  }
  // Without a parser, or where the text is too much for it, layout will have to do.
  auto tree = syntax::parse(language, text);
  if (!tree) return {};
  std::vector<Definition> all = syntax::definitions(*tree, text);
  rank_definitions(all, text, atoms);
  std::vector<Section> sections;
  sections.reserve(all.size());
  for (Definition& each : all) {
    // A namespace is not worth its tokens in each passage.
    const bool tells = each.kind != DefinitionKind::namespace_;
    sections.push_back({.begin = each.begin,
                        .end = each.end,
                        .title = tells ? std::move(each.signature) : "",
                        .parent = each.parent});
  }
  return sections;
}

}  // namespace leyden::retrieval
