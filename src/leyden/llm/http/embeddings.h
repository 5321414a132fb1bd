#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/llm/http/retry.h"
#include "leyden/llm/http/server_link.h"
#include "leyden/net/endpoint.h"
#include "leyden/net/http.h"

namespace leyden::llm {

struct EmbeddingsOptions {
  std::string url;             // See ServerLink::make: what is asked is <url>/v1/embeddings.
  std::string model;           // By the server's name; servers with one model may need none.
  std::string api_key;         // "Authorization: Bearer …"; secret.
  net::HttpFields fields;      // More of them, with every request.
  net::TlsOptions tls;         // For https.
  std::size_t dimensions = 0;  // Asked for, where a model can give several; 0: the model's own.
  // The value of an environment variable, for proxies; empty: none is used.
  std::function<std::optional<std::string>(std::string_view)> environment;

  // One request has so many at most; a text that is longer by itself is sent by itself.
  std::size_t batch_texts = 64;
  std::size_t batch_bytes = 256 * KiB;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds answer_timeout{120'000};  // Of one request, at most.
  RetryOptions retry;

  // Errors: invalid_argument: it names the first that is out of range.
  [[nodiscard]] Result<void> check() const;
};

// Texts as vectors, from a server that speaks as OpenAI's does at /v1/embeddings. Thread-safe.
class EmbeddingsClient {
 public:
  // `thread` outlives it. Nothing is connected yet. Errors: invalid_argument, unsupported (proxy).
  [[nodiscard]] static Result<std::unique_ptr<EmbeddingsClient>> open(const net::IoThread& thread,
                                                                      EmbeddingsOptions options);

  // As many vectors as texts, in their order, all of as many dimensions, as the server gave them. Texts are made valid UTF-8; none may be
  // empty. What the server finds too long is cut in halves until it does not. Requests are sent one after the other, and again as `retry`
  // allows. Errors: invalid_argument (an empty text; the server refuses the request), unavailable, timed_out, overloaded, not_found (the
  // model), corrupt (an answer that is none: other counts, places or dimensions, values that are no numbers).
  [[nodiscard]] Result<std::vector<std::vector<float>>> embed(
      std::span<const std::string_view> texts, Deadline deadline);

  [[nodiscard]] const EmbeddingsOptions& options() const { return options_; }
  [[nodiscard]] const std::string& label() const { return link_->label(); }  // "host:port"

 private:
  struct Answer;
  EmbeddingsClient(EmbeddingsOptions options, std::unique_ptr<ServerLink> link)
      : options_(std::move(options)), link_(std::move(link)), retry_(options_.retry) {}
  Result<void> embed_batch(std::span<const std::string> texts, Deadline deadline,
                           std::vector<std::vector<float>>& out);
  Answer ask(std::span<const std::string> texts, Deadline deadline);
  Answer ask_once(std::span<const std::string> texts, Deadline deadline);
  [[nodiscard]] Error error(Errc code, std::string_view what) const;

  const EmbeddingsOptions options_;
  const std::unique_ptr<ServerLink> link_;
  RetryPolicy retry_;
  std::atomic<bool> as_numbers_{false};  // The server does not know encoding_format base64.
};

// What a server answered to `count` texts. Errors: corrupt.
[[nodiscard]] Result<std::vector<std::vector<float>>> parse_embeddings(std::string_view json,
                                                                       std::size_t count);

}  // namespace leyden::llm
