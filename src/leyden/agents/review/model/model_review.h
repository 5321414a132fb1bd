#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/review/analyzers/analyzer.h"
#include "leyden/agents/review/model/callers.h"
#include "leyden/agents/review/review.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/model_server.h"
#include "leyden/rag/token_cached_rag.h"

namespace leyden::review {

struct ModelReviewOptions {
  // Reviews of each part of a file, each looking for something else; 1: one long review that looks for everything. Their prompts differ in
  // the last lines only, so that a server with a prefix cache reads the part once; what two of them find counts more.
  std::size_t reviews = 2;
  std::size_t max_answer_tokens = 512;
  // Of all prompts and answers together; 0: as many as it takes. No question is asked once it is spent, so the last one may pass it.
  std::uint64_t max_tokens = 0;
  std::size_t max_guideline_tokens = 1'024;
  // Of a file in one prompt; a longer one is told in parts, cut where its chunks end (retrieval/chunk.h).
  std::size_t part_bytes_max = 12'000;
  std::optional<retrieval::Scope> guidelines;  // Where the team's are indexed.
  Callers* callers = nullptr;                  // Of a change; none: only the change is shown.
  std::string tenant = "default";              // Whose tokens the reviewed files' are.
  std::chrono::seconds ttl{0};                 // Of what is tokenized now; 0: the cache's.
  llm::Sampling sampling;
  Deadline deadline = Deadline::never();
};

// Asks a model about what rules have looked at. A finding of the rules is never lost by it, and none of the model's gets through whose text is not
// in the file. Confined to one thread; everything borrowed outlives it.
class ModelReview {
 public:
  // `rag` with review_system_prompt().
  ModelReview(rag::TokenCachedRag& rag, llm::ModelServer& server, ModelReviewOptions options)
      : rag_(&rag), server_(&server), options_(std::move(options)) {}

  // The findings that `report` has of this file are in the prompt; what the model adds comes to them. Errors: cancelled; those of the server where
  // it refuses a prompt (`report` is then as it was).
  [[nodiscard]] Result<void> run(const ReviewedText& text, const std::vector<ReviewType>& types,
                                 std::string_view today, ReviewReport& report,
                                 ModelReviewCounts& counts, const std::stop_token& stop);

 private:
  [[nodiscard]] Result<rag::RetrievedContext> guidelines_for(const SourceFile& file,
                                                             ModelReviewCounts& counts,
                                                             const std::stop_token& stop);
  [[nodiscard]] Result<void> append(rag::RetrievedContext& context,
                                    std::span<const retrieval::Passage> passages,
                                    ModelReviewCounts& counts, const std::stop_token& stop);
  // Errors: what the server could not do; cancelled.
  [[nodiscard]] Result<llm::Generated> ask(const rag::RetrievedContext& context,
                                           const std::string& question,
                                           const prompt::ChatFrame& frame,
                                           ModelReviewCounts& counts, const std::stop_token& stop);

  rag::TokenCachedRag* rag_;
  llm::ModelServer* server_;
  ModelReviewOptions options_;
};

// The same for every file, so that it is the part of the prompt that a server always has.
[[nodiscard]] std::string review_system_prompt();

}  // namespace leyden::review
