#include "leyden/llm/llamacpp/llama_engine.h"

#include <llama.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/utf8.h"
#include "leyden/llm/llamacpp/gguf_check.h"
#include "leyden/llm/llamacpp/handshake.h"
#include "leyden/llm/llamacpp/library.h"
#include "leyden/llm/request_check.h"
#include "leyden/tokenizer/stream_decoder.h"

namespace leyden::llm {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Prompts are computed in pieces of this size, so that stopping is noticed between them also.
constexpr std::size_t kBatchTokens = 256;

// How many of a prompt's last `left` tokens to compute next. llama.cpp adds in one order for a
// token alone and in another for two or more together (seen in 0.5.0: equal bits for any size over
// one). So the last token is always computed alone and, where possible, none of the others: the
// answer then does not depend on how much was in the cache.
std::size_t batch_size(std::size_t left) {
  if (left <= 2) return 1;
  const std::size_t before_last = left - 1;
  return before_last == kBatchTokens + 1 ? kBatchTokens - 1 : std::min(kBatchTokens, before_last);
}

struct ModelDeleter {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct ContextDeleter {
  void operator()(llama_context* context) const { llama_free(context); }
};
struct SamplerDeleter {
  void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
};
using SamplerPtr = std::unique_ptr<llama_sampler, SamplerDeleter>;

// One request from generate() to the last call of its sink. Shared by the Generation, the queue and
// the worker.
struct Job {
  Job(GenerateRequest what, GenerateSink& hearer) : request(std::move(what)), sink(&hearer) {}

  const GenerateRequest request;
  GenerateSink* const sink;  // Not used once `done`.
  const SteadyClock::time_point started = SteadyClock::now();
  std::atomic<bool> cancelled = false;

  void finish() {
    {
      std::lock_guard lock(mutex);
      done = true;
    }
    ended.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return done; });
  }

  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
};
using JobPtr = std::shared_ptr<Job>;

SamplerPtr make_sampler(const Sampling& sampling) {
  SamplerPtr chain(llama_sampler_chain_init(llama_sampler_chain_default_params()));
  if (sampling.temperature == 0) {
    llama_sampler_chain_add(chain.get(), llama_sampler_init_greedy());
  } else {
    llama_sampler_chain_add(chain.get(),
                            llama_sampler_init_top_p(static_cast<float>(sampling.top_p), 1));
    llama_sampler_chain_add(chain.get(),
                            llama_sampler_init_temp(static_cast<float>(sampling.temperature)));
    llama_sampler_chain_add(chain.get(), llama_sampler_init_dist(sampling.seed));
  }
  return chain;
}

std::string meta_string(const llama_model& model, const char* key) {
  const int size = llama_model_meta_val_str(&model, key, nullptr, 0);
  if (size <= 0) return {};
  std::string value(static_cast<std::size_t>(size) + 1, '\0');
  llama_model_meta_val_str(&model, key, value.data(), value.size());
  value.pop_back();
  return value;
}

}  // namespace

Result<void> LlamaEngineOptions::check() const {
  if (model_file.empty()) return fail(Errc::invalid_argument, "model_file is empty");
  if (context_tokens < 16 || context_tokens > (std::size_t{1} << 24)) {
    return fail(Errc::invalid_argument, "context_tokens is {}: 16 to 16777216", context_tokens);
  }
  if (threads > 512) return fail(Errc::invalid_argument, "threads is {}: 0 to 512", threads);
  if (waiting_max > 65536) {
    return fail(Errc::invalid_argument, "waiting_max is {}: 0 to 65536", waiting_max);
  }
  return {};
}

// What the worker and the callers share.
struct LlamaEngine::State {
  State(const LlamaEngineOptions& engine_options, const tokenizer::Tokenizer& engine_tokenizer)
      : options(engine_options), tokenizer(engine_tokenizer) {}

