#include "leyden/llm/http/http_model_server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/llm/http/cache_salt.h"
#include "leyden/llm/http/http_generation.h"
#include "leyden/llm/request_check.h"
#include "leyden/net/io_thread.h"

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using RunPtr = std::shared_ptr<HttpRun>;

// A response that said that it is whole, and does not end, is ended after that.
constexpr auto kDrain = 1s;
// Tokens that are asked for in one piece, where a stream does not tell of all.
constexpr std::size_t kPieceTokens = 8;
constexpr std::size_t kBodyBytesMax = 512 * MiB;  // About a million tokens with their names.

// A generation that no server has at the moment.
struct Waiting {
  RunPtr run;
  SteadyClock::time_point when;        // Not before.
  std::vector<std::uint64_t> awaited;  // Looks at the servers that it waits for; empty: none.
  std::optional<Error> why;            // Why it is not the first time.
};

// What the dispatcher waits for, with its lock; shared with generations, which outlive the server.
struct Queue {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::list<Waiting> waiting;
  bool look = false;  // Something happened that a waiting generation may want to know.
  std::atomic<bool> closed{false};

  void wake() {
    std::lock_guard lock(mutex);
    look = true;
    changed.notify_all();
  }
};

}  // namespace

struct HttpModelServer::Core {
  Core(HttpModelOptions with, const tokenizer::Tokenizer& of)
      : options(std::move(with)), tokenizer(of), retry(options.retry) {}
  ~Core();

  const HttpModelOptions options;
  const tokenizer::Tokenizer& tokenizer;
  const PartialTokens partial{tokenizer};
  const TokenizerProbe probe{tokenizer};
  RetryPolicy retry;
  ModelInfo info;
  net::IoThread thread;
  std::vector<std::unique_ptr<Upstream>> upstreams;
  const std::shared_ptr<Queue> queue = std::make_shared<Queue>();
  std::atomic<std::size_t> turn{0};  // Among equals each gets its turn.

  std::mutex attempts_mutex;
  std::list<std::pair<std::shared_ptr<HttpAttempt>, RunPtr>> attempts;

  std::jthread dispatcher;  // Last.

  [[nodiscard]] Result<void> connect();
  [[nodiscard]] std::pair<Upstream*, std::shared_ptr<const ServerFacts>> choose(
      const GenerateRequest& request);
  // False: no server is ready.
  [[nodiscard]] bool try_start(const RunPtr& run);
  // `after`: an answer that goes on; null: none.
  [[nodiscard]] net::HttpRequest request_for(const GenerateRequest& request,
                                             const Upstream& upstream, const ServerFacts& facts,
                                             const AnswerReader* after) const;
  void start(const RunPtr& run, Upstream& upstream, std::shared_ptr<const ServerFacts> facts,
             net::HttpRequest request, std::unique_ptr<AnswerReader> reader);
  void failed(const RunPtr& run, Upstream& upstream, Refusal why);
  void dispatch(const std::stop_token& stop);
  // Whether it still waits.
  [[nodiscard]] bool still_waits(Waiting& waiting);
  void reap();
  void close();
  [[nodiscard]] bool any_ready() const {
    return std::ranges::any_of(upstreams,
                               [](const auto& each) { return each->ready() != nullptr; });
  }
};

Result<void> HttpModelServer::Core::connect() {
  for (const std::string& url : options.urls) {
    auto link = ServerLink::make(thread, options, url);
    if (!link) {
      return fail(link.error().code, "the model server's {}", link.error().message);
    }
    upstreams.push_back(std::make_unique<Upstream>(upstreams.size(), *std::move(link), options,
                                                   probe, [wake = std::weak_ptr<Queue>(queue)] {
                                                     if (auto alive = wake.lock()) alive->wake();
                                                   }));
    upstreams.back()->want_check();
  }
  const auto settled = [&] {
    return any_ready() ||
           std::ranges::all_of(upstreams, [](const auto& each) { return each->checks_done() > 0; });
  };
  {
    std::unique_lock lock(queue->mutex);
    while (!settled()) {
      queue->look = false;
      queue->changed.wait(lock, [&] { return queue->look; });
    }
  }
  info.vocabulary_size = tokenizer.vocabulary_size();
  std::optional<Error> first_error;
  for (const auto& upstream : upstreams) {
    const auto status = upstream->status();
    if (!status.up) {
      if (!first_error) first_error = status.why_down;
      continue;
    }
    if (info.name.empty()) {
      info.name = status.facts->model;
      if (status.facts->kind == ServerKind::llamacpp) {
        info.chat_template = status.facts->chat_template;
        info.bos_token = status.facts->bos_token;
        info.eos_token = status.facts->eos_token;
      }
    }
    const std::size_t window = status.facts->context_tokens;
    if (window != 0 && (info.context_tokens == 0 || window < info.context_tokens))
      info.context_tokens = window;
  }
  if (info.name.empty() && first_error) return std::unexpected(*first_error);
  dispatcher = std::jthread([this](const std::stop_token& stop) { dispatch(stop); });
  return {};
}

