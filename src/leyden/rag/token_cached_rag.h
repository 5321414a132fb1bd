#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/guarded.h"
#include "leyden/cache/token_cache.h"
#include "leyden/llm/generate.h"
#include "leyden/prompt/turn_format.h"
#include "leyden/rag/passage_encoder.h"
#include "leyden/rag/sent_prompts.h"
#include "leyden/rag/warm_up.h"
#include "leyden/retrieval/index.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::rag {

enum class Outcome {
  hit,           // Every passage's IDs came from the cache.
  partial,       // Some did.
  miss,          // None did.
  no_documents,  // No passage shares a word with the query, or none fits into the budget.
  degraded,  // The answer is right, but a part that makes it fast is missing: see degraded_reason.
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

struct RetrieveRequest {
  std::string query;
  std::size_t top_k = 5;
  retrieval::Scope scope;
  retrieval::Filter filter;
  std::size_t max_context_tokens = 2048;
  Deadline deadline =
      Deadline::never();  // For the store and for waiting on others; our own work is not cut short.
  bool verify = false;    // Encode the whole layout anew and compare: `internal` when it differs.
  std::string agent;      // Who asks, for the statistics.
  std::chrono::seconds ttl{0};  // Of what is tokenized now; 0: the cache's.
  retrieval::Ranking ranking = retrieval::Ranking::best;
  // Empty: `prefix` where a model server is asked, else `ranked`.
  std::optional<prompt::PassageOrder> order;
  bool best_last = false;  // The top-ranked passage stands last, next to the question.
  std::stop_token stop;    // `cancelled` when it is asked to stop before the IDs are there.
};

struct ContextDocument {
  std::string id;  // Path of the document within its collection.
  std::size_t first_line = 1;
  std::size_t last_line = 1;
  std::size_t rank = 1;  // Among the passages found, from 1.
  double score = 0;
  std::size_t token_count = 0;
  bool cached = false;
};

// Milliseconds of each stage. tokens: look-ups, tokenization and joining.
struct RetrieveTimings {
  double search_ms = 0;
  double tokens_ms = 0;
  double total_ms = 0;
};

struct RetrievedContext {
  TokenIds token_ids;
  std::string text;               // The layout that token_ids encode.
  bool cache_hit = false;         // Every passage looked up came from the cache, and there was one.
  std::size_t cached_tokens = 0;  // Of token_count: from the cache.
  std::size_t token_count = 0;
  std::size_t doc_count = 0;  // Passages in the context.
  bool truncated = false;     // Passages were dropped to stay within max_context_tokens.
  std::vector<ContextDocument> documents;  // In the context, as they stand there.
  std::vector<ContextDocument> dropped;    // Found, but over the budget, best first.
  prompt::PassageOrder order = prompt::PassageOrder::ranked;
  retrieval::Ranking ranking = retrieval::Ranking::words;  // By which passages were found.
  std::string why_no_vectors;          // Where that is words though the best was asked for.
  std::size_t reencoded_passages = 0;  // Joined by encoding anew, because the cut was not proven.
  Outcome outcome = Outcome::no_documents;
  std::string degraded_reason;
  RetrieveTimings timings;
};

struct GenerateOptions {
  std::size_t max_answer_tokens = 256;
  llm::Sampling sampling;
  bool logprobs = false;  // Wanted, where the server gives them.
};

// With what a prompt begins, and how question and answer stand in it.
struct PromptStart {
  TokenIds
      ids;  // Exactly these, then the frame: what a session has so far. Ends with a special token, or is empty.
  prompt::ChatFrame frame;
};

struct GenerateLatency {
  double total_ms = 0;        // Retrieval included.
  double first_token_ms = 0;  // From the start of the call.
};

struct GenerateResult {
  std::string response;
  TokenIds response_ids;
  std::vector<float> response_logprobs;  // As many as response_ids, or none.
  TokenIds prompt_ids;
  std::size_t prompt_tokens = 0;  // As the server counted.
  std::size_t context_tokens = 0;
  std::size_t query_tokens =
      0;  // The question with its frame: all of the prompt that is not context or session.
  std::size_t session_tokens = 0;  // Of the prompt: what the session had before.
  std::size_t total_tokens = 0;    // Prompt and response.
  // Served from the model server's prefix cache; empty where it does not say.
  std::optional<std::size_t> prompt_tokens_reused;
  std::size_t prompt_tokens_expected_reused =
      0;                  // The same as we took it to be, see sent_prompts.h.
  bool ids_exact = true;  // False: the server speaks text, see llm::GenerateSummary.
  bool cache_hit = false;
  llm::FinishReason finish = llm::FinishReason::stop;
  GenerateLatency latency;
  RetrievedContext context;
};

struct RagOptions {
  Secret secret{};            // Keys the names of cached blocks.
  std::string system_prompt;  // Empty: the default, see kDefaultSystemPrompt.
  // What the model servers have been sent; null: the object has one of its own. Give one to several that share servers.
  SentPrompts* sent = nullptr;
  std::string
      degraded_reason;  // Said in every result, such as "the store can't be opened: ...". Empty when all is well.
  PassageEncoder::Caching caching = PassageEncoder::Caching::on;
};

inline constexpr std::string_view kDefaultSystemPrompt =
    "You answer questions about the given passages. Each passage begins with its file in brackets. "
    "Use only the passages, "
    "be brief, and name the file that the answer comes from. If the passages don't tell, say so.";

struct AssembledPrompt {
  TokenIds ids;
  llm::TokenRange
      documents;  // Where passages and question stand, from special token to special token.
  std::vector<TokenId> stop_tokens;  // With which the frame's answers end.
};

// Retrieval whose context is token IDs: each passage is tokenized once and kept; a context is joined from IDs; a model server
// gets IDs and gives IDs back. Thread-safe. Everything borrowed outlives it.
class TokenCachedRag {
 public:
  TokenCachedRag(retrieval::Index& index, cache::TokenCache& cache,
                 const tokenizer::Tokenizer& tokenizer, const Clock& clock, RagOptions options);

