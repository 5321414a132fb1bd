#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/base/token_id.h"

namespace leyden::llm {

struct Sampling {
  double temperature = 0;  // 0: greedy, the same answer each time.
  double top_p = 1;
  std::uint32_t seed = 0;
};

// Tokens [begin, end) of a prompt.
struct TokenRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct GenerateRequest {
  TokenIds prompt;               // All of it, BOS and control tokens included: nothing is added.
  std::size_t max_tokens = 256;  // At least 1.
  Sampling sampling;
  TokenIds stop_tokens;  // Generation ends before the first of them; the model's own end tokens
                         // always count.
  // Parts of the prompt that somebody else wrote: a control token in them is refused.
  std::vector<TokenRange> documents;
  std::string tenant;     // Whose prompt it is: servers that can keep tenants' prefixes apart.
  bool logprobs = false;  // Wanted, where the server gives them.
  Deadline deadline = Deadline::never();
};

enum class FinishReason { stop, length, content_filter, cancelled };

// What came next. Views are valid during the call that they are given to.
struct GeneratedTokens {
  TokenIdsView ids;
  // Whole characters only: IDs may come with empty text, and text may belong to earlier IDs.
  std::string_view text;
  // The natural logarithm of each ID's probability; as many as there are IDs, or none.
  std::span<const float> logprobs;
};

struct GenerateSummary {
  FinishReason finish = FinishReason::stop;
  std::size_t prompt_tokens = 0;
  // Served from the server's prefix cache; empty where the server does not say.
  std::optional<std::size_t> prompt_tokens_reused;
  std::size_t generated_tokens = 0;  // As delivered; the end token is not delivered.
  // False: the server speaks text. The IDs are that text encoded again, all delivered at the end,
  // and may be others than the model made; generated_tokens is what the server counted.
  bool ids_exact = true;
  std::size_t upstream = 0;  // Which server it was, where there are several.
  double first_token_ms = 0;
  double total_ms = 0;
};

// Hears of one generation, from the server's thread, in order: on_tokens any number of times, then
// on_end or on_error once. Must not block for long and must outlive the generation.
class GenerateSink {
 public:
  virtual ~GenerateSink() = default;
  virtual void on_tokens(const GeneratedTokens& next) = 0;
  virtual void on_end(const GenerateSummary& summary) = 0;
  // invalid_argument, not_found, unsupported, unavailable, timed_out, overloaded, corrupt,
  // internal. What was delivered before is incomplete.
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
  // Jinja, empty where the model has none; nothing where the server does not show it.
  std::optional<std::string> chat_template;
  std::string
      bos_token;  // As the template sees them; empty where there are none or it is not known.
  std::string eos_token;
  std::size_t vocabulary_size = 0;
  std::size_t context_tokens = 0;  // Prompt and answer together; 0: not known.
};

// A model that reads and writes token IDs. Thread-safe.
class ModelServer {
 public:
  virtual ~ModelServer() = default;
  [[nodiscard]] virtual const ModelInfo& info() const = 0;

  // Checks the request and returns at once; the rest is told to the sink from the server's own
  // thread. Errors: invalid_argument (empty prompt, IDs outside the vocabulary, control tokens in
  // documents, prompt + max_tokens over the context window: says the numbers), overloaded (too many
  // waiting), cancelled (closed).
  [[nodiscard]] virtual Result<std::unique_ptr<Generation>> generate(GenerateRequest request,
                                                                     GenerateSink& sink) = 0;

  // Cancels what runs, refuses what comes. Idempotent.
  virtual void close() = 0;
};

}  // namespace leyden::llm
