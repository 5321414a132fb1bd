#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "leyden/agents/evolve/child_writer.h"
#include "leyden/llm/model_server.h"
#include "leyden/rag/token_cached_rag.h"
#include "leyden/syntax/language.h"

namespace leyden::evolve {

struct ModelWriterOptions {
  syntax::Language language{};
  std::string file;  // Of the program.
  std::string
      task;  // What is measured: the commands, the goal, the judge's own text where it is small.
  std::size_t answer_tokens_max = 2048;
  std::size_t evidence_bytes_max = 4000;
  // Of a million tokens, in a currency of the user's; 0: not known.
  double price_in = 0;
  double price_out = 0;
  std::string tenant = "default";
  std::chrono::seconds ttl{0};
  llm::Sampling sampling;
};

// What a model was asked, over all calls.
struct ModelCounts {
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t prompt_tokens_reused = 0;  // By the server's prefix cache, where it says.
  std::uint64_t context_tokens = 0;        // Looked up: what all prompts share, once.
  std::uint64_t context_tokens_cached = 0;
  std::uint64_t answer_tokens = 0;
  double token_ms = 0;  // Look-ups, tokenization and joining, of all calls together.
  double first_token_ms = 0;
};

// Asks a model for children. Prompts begin alike, token for token: the system prompt, every operator's pattern, the task; then the parents, which
// siblings share; what is particular to a child (operator, lessons, evidence) stands last. Confined to one thread; everything borrowed outlives it.
class ModelWriter final : public ChildWriter {
 public:
  // `rag` with evolve_system_prompt().
  ModelWriter(rag::TokenCachedRag& rag, llm::ModelServer& server, ModelWriterOptions options)
      : rag_(&rag), server_(&server), options_(std::move(options)) {}

  // Errors: the cache's, those of the format.
  [[nodiscard]] Result<void> open(std::stop_token stop);

  [[nodiscard]] Result<WrittenChild> write(Operator which, const Trajectory& parent,
                                           const Trajectory* other,
                                           const std::vector<std::string>& lessons,
                                           std::stop_token stop) override;

  [[nodiscard]] const ModelCounts& counts() const { return counts_; }
  [[nodiscard]] std::string model_name() const { return server_->info().name; }

 private:
  [[nodiscard]] Result<void> append(rag::RetrievedContext& context, const std::string& name,
                                    std::string_view text, std::stop_token stop);
  [[nodiscard]] Spent spent_of(const llm::GenerateSummary& summary) const;

  rag::TokenCachedRag* rag_;
  llm::ModelServer* server_;
  ModelWriterOptions options_;
  rag::RetrievedContext base_;
  prompt::ChatFrame frame_;
  ModelCounts counts_;
};

[[nodiscard]] std::string evolve_system_prompt();

// The program in an answer: its SEARCH/REPLACE blocks applied to the parent, in order, each to the only place where its search text stands; else the last
// block in fences; nullopt: neither, or a block that fits nowhere, in two places, or searches for nothing.
[[nodiscard]] std::optional<std::string> program_in(std::string_view answer,
                                                    std::string_view parent);

}  // namespace leyden::evolve