HttpModelServer::Core::~Core() {
  close();
  dispatcher.request_stop();
  if (dispatcher.joinable()) dispatcher.join();
  {
    std::lock_guard lock(attempts_mutex);
    for (const auto& [attempt, run] : attempts) attempt->stop();
  }
  for (const auto& upstream : upstreams) upstream->link().client().close();
  attempts.clear();
  upstreams.clear();
  thread.stop();
}

void HttpModelServer::Core::close() {
  std::vector<RunPtr> runs;
  {
    std::lock_guard lock(queue->mutex);
    queue->closed = true;
    for (const Waiting& waiting : queue->waiting) runs.push_back(waiting.run);
  }
  {
    std::lock_guard lock(attempts_mutex);
    for (const auto& [attempt, run] : attempts) runs.push_back(run);
  }
  for (const RunPtr& run : runs) run->cancel();
  queue->wake();
}

std::pair<Upstream*, std::shared_ptr<const ServerFacts>> HttpModelServer::Core::choose(
    const GenerateRequest& request) {
  struct Candidate {
    Upstream* upstream;
    std::shared_ptr<const ServerFacts> facts;
    std::size_t reuse;
  };
  std::vector<Candidate> candidates;
  std::size_t best = 0;
  const std::size_t first = turn.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    Upstream& upstream = *upstreams[(first + i) % upstreams.size()];
    auto facts = upstream.ready();
    if (!facts) continue;
    const std::size_t reuse =
        options.scorer == nullptr
            ? 0
            : options.scorer->expected_reuse(upstream.index(), request.tenant, request.prompt);
    best = std::max(best, reuse);
    candidates.push_back({&upstream, std::move(facts), reuse});
  }
  const Candidate* chosen = nullptr;
  for (const Candidate& each : candidates) {
    // Nearly as much is as good: load counts then.
    if (each.reuse + best / 8 < best) continue;
    if (chosen == nullptr || each.upstream->in_flight < chosen->upstream->in_flight) chosen = &each;
  }
  if (chosen == nullptr) return {};
  return {chosen->upstream, chosen->facts};
}

net::HttpRequest HttpModelServer::Core::request_for(const GenerateRequest& request,
                                                    const Upstream& upstream,
                                                    const ServerFacts& facts,
                                                    const AnswerReader* after) const {
  std::string salt;
  if (options.salt_key) salt = cache_salt(*options.salt_key, request.tenant, facts.model);
  WireGenerate what{.model = facts.model,
                    .prompt_ids = request.prompt,
                    .prompt_text = {},
                    .max_tokens = request.max_tokens,
                    .sampling = request.sampling,
                    .stop_tokens = request.stop_tokens,
                    .logprobs = request.logprobs,
                    .cache_salt = salt};
  std::string text;
  if (!facts.ids) {
    // The server puts its own BOS before a text.
    const TokenIds begin = tokenizer.encode("", {.add_special_tokens = true});
    TokenIdsView ids = request.prompt;
    if (!begin.empty() && ids.front() == begin.front()) ids = ids.subspan(1);
    text = utf8::replace_invalid(tokenizer.decode(ids).value_or(""));
    what.prompt_text = text;
  }
  TokenIds longer;
  if (after != nullptr) {
    longer = request.prompt;
    longer.insert(longer.end(), after->so_far().begin(), after->so_far().end());
    what.prompt_ids = longer;
    what.stream = after->still_to_ask() == StillToAsk::stream;
    what.max_tokens =
        what.stream ? after->tokens_left() : std::min(after->tokens_left(), kPieceTokens);
    // Not the random numbers of the beginning again.
    what.sampling.seed += static_cast<std::uint32_t>(after->so_far().size());
  }
  net::HttpRequest out = upstream.link().post(generate_post(facts.kind, what));
  out.connect_timeout = options.connect_timeout;
  out.first_byte_timeout = options.first_byte_timeout;
  out.idle_timeout = options.idle_timeout;
  out.deadline = request.deadline;
  out.limits.body_bytes = kBodyBytesMax;
  // llama.cpp's server closes it after a stream, though it says that it does not: the next request would be lost.
  if (facts.kind == ServerKind::llamacpp) out.keep_alive = false;
  out.fields.push_back({"Accept", what.stream ? "text/event-stream" : "application/json"});
  return out;
}