  const LlamaEngineOptions options;
  const tokenizer::Tokenizer& tokenizer;
  ModelInfo info;
  std::unique_ptr<llama_model, ModelDeleter> model;
  std::unique_ptr<llama_context, ContextDeleter> context;  // The worker's alone.
  TokenIds cells;  // The worker's: what the KV cache holds, by position.

  std::mutex mutex;
  std::condition_variable_any arrived;
  std::deque<JobPtr> waiting;  // Under mutex.
  JobPtr running;              // Under mutex.
  bool closed = false;         // Under mutex.
  // Set when a waiting job may have to end: the worker looks at it while it computes another.
  std::atomic<bool> sweep_wanted = false;
  std::atomic<SteadyClock::rep> next_deadline =
      SteadyClock::time_point::max().time_since_epoch().count();

  std::jthread worker;  // Last: joined before the rest goes.

  void run(const std::stop_token& stop);
  void compute(Job& job);
  [[nodiscard]] Result<GenerateSummary> answer(Job& job);
  [[nodiscard]] std::size_t keep_prefix(const TokenIds& prompt);
  [[nodiscard]] Result<bool> decode(Job& job, TokenIdsView ids);
  void end_waiting();
  void close();
  static bool must_stop(const Job& job) { return job.cancelled || job.request.deadline.passed(); }
  static bool abort_wanted(void* state);
};

namespace {

void end_cancelled(Job& job, GenerateSummary summary) {
  summary.finish = FinishReason::cancelled;
  summary.prompt_tokens = job.request.prompt.size();
  summary.total_ms = ms_between(job.started, SteadyClock::now());
  job.sink->on_end(summary);
}

void end_unstarted(Job& job) {
  if (job.cancelled) {
    end_cancelled(job, {});
  } else {
    job.sink->on_error({Errc::timed_out, "the deadline passed while the request was waiting"});
  }
  job.finish();
}

}  // namespace

// Ends those that wait and were cancelled or are late. On the worker's thread, also from inside a
// computation.
void LlamaEngine::State::end_waiting() {
  const bool late = SteadyClock::now().time_since_epoch().count() >= next_deadline.load();
  if (!sweep_wanted.exchange(false) && !late) return;
  std::vector<JobPtr> ending;
  {
    std::lock_guard lock(mutex);
    auto next = SteadyClock::time_point::max();
    std::erase_if(waiting, [&](const JobPtr& job) {
      if (must_stop(*job)) {
        ending.push_back(job);
        return true;
      }
      next = std::min(next, job->request.deadline.when());
      return false;
    });
    next_deadline = next.time_since_epoch().count();
  }
  for (const JobPtr& job : ending) end_unstarted(*job);
}

// llama.cpp asks this before every node of its graph, on the thread that called llama_decode.
bool LlamaEngine::State::abort_wanted(void* opaque) {
  auto& state = *static_cast<State*>(opaque);
  state.end_waiting();
  return state.running && must_stop(*state.running);  // Only the worker changes `running`.
}

void LlamaEngine::State::run(const std::stop_token& stop) {
  while (true) {
    end_waiting();
    JobPtr job;
    {
      std::unique_lock lock(mutex);
      arrived.wait(lock, stop, [&] { return !waiting.empty(); });
      if (waiting.empty()) return;  // Stopped; close() has cancelled all before.
      job = std::move(waiting.front());
      waiting.pop_front();
      running = job;
    }
    if (must_stop(*job)) {
      std::unique_lock lock(mutex);
      running = nullptr;
      lock.unlock();
      end_unstarted(*job);
      continue;
    }
    compute(*job);
    {
      std::lock_guard lock(mutex);
      running = nullptr;
    }
    job->finish();
  }
}

void LlamaEngine::State::compute(Job& job) {
  try {
    auto summary = answer(job);
    if (!summary) {
      job.sink->on_error(summary.error());
    } else {
      summary->total_ms = ms_between(job.started, SteadyClock::now());
      job.sink->on_end(*summary);
    }
  } catch (const std::exception& thrown) {
    llama_memory_clear(llama_get_memory(context.get()), false);
    cells.clear();
    job.sink->on_error({Errc::internal, fmt::format("llama.cpp failed: {}", thrown.what())});
  }
}

