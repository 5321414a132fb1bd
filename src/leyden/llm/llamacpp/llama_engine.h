#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "leyden/llm/model_server.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm {

struct LlamaEngineOptions {
  std::filesystem::path model_file;  // GGUF.
  std::size_t context_tokens =
      8192;  // Clipped to what the model was trained for; info() says what it is.
  std::size_t threads =
      0;  // 0: as many as there are cores. They spin: fewer is faster on a busy machine.
  std::size_t waiting_max = 16;  // Requests that wait while one runs; more are `overloaded`.
  std::filesystem::path
      library_folder;  // Of libggml-cpu-*.so; empty: the one known when this was built.
  [[nodiscard]] Result<void> check() const;  // Names the first field out of range.
};

// A GGUF model in this process, through llama.cpp's library (libllama 0.5.0, MIT), on the CPU. One
// generation at a time, in order of arrival, on a thread of its own. The longest common prefix with
// the previous prompt and answer is not computed again (its KV cells are kept). The last token of a
// prompt always is, because its logits are needed, and the last two where all but two are in the
// cache.
//
// Greedy answers are the same each time on one machine, whatever is in the cache, but for one case:
// where cells of an earlier ANSWER are reused, sums were added in another order and a near tie may
// fall the other way.
//
// `tokenizer` is kept and must outlive the engine. A Generation may outlive it, but its sink hears
// nothing after the engine's destructor. A Generation must not be destroyed from inside its own
// sink.
//
// `load` compares the model's tokenizer with `tokenizer`: size of the vocabulary, the bytes of
// every token, and the IDs of a probe text; when they differ the model is refused (unsupported,
// says where), because IDs would mean other text. Errors: invalid_argument (options), not_found,
// corrupt (truncated or not GGUF), unsupported, unavailable (memory), cancelled (`on_progress`,
// which may be empty, returned false).
class LlamaEngine final : public ModelServer {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LlamaEngine>> load(
      const LlamaEngineOptions& options, const tokenizer::Tokenizer& tokenizer,
      const std::function<bool(float fraction)>& on_progress);
  ~LlamaEngine() override;

  [[nodiscard]] const ModelInfo& info() const override;
  [[nodiscard]] Result<std::unique_ptr<Generation>> generate(GenerateRequest request,
                                                             GenerateSink& sink) override;
  void close() override;

 private:
  struct State;
  explicit LlamaEngine(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace leyden::llm
