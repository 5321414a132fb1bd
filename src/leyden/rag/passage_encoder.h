#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/secret.h"
#include "leyden/cache/token_cache.h"
#include "leyden/retrieval/index.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::rag {

// What a passage's IDs are called in the cache: of a tenant, by a tokenizer, in the layout of prompt/segment.h.
[[nodiscard]] cache::BlockKey passage_key(const Secret& secret, std::string_view tenant,
                                          const Digest& tokenizer_fingerprint,
                                          const retrieval::Passage& passage);

// Passages as IDs, from a cache or from a tokenizer. Thread-safe; what it borrows outlives it.
class PassageEncoder {
 public:
  enum class Caching { on, off };

  // `secret` keys the names of cached blocks. Off: each passage is encoded whenever it is asked for, and none is kept.
  PassageEncoder(const tokenizer::Tokenizer& tokenizer, cache::TokenCache& cache,
                 const Secret& secret, Caching caching = Caching::on)
      : tokenizer_(tokenizer), cache_(cache), secret_(secret), caching_(caching) {}

  struct Encoded {
    std::vector<std::string> segments;  // The passages as the model reads them, and
    std::vector<cache::Found> blocks;   // their IDs.
  };
  // `options.text_bytes` and `options.tenant` are filled in. `ttl` of 0: the cache's own. Errors: the cache's.
  [[nodiscard]] Result<Encoded> encode(std::string_view tenant,
                                       std::span<const retrieval::Passage> passages,
                                       std::chrono::seconds ttl, Deadline deadline,
                                       cache::LookupOptions options = {});

 private:
  const tokenizer::Tokenizer& tokenizer_;
  cache::TokenCache& cache_;
  const Secret secret_;
  const Caching caching_;
};

}  // namespace leyden::rag