// How many tokens of the prompt are in the KV cache; the rest of the cache is dropped.
std::size_t LlamaEngine::State::keep_prefix(const TokenIds& prompt) {
  const auto differ = std::ranges::mismatch(cells, prompt);
  auto kept = static_cast<std::size_t>(differ.in1 - cells.begin());
  kept = std::min(kept, prompt.size() - 1);
  if (kept > 0 && kept + 2 == prompt.size()) --kept;  // See batch_size().
  llama_memory_t memory = llama_get_memory(context.get());
  if (!llama_memory_seq_rm(memory, 0, static_cast<llama_pos>(kept), -1)) {
    llama_memory_clear(memory, false);  // A recurrent model can't go back by a part.
    kept = 0;
  }
  cells.resize(kept);
  return kept;
}

// False when it was stopped. The record of the cache is right in any case.
Result<bool> LlamaEngine::State::decode(Job& job, TokenIdsView ids) {
  if (must_stop(job)) return false;
  std::vector<llama_token> tokens(ids.begin(), ids.end());
  llamacpp::ErrorLog log;
  const int status = llama_decode(
      context.get(), llama_batch_get_one(tokens.data(), static_cast<std::int32_t>(tokens.size())));
  if (status == 0) {
    cells.insert(cells.end(), ids.begin(), ids.end());
    return true;
  }
  llama_memory_t memory = llama_get_memory(context.get());
  const auto whole = static_cast<llama_pos>(cells.size());
  if (!llama_memory_seq_rm(memory, 0, whole, -1) ||
      llama_memory_seq_pos_max(memory, 0) != whole - 1) {
    llama_memory_clear(memory, false);
    cells.clear();
  }
  if (must_stop(job)) return false;
  return fail(Errc::internal, "llama.cpp could not compute a batch of {} tokens (status {}){}",
              ids.size(), status, log.suffix());
}

Result<GenerateSummary> LlamaEngine::State::answer(Job& job) {
  const GenerateRequest& request = job.request;
  GenerateSummary summary;
  summary.prompt_tokens = request.prompt.size();
  const auto stopped = [&]() -> Result<GenerateSummary> {
    if (!job.cancelled) {
      return fail(Errc::timed_out, "the deadline passed after {} generated tokens",
                  summary.generated_tokens);
    }
    summary.finish = FinishReason::cancelled;
    return summary;
  };

  const std::size_t kept = keep_prefix(request.prompt);
  summary.prompt_tokens_reused = kept;
  for (std::size_t at = kept; at < request.prompt.size();) {
    const std::size_t count = batch_size(request.prompt.size() - at);
    auto whole = decode(job, TokenIdsView(request.prompt).subspan(at, count));
    if (!whole) return std::unexpected(whole.error());
    if (!*whole) return stopped();
    at += count;
    end_waiting();
  }

  const llama_vocab* vocab = llama_model_get_vocab(model.get());
  const SamplerPtr sampler = make_sampler(request.sampling);
  tokenizer::StreamDecoder decoder(tokenizer);
  const auto flush = [&] {
    const std::string rest = utf8::replace_invalid(decoder.finish());
    if (!rest.empty()) job.sink->on_tokens({.ids = {}, .text = rest, .logprobs = {}});
  };
  while (true) {
    const llama_token token = llama_sampler_sample(sampler.get(), context.get(), -1);
    const auto id = static_cast<TokenId>(token);
    if (summary.generated_tokens == 0) {
      summary.first_token_ms = ms_between(job.started, SteadyClock::now());
    }
    if (llama_vocab_is_eog(vocab, token) ||
        std::ranges::find(request.stop_tokens, id) != request.stop_tokens.end()) {
      summary.finish = FinishReason::stop;
      break;
    }
    auto text = decoder.push(id);
    if (!text) {
      return fail(Errc::internal, "the model answered with a token that tokenizer {} lacks",
                  tokenizer.name());
    }
    ++summary.generated_tokens;
    job.sink->on_tokens(
        {.ids = TokenIdsView(&id, 1), .text = utf8::replace_invalid(*text), .logprobs = {}});
    if (summary.generated_tokens == request.max_tokens) {
      summary.finish = FinishReason::length;
      break;
    }
    end_waiting();
    auto whole = decode(job, TokenIdsView(&id, 1));
    if (!whole) return std::unexpected(whole.error());
    if (!*whole) {
      if (job.cancelled) flush();
      return stopped();
    }
  }
  flush();
  return summary;
}

