#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "leyden/rag/passage_encoder.h"

namespace leyden::rag {

struct InvalidationReport {
  std::uint64_t documents = 0;  // That the index has of those asked for,
  std::uint64_t passages = 0;   // and their passages.
  std::uint64_t erased =
      0;  // Blocks that were in a tier: a passage has one for each tokenizer that read it.
};

// Erases what the cache holds of a scope's passages, by the tokenizers with these fingerprints; of all documents, or as
// ListRequest::document says. Returns when it is acknowledged: other processes hear of it as Store::listen tells. A passage whose
// text another document of the tenant has, too, shares its block and loses it, too. What the index forgot
// before can't be named any more: erase the tenant or the tokenizer. Errors: the index's and the store's; what was erased until
// then stays erased.
[[nodiscard]] Result<InvalidationReport> invalidate(retrieval::Index& index,
                                                    cache::TokenCache& cache, const Secret& secret,
                                                    std::span<const Digest> tokenizers,
                                                    const retrieval::Scope& scope,
                                                    const std::string& document, Deadline deadline);

}  // namespace leyden::rag
