#include "leyden/llm/request_check.h"

#include <algorithm>
#include <cmath>

namespace leyden::llm {
namespace {

Result<void> check_documents(const GenerateRequest& request,
                             const tokenizer::Tokenizer& tokenizer) {
  for (const TokenRange& range : request.documents) {
    if (range.begin > range.end || range.end > request.prompt.size()) {
      return fail(Errc::invalid_argument,
                  "a document is said to be tokens {} to {} of a prompt of {}", range.begin,
                  range.end, request.prompt.size());
    }
    const auto begin = request.prompt.begin() + static_cast<std::ptrdiff_t>(range.begin);
    const auto end = request.prompt.begin() + static_cast<std::ptrdiff_t>(range.end);
    const auto bad = std::find_if(begin, end, [&](TokenId id) { return tokenizer.is_control(id); });
    if (bad != end) {
      return fail(Errc::invalid_argument,
                  "the prompt's token {} is a control token within a document: encode documents "
                  "without special tokens",
                  bad - request.prompt.begin());
    }
  }
  return {};
}

}  // namespace

Result<void> check_request(const GenerateRequest& request, const ModelInfo& info,
                           const tokenizer::Tokenizer& tokenizer) {
  const auto outside = [&](TokenId id) { return id >= info.vocabulary_size; };
  if (request.prompt.empty()) return fail(Errc::invalid_argument, "the prompt is empty");
  if (request.max_tokens == 0) {
    return fail(Errc::invalid_argument, "max_tokens must be at least 1");
  }
  if (!(request.sampling.temperature >= 0) || !std::isfinite(request.sampling.temperature)) {
    return fail(Errc::invalid_argument, "temperature must be 0 or more");
  }
  if (!(request.sampling.top_p > 0 && request.sampling.top_p <= 1)) {
    return fail(Errc::invalid_argument, "top_p must be over 0 and at most 1");
  }
  if (const auto bad = std::ranges::find_if(request.prompt, outside); bad != request.prompt.end()) {
    return fail(Errc::invalid_argument,
                "the prompt's token {} is not in the model's vocabulary of {} entries",
                bad - request.prompt.begin(), info.vocabulary_size);
  }
  if (std::ranges::any_of(request.stop_tokens, outside)) {
    return fail(Errc::invalid_argument,
                "a stop token is not in the model's vocabulary of {} entries",
                info.vocabulary_size);
  }
  if (info.context_tokens != 0 &&
      (request.prompt.size() > info.context_tokens ||
       request.max_tokens > info.context_tokens - request.prompt.size())) {
    return fail(Errc::invalid_argument,
                "prompt of {} tokens and max_tokens {} are over the context window of {} tokens",
                request.prompt.size(), request.max_tokens, info.context_tokens);
  }
  return check_documents(request, tokenizer);
}

}  // namespace leyden::llm
