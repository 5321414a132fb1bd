#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/llm/model_server.h"
#include "leyden/rag/token_cached_rag.h"

namespace leyden::qa {

struct TestWriterOptions {
  std::string type = "unit";  // A name of guidelines/.
  std::size_t max_answer_tokens = 512;
  std::uint64_t max_tokens =
      0;  // Of all prompts and answers together; 0: as many as it takes. The last call may pass it.
  std::uint64_t max_calls = 0;            // 0: as many as it takes.
  std::size_t source_bytes_max = 24'000;  // Of the file that is tested, in a prompt.
  std::string tenant = "default";
  std::chrono::seconds ttl{0};  // Of what is tokenized now; 0: the cache's.
  llm::Sampling sampling;
  Deadline deadline = Deadline::never();
};

// What a model was asked.
struct WriterCounts {
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;  // That the server did not answer.
  std::uint64_t prompt_tokens = 0;
  std::uint64_t prompt_tokens_reused = 0;  // By the server's prefix cache, where it says.
  std::uint64_t context_tokens = 0;
  std::uint64_t context_tokens_cached = 0;
  std::uint64_t answer_tokens = 0;
  double token_ms = 0;  // Look-ups, tokenization and joining, of all calls together.
  double first_token_ms = 0;
  double total_ms = 0;
};

// Asks a model for tests. Every prompt of one file begins alike, token for token: the system prompt, the guidelines of the type, the file's source; what
// is wanted now stands last. A server with a prefix cache reads the beginning once. Confined to one thread; everything borrowed outlives it.
class TestWriter {
 public:
  // `rag` with test_system_prompt().
  TestWriter(rag::TokenCachedRag& rag, llm::ModelServer& server, TestWriterOptions options)
      : rag_(&rag), server_(&server), options_(std::move(options)) {}

  // The file that is tested. Errors: the cache's.
  [[nodiscard]] Result<void> open(const std::string& path, std::string_view source,
                                  std::stop_token stop);

  // The answer to a task; nullopt: a budget is spent. Errors: cancelled; those of the server.
  [[nodiscard]] Result<std::optional<std::string>> ask(const std::string& task,
                                                       std::stop_token stop);

  // Of the prompt for a task, which is not asked.
  [[nodiscard]] Result<std::size_t> prompt_tokens(const std::string& task);

  // Of the file that is tested, from 1, without the spaces about it.
  [[nodiscard]] std::string line(std::size_t number) const;

  [[nodiscard]] const WriterCounts& counts() const { return counts_; }
  [[nodiscard]] std::string model_name() const { return server_->info().name; }
  [[nodiscard]] cache::CacheStats stats() const { return rag_->stats(); }

 private:
  [[nodiscard]] std::vector<retrieval::Passage> passages_of(const std::string& path,
                                                            std::string_view source,
                                                            std::size_t source_bytes_max) const;

  rag::TokenCachedRag* rag_;
  llm::ModelServer* server_;
  TestWriterOptions options_;
  std::string source_;
  rag::RetrievedContext context_;
  prompt::ChatFrame frame_;
  WriterCounts counts_;
};

// The same for every file.
[[nodiscard]] std::string test_system_prompt();

// What is asked for first, and again with what went wrong.
[[nodiscard]] std::string first_task(const Function& function, const ModelWords& words,
                                     const std::vector<std::string>& missing);
[[nodiscard]] std::string repair_task(const Function& function, const ModelWords& words,
                                      std::string_view test, std::string_view evidence);

}  // namespace leyden::qa
