#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/retrieval/chunk_cut.h"
#include "leyden/syntax/language.h"

namespace leyden::retrieval {

// What parts of a document stand in: a definition, what is below a heading. In the order of `begin`, and within their parents.
struct Section {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string title;
  std::optional<std::size_t> parent;
};

// Each sets the ranks of the atoms that begin lines, and gives the sections.
[[nodiscard]] std::vector<Section> structure_of_code(syntax::Language language,
                                                     std::string_view text,
                                                     std::vector<Atom>& atoms);
[[nodiscard]] std::vector<Section> structure_of_markup(syntax::Language language,
                                                       std::string_view text,
                                                       std::vector<Atom>& atoms);
[[nodiscard]] std::vector<Section> structure_of_text(std::vector<Atom>& atoms);

// Whether a blank line, or nothing, is above the atom.
[[nodiscard]] inline bool after_blank(const std::vector<Atom>& atoms, std::size_t i) {
  return i == 0 || atoms[i - 1].gap_tokens > 0;
}

}  // namespace leyden::retrieval