void HttpModelServer::Core::start(const RunPtr& run, Upstream& upstream,
                                  std::shared_ptr<const ServerFacts> facts,
                                  net::HttpRequest request, std::unique_ptr<AnswerReader> reader) {
  auto attempt = std::make_shared<HttpAttempt>(HttpAttempt::Setting{
      .run = run,
      .upstream = upstream,
      .facts = std::move(facts),
      .reader = std::move(reader),
      .on_more =
          [this](const RunPtr& of, Upstream& at, const std::shared_ptr<const ServerFacts>& known,
                 std::unique_ptr<AnswerReader> so_far) {
            net::HttpRequest next = request_for(of->request(), at, *known, so_far.get());
            so_far->go_on();
            start(of, at, known, std::move(next), std::move(so_far));
          },
      .on_failure = [this](const RunPtr& of, Upstream& at,
                           Refusal why) { failed(of, at, std::move(why)); }});
  {
    std::lock_guard lock(attempts_mutex);
    attempts.emplace_back(attempt, run);
  }
  run->attempt_begins(attempt);
  attempt->start(std::move(request));
  if (queue->closed) run->cancel();  // Else close() may have missed it.
}

bool HttpModelServer::Core::try_start(const RunPtr& run) {
  reap();
  auto [upstream, facts] = choose(run->request());
  if (upstream == nullptr) return false;
  const GenerateRequest& request = run->request();
  const std::size_t window = facts->context_tokens;
  if (window != 0 && request.prompt.size() + request.max_tokens > window) {
    run->fail({Errc::invalid_argument,
               fmt::format("prompt of {} tokens and max_tokens {} are over the context window of "
                           "{} tokens",
                           request.prompt.size(), request.max_tokens, window)});
    return true;
  }
  if (!facts->ids && facts->kind != ServerKind::openai) {
    // A text is OpenAI's to all: what else they know needs IDs.
    auto as_text = std::make_shared<ServerFacts>(*facts);
    as_text->kind = ServerKind::openai;
    facts = std::move(as_text);
  }
  auto reader =
      std::make_unique<AnswerReader>(AnswerReader::Setting{.facts = facts,
                                                           .request = request,
                                                           .tokenizer = tokenizer,
                                                           .partial = partial,
                                                           .allow_text = options.allow_text,
                                                           .on_event = options.on_event,
                                                           .started = run->started()},
                                     run->sink());
  start(run, *upstream, facts, request_for(request, *upstream, *facts, nullptr), std::move(reader));
  return true;
}

// Those whose response has ended. Not on the I/O thread.
void HttpModelServer::Core::reap() {
  std::vector<std::shared_ptr<HttpAttempt>> over;  // Destroyed without the lock.
  std::lock_guard lock(attempts_mutex);
  std::erase_if(attempts, [&](auto& entry) {
    if (!entry.first->over()) {
      if (entry.first->lingers(kDrain)) entry.first->stop();
      return false;
    }
    over.push_back(std::move(entry.first));
    return true;
  });
}

void HttpModelServer::Core::failed(const RunPtr& run, Upstream& upstream, Refusal why) {
  if (run->cancelled() || queue->closed) return run->end_cancelled();
  const bool unavailable = why.error.code == Errc::unavailable;
  if (why.model_gone || unavailable) upstream.distrust();
  std::optional<std::chrono::milliseconds> delay;
  if (why.retryable) delay = retry.next_delay(run->attempts(), why.retry_after);
  if (!delay) {
    if (why.retryable && run->attempts() > 1)
      why.error.message += fmt::format(" ({} attempts)", run->attempts());
    return run->fail(why.error);
  }
  // Another server may have it at once.
  if (upstreams.size() > 1 && any_ready()) delay = 0ms;
  const auto when = SteadyClock::now() + *delay;
  if (when >= run->request().deadline.when()) return run->fail(why.error);
  std::lock_guard lock(queue->mutex);
  queue->waiting.push_back({.run = run, .when = when, .awaited = {}, .why = std::move(why.error)});
  queue->look = true;
  queue->changed.notify_all();
}

bool HttpModelServer::Core::still_waits(Waiting& waiting) {
  const RunPtr& run = waiting.run;
  const auto now = SteadyClock::now();
  if (run->cancelled()) return run->end_cancelled(), false;
  if (now >= run->request().deadline.when()) {
    run->fail({Errc::timed_out, "the deadline passed while no model server was ready" +
                                    (waiting.why ? ": " + waiting.why->message : "")});
    return false;
  }
  if (now < waiting.when) return true;
  if (try_start(run)) return false;
  if (waiting.awaited.empty()) {
    for (const auto& upstream : upstreams) waiting.awaited.push_back(upstream->want_check());
    return true;
  }
  std::optional<Error> why;
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    if (upstreams[i]->checks_done() < waiting.awaited[i]) return true;
    const auto status = upstreams[i]->status();
    if (!status.up && !why && !status.why_down.message.empty()) why = status.why_down;
  }
  // All have been looked at since, and none is up.
  waiting.awaited.clear();
  if (!why) return true;
  waiting.why = why;
  run->attempt_begins(nullptr);
  const bool passing = why->code == Errc::unavailable || why->code == Errc::timed_out ||
                       why->code == Errc::overloaded;
  const auto delay = passing ? retry.next_delay(run->attempts(), std::nullopt) : std::nullopt;
  if (!delay) return run->fail(*why), false;
  waiting.when = now + *delay;
  return true;
}

