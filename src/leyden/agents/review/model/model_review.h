#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/review/analyzers/analyzer.h"
#include "leyden/agents/review/review.h"
#include "leyden/llm/model_server.h"
#include "leyden/rag/token_cached_rag.h"

namespace leyden::review {

struct ModelReviewOptions {
  // Short reviews of one file, each looking for something else. Their prompts differ in the last lines only, so that a server with a
  // prefix cache reads the file once; what two of them find counts more.
  std::size_t reviews = 2;
  std::size_t max_answer_tokens = 512;
  std::size_t max_guideline_tokens = 1'024;
  std::size_t part_bytes_max =
      12'000;  // Of a file in one prompt; a longer one is told in parts, cut between lines.
  std::optional<retrieval::Scope> guidelines;  // Where the team's are indexed.
  llm::Sampling sampling;
  Deadline deadline = Deadline::never();
};

// Asks a model about what rules have looked at. A finding of the rules is never lost by it, and none of the model's gets through whose text is not
// in the file. Thread-safe; everything borrowed outlives it.
class ModelReview {
 public:
  // `rag` with kReviewSystemPrompt.
  ModelReview(rag::TokenCachedRag& rag, llm::ModelServer& server, ModelReviewOptions options)
      : rag_(&rag), server_(&server), options_(std::move(options)) {}

  // The findings that `report` has of this file are in the prompt; what the model adds comes to them. Errors: cancelled; those of the server where
  // it refuses a prompt (`report` is then as it was).
  [[nodiscard]] Result<void> run(const ReviewedText& text, const std::vector<ReviewType>& types,
                                 std::string_view today, ReviewReport& report,
                                 ModelReviewCounts& counts, const std::stop_token& stop);

 private:
  rag::TokenCachedRag* rag_;
  llm::ModelServer* server_;
  ModelReviewOptions options_;
};

inline constexpr std::string_view kReviewSystemPrompt =
    "You review code for a careful team. You name real defects only, each at the exact text that "
    "is wrong, and you answer in JSON. The passages are the "
    "team's guidelines.";

}  // namespace leyden::review
