#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/llm/http/http_model_options.h"
#include "leyden/llm/http/server_link.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm {

// What a server's tokenizer is compared by: the IDs of a text, and those of the names of special tokens, 64 at most from all over the
// vocabulary. Made once.
struct TokenizerProbe {
  explicit TokenizerProbe(const tokenizer::Tokenizer& of);

  const tokenizer::Tokenizer& tokenizer;
  TokenIds text_ids;
  std::string special_text;  // The names, side by side.
  std::vector<std::string> special_names;
  TokenIds special_ids;
};

// What is known of a server after it was asked.
struct ServerFacts {
  ServerKind kind = ServerKind::openai;
  std::string version;        // Empty: it does not say.
  std::string model;          // By its name for it.
  std::string chat_template;  // Jinja; empty: it does not say.
  std::string bos_token;      // As the template sees them; empty: it does not say.
  std::string eos_token;
  std::size_t context_tokens = 0;  // 0: not known.
  bool ids = false;                // Prompts go as IDs; else as text.
  std::string why_text;            // Why not, for people.
  std::string start;  // Tells one start of the server from another; empty: it does not show.
  bool tokenizer_compared = false;  // And found equal.
  friend bool operator==(const ServerFacts&, const ServerFacts&) = default;
};

// Whether it still is the server that gave `facts`, by its start: one request. Errors: as of shake_hands().
[[nodiscard]] Result<bool> is_same_start(const ServerLink& link, const ServerFacts& facts,
                                         Deadline deadline, const std::stop_token& stop);

// Asks a server what it is: its list of models, then what only its kind has, then the IDs of a probe text and of the names of special tokens,
// which must be ours. That is a strong check of the tokenizer, no proof. Two to five requests. Not on the I/O thread.
// Errors: unsupported (another tokenizer: says where they differ; no IDs and no text allowed), not_found (it has no such model),
// invalid_argument (401, 403), unavailable, timed_out, corrupt (no model server), cancelled.
[[nodiscard]] Result<ServerFacts> shake_hands(const ServerLink& link,
                                              const HttpModelOptions& options,
                                              const TokenizerProbe& probe, Deadline deadline,
                                              const std::stop_token& stop);

}  // namespace leyden::llm
