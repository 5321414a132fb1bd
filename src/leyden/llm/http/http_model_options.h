#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/base/token_id.h"
#include "leyden/llm/http/retry.h"
#include "leyden/llm/http/server_kind.h"
#include "leyden/net/endpoint.h"
#include "leyden/net/http.h"

namespace leyden::llm {

// How much of a prompt a server has cached, as far as we know. Thread-safe.
class PrefixScorer {
 public:
  virtual ~PrefixScorer() = default;
  // Tokens, from the first on. `upstream`: its place among the URLs.
  [[nodiscard]] virtual std::size_t expected_reuse(std::size_t upstream, std::string_view tenant,
                                                   TokenIdsView prompt) const = 0;
};

struct HttpModelOptions {
  std::vector<std::string> urls;   // Of servers that have the same model; see ServerLink::make.
  std::optional<ServerKind> kind;  // Empty: each is asked what it is.
  std::string model;               // By the servers' name; empty: the first that each lists.
  std::string api_key;             // "Authorization: Bearer …"; secret.
  net::HttpFields fields;          // More of them, with every request.
  net::TlsOptions tls;             // For https.
  // The value of an environment variable, for proxies; empty: none is used.
  std::function<std::optional<std::string>(std::string_view)> environment;

  // Where a server does not say how long its window is (OpenAI's), 0: not checked.
  std::size_t context_tokens = 0;
  // Whether a server that can't do IDs may be spoken to in text, which GenerateSummary::ids_exact tells; else it is `unsupported`.
  bool allow_text = true;
  // Whether the server's tokenizer is compared with ours. Without it nothing says that IDs mean the same text to both.
  bool check_tokenizer = true;
  std::optional<Secret> salt_key;  // Empty: no cache salts. See cache_salt().

  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{120'000};  // A long prompt may take that.
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds check_timeout{5'000};  // Of each look at a server.
  // While requests come a server is looked at again as often as this.
  std::chrono::milliseconds check_every{5'000};
  RetryOptions retry;
  std::size_t connections_max = 256;  // To each server.
  std::size_t waiting_max = 1024;     // Generations that wait for a connection or a server.

  // Hears of each event of a stream, and each answer in one piece, as the server wrote it, by the I/O thread: for tests. It is the text.
  std::function<void(std::string_view)> on_event;

  const PrefixScorer* scorer = nullptr;  // Null: the least loaded is taken. Outlives the server.

  // Errors: invalid_argument: it names the first that is out of range.
  [[nodiscard]] Result<void> check() const;
};

}  // namespace leyden::llm
