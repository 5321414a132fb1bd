#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "leyden/llm/model_server.h"

namespace leyden::llm {

struct Generated {
  TokenIds ids;
  std::string text;
  std::vector<float> logprobs;  // As many as there are IDs, or none.
  GenerateSummary summary;
};

// The blocking twin of ModelServer::generate: waits for the end, cancels when `stop` is requested.
// `on_text` (may be empty) hears the text as it comes, from the server's thread. A cancelled
// generation is a value with finish = cancelled.
[[nodiscard]] Result<Generated> generate_blocking(
    ModelServer& server, GenerateRequest request,
    const std::function<void(std::string_view)>& on_text, std::stop_token stop);

}  // namespace leyden::llm
