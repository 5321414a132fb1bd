#include "leyden/rag/invalidation.h"

#include <unordered_set>

namespace leyden::rag {

Result<InvalidationReport> invalidate(retrieval::Index& index, cache::TokenCache& cache,
                                      const Secret& secret, std::span<const Digest> tokenizers,
                                      const retrieval::Scope& scope, const std::string& document,
                                      Deadline deadline) {
  InvalidationReport report;
  std::unordered_set<std::string> documents;
  std::uint64_t after = 0;
  do {
    auto page = index.list(scope, {.document = document, .after = after, .limit = 1000});
    if (!page) return std::unexpected(page.error());
    after = page->next;
    std::vector<cache::BlockKey> keys;
    for (const retrieval::Passage& passage : page->passages) {
      documents.insert(passage.document);
      for (const Digest& tokenizer : tokenizers)
        keys.push_back(passage_key(secret, scope.tenant, tokenizer, passage));
    }
    report.passages += page->passages.size();
    auto erased = cache.erase_many(keys, deadline);
    if (!erased) return std::unexpected(erased.error());
    report.erased += *erased;
  } while (after != 0);
  report.documents = documents.size();
  return report;
}

}  // namespace leyden::rag