void HttpModelServer::Core::dispatch(const std::stop_token& stop) {
  while (true) {
    std::list<Waiting> now;
    {
      std::unique_lock lock(queue->mutex);
      auto until = SteadyClock::time_point::max();
      for (const Waiting& each : queue->waiting) {
        // Those that wait for a look are woken by it.
        if (each.awaited.empty()) until = std::min(until, each.when);
        until = std::min(until, each.run->request().deadline.when());
      }
      {
        std::lock_guard attempts_lock(attempts_mutex);
        if (!attempts.empty()) until = std::min(until, SteadyClock::now() + kDrain);
      }
      const auto awake = [&] { return queue->look; };
      if (until == SteadyClock::time_point::max()) {
        queue->changed.wait(lock, stop, awake);
      } else {
        queue->changed.wait_until(lock, stop, until, awake);
      }
      queue->look = false;
      now.swap(queue->waiting);
    }
    const bool stopping = stop.stop_requested();
    std::erase_if(now, [&](Waiting& waiting) {
      if (stopping) waiting.run->cancel();
      return !still_waits(waiting);
    });
    {
      std::lock_guard lock(queue->mutex);
      queue->waiting.splice(queue->waiting.begin(), now);
      if (stopping && queue->waiting.empty()) return;
    }
    reap();
  }
}

namespace {

class HttpGeneration final : public Generation {
 public:
  HttpGeneration(RunPtr run, std::weak_ptr<Queue> queue)
      : run_(std::move(run)), queue_(std::move(queue)) {}
  ~HttpGeneration() override {
    cancel();
    wait();
  }
  void cancel() override {
    run_->cancel();
    if (const auto queue = queue_.lock()) queue->wake();
  }
  void wait() override { run_->wait(); }

 private:
  const RunPtr run_;
  const std::weak_ptr<Queue> queue_;
};

}  // namespace

Result<std::unique_ptr<HttpModelServer>> HttpModelServer::open(
    HttpModelOptions options, const tokenizer::Tokenizer& tokenizer) {
  if (auto ok = options.check(); !ok) return std::unexpected(ok.error());
  auto core = std::make_shared<Core>(std::move(options), tokenizer);
  if (auto ok = core->connect(); !ok) return std::unexpected(ok.error());
  return std::unique_ptr<HttpModelServer>(new HttpModelServer(std::move(core)));
}

HttpModelServer::HttpModelServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
HttpModelServer::~HttpModelServer() = default;

const ModelInfo& HttpModelServer::info() const { return core_->info; }

Result<std::unique_ptr<Generation>> HttpModelServer::generate(GenerateRequest request,
                                                              GenerateSink& sink) {
  if (auto ok = check_request(request, core_->info, core_->tokenizer); !ok)
    return std::unexpected(ok.error());
  auto run = std::make_shared<HttpRun>(std::move(request), sink);
  {
    std::lock_guard lock(core_->queue->mutex);
    if (core_->queue->closed) return fail(Errc::cancelled, "the model server's client is closed");
    if (core_->queue->waiting.size() > core_->options.waiting_max) {
      return fail(Errc::overloaded, "{} generations wait for a model server already",
                  core_->queue->waiting.size());
    }
  }
  core_->retry.request_began();
  if (!core_->try_start(run)) {
    std::lock_guard lock(core_->queue->mutex);
    core_->queue->waiting.push_back(
        {.run = run, .when = SteadyClock::now(), .awaited = {}, .why = std::nullopt});
    core_->queue->look = true;
    core_->queue->changed.notify_all();
  }
  return std::make_unique<HttpGeneration>(std::move(run), core_->queue);
}

void HttpModelServer::close() { core_->close(); }

std::vector<UpstreamStatus> HttpModelServer::upstreams() const {
  std::vector<UpstreamStatus> out;
  for (const auto& upstream : core_->upstreams) {
    auto status = upstream->status();
    out.push_back({.server = upstream->link().label(),
                   .up = status.up,
                   .facts = status.facts.value_or(ServerFacts{}),
                   .reason = std::move(status.why_down.message),
                   .in_flight = upstream->in_flight,
                   .changes = status.changes});
  }
  return out;
}

}  // namespace leyden::llm
