#pragma once

#include "leyden/llm/model_server.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm {

// What every ModelServer refuses of a request: see ModelServer::generate. No ID is in the message.
// context_tokens 0: the window is not known and not checked.
[[nodiscard]] Result<void> check_request(const GenerateRequest& request, const ModelInfo& info,
                                         const tokenizer::Tokenizer& tokenizer);

}  // namespace leyden::llm