  // The query's passages as IDs, bit for bit what encoding `text` gives.
  // A context in `prefix` order is taken to be sent to a server.
  // Errors: invalid_argument (empty query, top_k or budget of 0, bad scope), the index's, internal.
  [[nodiscard]] Result<RetrievedContext> retrieve_tokens(const RetrieveRequest& request);

  struct AppendRequest {
    std::string tenant;
    Deadline deadline = Deadline::never();
    std::string agent;            // Who asks, for the statistics.
    std::chrono::seconds ttl{0};  // Of what is tokenized now; 0: the cache's.
    std::stop_token stop;
  };
  // Puts these passages behind those that the context has, in their order, tokenized once and kept like any other: what an agent
  // works on. The caller keeps the budget. Errors: the cache's; `context` is then as it was.
  [[nodiscard]] Result<void> append_passages(RetrievedContext& context,
                                             std::span<const retrieval::Passage> passages,
                                             const AppendRequest& request);

  // The prompt for the context and the query: all IDs that a server needs.
  // Errors: unsupported when the tokenizer lacks the format's special tokens.
  [[nodiscard]] Result<AssembledPrompt> assemble_prompt(const RetrievedContext& context,
                                                        std::string_view query,
                                                        const PromptStart& start);

  // How prompts for this model are written today: by the template that the server shows, else by the tokenizer's special
  // tokens. Errors: TurnFormat::open's.
  [[nodiscard]] Result<std::shared_ptr<const prompt::TurnFormat>> format_of(
      const llm::ModelServer& server);

  // Retrieves, assembles, generates; waits for the end. `on_text` hears the answer as it comes, from the server's thread.
  // The context's budget is cut to what the model's window leaves beside question and answer.
  // Errors: those of retrieve_tokens, of format_of and of the server; a cancelled generation is a value.
  [[nodiscard]] Result<GenerateResult> generate(
      const RetrieveRequest& request, llm::ModelServer& server, const GenerateOptions& options,
      const std::function<void(std::string_view)>& on_text, std::stop_token stop);

  // The same with a prompt that begins with `start`, as a session's does (conversation.h).
  [[nodiscard]] Result<GenerateResult> generate_from(
      const PromptStart& start, const RetrieveRequest& request, llm::ModelServer& server,
      const GenerateOptions& options, const std::function<void(std::string_view)>& on_text,
      std::stop_token stop);

  // See warm_up.h.
  [[nodiscard]] Result<WarmUpReport> warm_up(
      const WarmUpRequest& request, const std::function<void(const WarmUpProgress&)>& on_progress) {
    return rag::warm_up(*index_, encoder_, *cache_, request, on_progress);
  }

  [[nodiscard]] cache::CacheStats stats() const { return cache_->stats(); }

 private:
  // `parts`: the passages in their order, for SentPrompts.
  [[nodiscard]] Result<RetrievedContext> retrieve(const RetrieveRequest& request,
                                                  const prompt::PromptPart& head,
                                                  std::vector<prompt::PromptPart>& parts);

  retrieval::Index* index_;
  cache::TokenCache* cache_;
  const tokenizer::Tokenizer* tokenizer_;
  PassageEncoder encoder_;
  const Clock* clock_;
  RagOptions options_;
  // The one used last.
  struct KnownFormat {
    std::optional<prompt::JinjaSource> shown;
    std::chrono::year_month_day date;
    std::shared_ptr<const prompt::TurnFormat> format;
  };
  Guarded<KnownFormat> known_format_;
  std::unique_ptr<SentPrompts> own_sent_;
  SentPrompts* sent_;
};

}  // namespace leyden::rag
