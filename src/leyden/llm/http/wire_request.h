#pragma once

#include <string>
#include <string_view>

#include "leyden/llm/http/server_kind.h"
#include "leyden/llm/model_server.h"

namespace leyden::llm {

// The request for one generation, as it is told to a server.
struct WireGenerate {
  std::string_view model;
  TokenIdsView prompt_ids;
  std::string_view prompt_text;  // Instead of IDs, for ServerKind::openai.
  std::size_t max_tokens = 1;
  Sampling sampling;
  TokenIdsView stop_tokens;  // llama.cpp and text servers are not told: the client ends there.
  bool logprobs = false;
  std::string_view cache_salt;  // Empty: none. For vLLM and SGLang.
  bool stream = true;           // False: llama.cpp is to answer in one piece.
};

// What is posted, as JSON, and where: below the server's base path.
struct WirePost {
  std::string target;
  std::string body;
};

// The distribution is the model's own, cut at top_p: what else a server or a model's folder sets by default (top-k,
// min-p, penalties) is set to nothing, but for ServerKind::openai, which may refuse fields that it does not know.
[[nodiscard]] WirePost generate_post(ServerKind kind, const WireGenerate& what);

// IDs of a text, without BOS and the like. vLLM and SGLang always take the names of special tokens for them, llama.cpp where
// `parse_special`.
[[nodiscard]] WirePost tokenize_post(ServerKind kind, std::string_view model, std::string_view text,
                                     bool parse_special);

}  // namespace leyden::llm
