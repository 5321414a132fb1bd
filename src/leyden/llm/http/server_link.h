#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "leyden/base/result.h"
#include "leyden/llm/http/http_model_options.h"
#include "leyden/llm/http/wire_request.h"
#include "leyden/net/http_client.h"

namespace leyden::llm {

// One server: how it is reached, and what goes with each request to it. Thread-safe.
class ServerLink {
 public:
  // `url`: "http[s]://[user:password@]host[:port][/path]"; the path is where the server's own begin, and a "/v1" at its end does not count.
  // `thread` outlives it. Errors: invalid_argument, unsupported (proxy). Nothing is connected yet.
  [[nodiscard]] static Result<std::unique_ptr<ServerLink>> make(const net::IoThread& thread,
                                                                const HttpModelOptions& options,
                                                                const std::string& url);

  [[nodiscard]] net::HttpClient& client() const { return *client_; }
  // "host:port", for messages.
  [[nodiscard]] const std::string& label() const { return label_; }

  // What went wrong on the way to it, with its name once.
  [[nodiscard]] Error error(const Error& what) const;

  // From now on each request has a connection of its own: the server closes them though it says that it does not.
  void give_up_keeping() { keep_alive_ = false; }

  [[nodiscard]] net::HttpRequest get(std::string_view target) const;
  [[nodiscard]] net::HttpRequest post(WirePost what) const;

 private:
  ServerLink() = default;
  std::unique_ptr<net::HttpClient> client_;
  std::string label_;
  std::string base_;
  net::HttpFields fields_;
  std::atomic<bool> keep_alive_{true};
};

}  // namespace leyden::llm
