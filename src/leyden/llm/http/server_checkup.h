#pragma once

#include <string>
#include <vector>

#include "leyden/base/checkup.h"
#include "leyden/base/deadline.h"
#include "leyden/llm/http/http_model_options.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm {

// Looks at one model server (options.urls.front()) as a client would use it, for `leyden doctor --llm`: whether it answers, what it is, whether
// its tokenizer is ours, whether it takes and gives token IDs, whether it reuses prefixes (it is asked the same twice: two short answers are
// generated), and how long the first token takes. Changes nothing. Blocks until `deadline` at most.
[[nodiscard]] std::vector<Finding> check_model_server(const HttpModelOptions& options,
                                                      const tokenizer::Tokenizer& tokenizer,
                                                      Deadline deadline);

}  // namespace leyden::llm