void LlamaEngine::State::close() {
  {
    std::lock_guard lock(mutex);
    closed = true;
    if (running) running->cancelled = true;
    for (const JobPtr& job : waiting) job->cancelled = true;
  }
  sweep_wanted = true;
  arrived.notify_all();
}

namespace {

class LlamaGeneration final : public Generation {
 public:
  LlamaGeneration(JobPtr job, std::function<void()> sweep)
      : job_(std::move(job)), sweep_(std::move(sweep)) {}
  ~LlamaGeneration() override {
    cancel();
    wait();
  }
  void cancel() override {
    job_->cancelled = true;
    sweep_();
  }
  void wait() override { job_->wait(); }

 private:
  JobPtr job_;
  std::function<void()> sweep_;  // Tells the engine, when it still is there, to look at its queue.
};

}  // namespace

Result<std::unique_ptr<LlamaEngine>> LlamaEngine::load(
    const LlamaEngineOptions& options, const tokenizer::Tokenizer& tokenizer,
    const std::function<bool(float fraction)>& on_progress) {
  if (auto ok = options.check(); !ok) return std::unexpected(ok.error());
  if (auto ok = llamacpp::check_gguf(options.model_file); !ok) return std::unexpected(ok.error());
  if (auto ok = llamacpp::load_library(options.library_folder); !ok) {
    return std::unexpected(ok.error());
  }
  const std::string file = options.model_file.string();
  auto state = std::make_shared<State>(options, tokenizer);
  llamacpp::ErrorLog log;
  try {
    bool wanted = true;
    struct Progress {
      const std::function<bool(float)>& hear;
      bool& wanted;
    } progress{on_progress, wanted};
    llama_model_params model_params = llama_model_default_params();
    model_params.load_mode = LLAMA_LOAD_MODE_MMAP;
    model_params.n_gpu_layers = 0;
    model_params.progress_callback = [](float fraction, void* opaque) {
      auto& p = *static_cast<Progress*>(opaque);
      if (p.hear) p.wanted = p.hear(fraction);
      return p.wanted;
    };
    model_params.progress_callback_user_data = &progress;
    state->model.reset(llama_model_load_from_file(options.model_file.c_str(), model_params));
    if (!wanted) return fail(Errc::cancelled, "loading {} was cancelled", file);
    if (!state->model) {
      return fail(Errc::unsupported, "llama.cpp can't load {}{}", file, log.suffix());
    }
    const llama_model& model = *state->model;
    if (llama_model_has_encoder(&model) || !llama_model_has_decoder(&model) ||
        llama_model_is_diffusion(&model)) {
      return fail(Errc::unsupported, "{} is not a model that continues a text", file);
    }
    const llama_vocab* vocab = llama_model_get_vocab(&model);
    if (auto same = llamacpp::check_same_tokenizer(*vocab, tokenizer); !same) {
      return std::unexpected(same.error());
    }

    const auto trained = static_cast<std::size_t>(std::max(llama_model_n_ctx_train(&model), 1));
    const std::size_t context_tokens = std::min(options.context_tokens, trained);
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    const auto threads = static_cast<std::int32_t>(options.threads == 0 ? cores : options.threads);
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<std::uint32_t>(context_tokens);
    params.n_batch = params.n_ubatch = kBatchTokens;
    params.n_threads = params.n_threads_batch = threads;
    params.no_perf = true;
    // With it the sums depend on the size of each batch: see batch_size().
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.abort_callback = State::abort_wanted;
    params.abort_callback_data = state.get();
    state->context.reset(llama_init_from_model(state->model.get(), params));
    if (!state->context) {
      return fail(Errc::unavailable, "no memory for {} tokens of context with {}{}", context_tokens,
                  file, log.suffix());
    }
    if (llama_pooling_type(state->context.get()) > LLAMA_POOLING_TYPE_NONE) {
      return fail(Errc::unsupported, "{} is an embedding model", file);
    }

    ModelInfo& info = state->info;
    info.name = meta_string(model, "general.name");
    if (info.name.empty()) info.name = options.model_file.stem().string();
    const char* const chat = llama_model_chat_template(&model, nullptr);
    info.chat_template = chat == nullptr ? "" : chat;
    const auto text_of = [&](llama_token token) -> std::string {
      return token == LLAMA_TOKEN_NULL ? "" : llama_vocab_get_text(vocab, token);
    };
    info.bos_token = text_of(llama_vocab_bos(vocab));
    info.eos_token = text_of(llama_vocab_eos(vocab));
    info.vocabulary_size = static_cast<std::size_t>(llama_vocab_n_tokens(vocab));
    // llama.cpp rounds the size of its cache up: what was asked for is what counts.
    info.context_tokens =
        std::min<std::size_t>(context_tokens, llama_n_ctx_seq(state->context.get()));
  } catch (const std::bad_alloc&) {
    return fail(Errc::unavailable, "no memory to load {}", file);
  } catch (const std::exception& thrown) {
    return fail(Errc::unsupported, "llama.cpp can't load {}: {}", file, thrown.what());
  }
  State& worker_state = *state;
  state->worker =
      std::jthread([&worker_state](const std::stop_token& stop) { worker_state.run(stop); });
  return std::unique_ptr<LlamaEngine>(new LlamaEngine(std::move(state)));
}

