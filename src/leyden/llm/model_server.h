#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/base/token_id.h"

namespace leyden::llm {

struct Sampling {
  double temperature = 0;  // 0: greedy, the same answer each time.
  double top_p = 1;
  std::uint32_t seed = 0;
};

struct GenerateRequest {
  TokenIds prompt;               // All of it, BOS and control tokens included: nothing is added.
  std::size_t max_tokens = 256;  // At least 1.
  Sampling sampling;
  TokenIds stop_tokens;  // Generation ends before the first of them; the model's own end tokens
                         // always count.
  Deadline deadline = Deadline::never();
};

enum class FinishReason { stop, length, cancelled };

struct GenerateSummary {
  FinishReason finish = FinishReason::stop;
  std::size_t prompt_tokens = 0;
  std::size_t prompt_tokens_reused = 0;  // Served from the server's prefix cache.
  std::size_t generated_tokens = 0;      // As delivered; the end token is not delivered.
  double first_token_ms = 0;
  double total_ms = 0;
};

// Hears of one generation, from the server's thread, in order: on_tokens any number of times, then
// on_end or on_error once. Must not block for long and must outlive the generation.
class GenerateSink {
 public:
  virtual ~GenerateSink() = default;
  // `text` is whole characters only: IDs may come with empty text, and text may belong to earlier
  // IDs.
  virtual void on_tokens(TokenIdsView ids, std::string_view text) = 0;
  virtual void on_end(const GenerateSummary& summary) = 0;
  // timed_out, cancelled, unavailable, internal. What was delivered before is incomplete.
  virtual void on_error(const Error& error) = 0;
};

// A running generation. Destroying it cancels and waits until the sink hears no more.
class Generation {
 public:
  virtual ~Generation() = default;
  // Ends soon after with on_end(cancelled), unless it ended before. Any thread.
  virtual void cancel() = 0;
  virtual void wait() = 0;
};

struct ModelInfo {
  std::string name;
  std::string chat_template;
  std::size_t vocabulary_size = 0;
  std::size_t context_tokens = 0;  // Prompt and answer together.
};

// A model that reads and writes token IDs. Thread-safe.
class ModelServer {
 public:
  virtual ~ModelServer() = default;
  [[nodiscard]] virtual const ModelInfo& info() const = 0;

  // Checks the request and returns at once; the rest is told to the sink from the server's own
  // thread. Errors: invalid_argument (empty prompt, IDs outside the vocabulary, prompt + max_tokens
  // over the context window: says the numbers), overloaded (too many waiting), cancelled (closed).
  [[nodiscard]] virtual Result<std::unique_ptr<Generation>> generate(GenerateRequest request,
                                                                     GenerateSink& sink) = 0;

  // Cancels what runs, refuses what comes. Idempotent.
  virtual void close() = 0;
};

}  // namespace leyden::llm
