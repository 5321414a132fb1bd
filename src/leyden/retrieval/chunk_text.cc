#include "leyden/retrieval/chunk_structure.h"

namespace leyden::retrieval {

std::vector<Section> structure_of_text(std::vector<Atom>& atoms) {
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (atoms[i].begins_line && after_blank(atoms, i)) atoms[i].before.rank = Cut::kBorder;
  }
  return {};
}

}  // namespace leyden::retrieval
