#include "leyden/retrieval/chunk_passage.h"

namespace leyden::retrieval {

Passage passage_of(const std::string& path, std::string_view text, const Chunk& chunk) {
  const std::string_view body = text.substr(chunk.begin, chunk.end - chunk.begin);
  return {.document = path,
          .first_line = chunk.first_line,
          .last_line = chunk.last_line,
          .context = chunk.context,
          .text = std::string(body),
          .content = passage_content(path, chunk.context, body)};
}

}  // namespace leyden::retrieval
