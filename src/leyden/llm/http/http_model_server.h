#pragma once

#include <memory>
#include <string>
#include <vector>

#include "leyden/llm/http/handshake.h"
#include "leyden/llm/http/http_model_options.h"
#include "leyden/llm/model_server.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm {

struct UpstreamStatus {
  std::string server;  // "host:port"
  bool up = false;
  ServerFacts facts;   // Of the last look that went well.
  std::string reason;  // Why it is not up.
  std::size_t in_flight = 0;
  std::uint64_t changes = 0;  // How often another server, or model, was found in its place.
};

// A model behind one or several servers over HTTP: vLLM, SGLang, llama.cpp's server by token IDs, or an OpenAI-compatible endpoint by text
// where that is allowed. Thread-safe. docs/model-servers.md.
//
// A server is asked what it is and which IDs it gives a probe text before IDs are sent, and again whenever it may be another (upstream.h).
// Of those that are up the least loaded is taken among those that likely hold most of the prompt's prefix. A request is sent again only
// where nothing of it was generated: no connection came about, or the server said 429 or 503.
//
// A Generation may outlive the server; its sink hears nothing after the server's destructor. It must not be destroyed from its own sink.
class HttpModelServer final : public ModelServer {
 public:
  // Waits until one server is up, or all have been looked at. `tokenizer` outlives it.
  // Errors: invalid_argument (options, a key that is refused), and those of shake_hands(): the first server's.
  [[nodiscard]] static Result<std::unique_ptr<HttpModelServer>> open(
      HttpModelOptions options, const tokenizer::Tokenizer& tokenizer);
  ~HttpModelServer() override;

  // As of open(): the name and template of the first server that was up, the smallest window of those that were.
  [[nodiscard]] const ModelInfo& info() const override;
  [[nodiscard]] Result<std::unique_ptr<Generation>> generate(GenerateRequest request,
                                                             GenerateSink& sink) override;
  void close() override;

  [[nodiscard]] std::vector<UpstreamStatus> upstreams() const;

 private:
  struct Core;
  explicit HttpModelServer(std::shared_ptr<Core> core);
  const std::shared_ptr<Core> core_;
};

}  // namespace leyden::llm
