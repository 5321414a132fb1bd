#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/rag/passage_encoder.h"

namespace leyden::rag {

struct WarmUpRequest {
  retrieval::Scope scope;
  std::vector<std::string> documents;  // As in ListRequest; none: all of the scope.
  // What fails for a reason that may pass is tried so often, after a random wait of up to `backoff`, then twice that, and so on
  // (full jitter: Brooker, "Exponential Backoff And Jitter", 2015).
  unsigned attempts = 3;
  std::chrono::milliseconds backoff{200};
  std::chrono::milliseconds store_timeout{5000};  // For what 64 passages have to be written.
  std::stop_token stop;
};

struct WarmUpProgress {
  std::uint64_t passages_done = 0;
  std::uint64_t passages_total = 0;
  std::string_view document;
};

struct WarmedDocument {
  std::string document;
  std::uint64_t passages = 0;
  std::uint64_t tokens = 0;
};

struct WarmUpFailure {
  std::string document;
  std::size_t first_line = 0;
  std::string reason;
};

struct WarmUpReport {
  std::vector<WarmedDocument> documents;  // What is warm now, in the index's order.
  std::uint64_t passages = 0;             // Of these: all that are in the cache, and
  std::uint64_t encoded = 0;              // those that were not before.
  std::uint64_t tokens = 0;
  std::vector<WarmUpFailure> failures;  // The first 100.
  std::uint64_t passages_failed = 0;
  std::uint64_t passages_not_stored = 0;  // Warm in this process only.
  std::string store_reason;               // Why.
  std::uint64_t retries = 0;
  bool interrupted = false;
  // Documents asked for that the index does not have.
  std::vector<std::string> unknown_documents;

  [[nodiscard]] bool complete() const {
    return passages_failed == 0 && passages_not_stored == 0 && !interrupted &&
           unknown_documents.empty();
  }
};

// Encodes the scope's passages and waits until they are in the store, 64 at a time. What goes wrong with some is in the report and
// does not keep the others out. Its look-ups are counted apart (CacheStats::warm_up). Errors: the index's.
[[nodiscard]] Result<WarmUpReport> warm_up(
    retrieval::Index& index, PassageEncoder& encoder, cache::TokenCache& cache,
    const WarmUpRequest& request, const std::function<void(const WarmUpProgress&)>& on_progress);

}  // namespace leyden::rag
