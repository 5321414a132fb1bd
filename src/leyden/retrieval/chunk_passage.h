#pragma once

#include <string>
#include <string_view>

#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/index.h"

namespace leyden::retrieval {

// A chunk of a text as the passage that indexing it would make: of what an agent works on, which need not be indexed.
[[nodiscard]] Passage passage_of(const std::string& path, std::string_view text,
                                 const Chunk& chunk);

}  // namespace leyden::retrieval
