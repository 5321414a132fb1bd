#include "leyden/retrieval/embedder.h"

namespace leyden::retrieval {

std::string embedded_text(std::string_view document, std::string_view context,
                          std::string_view text) {
  std::string out(document);
  if (!context.empty()) out.append(" | ").append(context);
  return out.append("\n").append(text);
}

}  // namespace leyden::retrieval
