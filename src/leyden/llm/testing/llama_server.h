#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "leyden/base/result.h"

namespace leyden::llm::testing {

// Whether `./dev setup` has built llama.cpp's server. Tests that need it skip, saying `kNoLlamaServer`, where it has not.
[[nodiscard]] bool have_llama_server();
inline constexpr std::string_view kNoLlamaServer =
    "no llama-server: ./dev setup builds it, or says why it could not";

struct LlamaServerOptions {
  std::filesystem::path model_file;
  std::size_t context_tokens = 2048;   // Of each slot.
  std::size_t slots = 1;               // Requests that run side by side.
  std::string api_key;                 // Empty: none is asked for.
  std::vector<std::string> arguments;  // More of them, as llama-server --help has them.
};

// A real llama-server on 127.0.0.1 at a free port. It is killed when this object or this process ends, however it ends. Confined to one
// thread, which outlives it: the system takes that thread's end for the process's.
class LlamaServer {
 public:
  // Returns when the model is loaded: after about a second with SmolLM2. Errors: unavailable, with the end of the server's log.
  [[nodiscard]] static Result<std::unique_ptr<LlamaServer>> start(LlamaServerOptions options);
  ~LlamaServer();
  LlamaServer(const LlamaServer&) = delete;
  LlamaServer& operator=(const LlamaServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:port"
  [[nodiscard]] std::string log() const;  // All that it has said, of earlier starts, too.

  void signal(int number) const;  // SIGSTOP, SIGCONT
  void kill();                    // -9, and waits for its end.
  Result<void> restart();         // At the same port.
  Result<void> restart(std::filesystem::path other_model);

 private:
  explicit LlamaServer(LlamaServerOptions options) : options_(std::move(options)) {}
  Result<void> launch();
  [[nodiscard]] bool ended();
  [[nodiscard]] Error failure(std::string_view what) const;

  LlamaServerOptions options_;
  std::uint16_t port_ = 0;
  int log_ = -1;  // A file without a name: nothing is left behind, even by a killed test.
  pid_t pid_ = -1;
};

}  // namespace leyden::llm::testing