LlamaEngine::LlamaEngine(std::shared_ptr<State> state) : state_(std::move(state)) {}

LlamaEngine::~LlamaEngine() {
  state_->close();
  state_->worker.request_stop();
  state_->worker.join();
}

const ModelInfo& LlamaEngine::info() const { return state_->info; }

Result<std::unique_ptr<Generation>> LlamaEngine::generate(GenerateRequest request,
                                                          GenerateSink& sink) {
  if (auto ok = check_request(request, state_->info, state_->tokenizer); !ok)
    return std::unexpected(ok.error());
  const auto deadline = request.deadline.when().time_since_epoch().count();
  auto job = std::make_shared<Job>(std::move(request), sink);
  // Made first: nothing that can throw comes after the job is in the queue.
  std::unique_ptr<Generation> generation =
      std::make_unique<LlamaGeneration>(job, [weak = std::weak_ptr<State>(state_)] {
        if (auto state = weak.lock()) state->sweep_wanted = true;
      });
  std::optional<Error> refused;
  {
    std::lock_guard lock(state_->mutex);
    if (state_->closed) {
      refused = Error{Errc::cancelled, "the model is closed"};
    } else if (state_->waiting.size() + (state_->running ? 1 : 0) > state_->options.waiting_max) {
      refused = Error{Errc::overloaded, fmt::format("{} requests are waiting for the model already",
                                                    state_->waiting.size())};
    } else {
      state_->waiting.push_back(job);
      state_->next_deadline = std::min<SteadyClock::rep>(state_->next_deadline, deadline);
    }
  }
  if (refused) {
    job->finish();  // Else the Generation would wait for ever.
    return std::unexpected(*std::move(refused));
  }
  state_->arrived.notify_one();
  return generation;
}

void LlamaEngine::close() { state_->close(); }

}  // namespace leyden::llm
