#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "leyden/llm/http/answer_reader.h"
#include "leyden/llm/http/upstream.h"
#include "leyden/llm/model_server.h"
#include "leyden/net/http_client.h"

namespace leyden::llm {

class HttpAttempt;

// One generation, from generate() to the last call of its sink, over as many attempts as it takes. Thread-safe.
class HttpRun {
 public:
  HttpRun(GenerateRequest request, GenerateSink& sink)
      : request_(std::move(request)), sink_(sink) {}

  [[nodiscard]] const GenerateRequest& request() const { return request_; }
  [[nodiscard]] std::chrono::steady_clock::time_point started() const { return started_; }
  // Of whoever has it: the attempt under way, or the dispatcher between two.
  [[nodiscard]] GenerateSink& sink() { return sink_; }

  [[nodiscard]] std::size_t attempts() const { return attempts_; }
  void attempt_begins(std::shared_ptr<HttpAttempt> attempt);

  // Told to the sink, once: what comes after it is not.
  void end(const GenerateSummary& summary);
  void fail(const Error& error);
  void end_cancelled();  // Before anything was generated.

  void cancel();  // The attempt, if one is under way; else whoever has it finds cancelled().
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  void wait();

 private:
  template <class F>
  void finish(F&& tell);

  const GenerateRequest request_;
  GenerateSink& sink_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<bool> cancelled_{false};
  std::atomic<std::size_t> attempts_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<HttpAttempt> attempt_;
  bool ending_ = false;  // Somebody tells the sink.
  bool ended_ = false;
};

// One attempt at a generation with one server. Thread-safe.
class HttpAttempt final : public net::HttpSink, public std::enable_shared_from_this<HttpAttempt> {
 public:
  struct Setting {
    std::shared_ptr<HttpRun> run;
    Upstream& upstream;
    std::shared_ptr<const ServerFacts> facts;
    std::unique_ptr<AnswerReader> reader;
    // Called once where the answer takes another response, by the I/O thread.
    std::function<void(const std::shared_ptr<HttpRun>&, Upstream&,
                       const std::shared_ptr<const ServerFacts>&, std::unique_ptr<AnswerReader>)>
        on_more;
    // Called once if it did not end well, by the I/O thread or by start().
    std::function<void(const std::shared_ptr<HttpRun>&, Upstream&, Refusal)> on_failure;
  };
  explicit HttpAttempt(Setting setting);
  ~HttpAttempt() override;

  void start(net::HttpRequest request);
  void stop();  // Closes the connection, unless the response has ended.
  // Whether the response has ended, in whatever way: it hears no more.
  [[nodiscard]] bool over() const { return over_ && started_; }
  // Whether the run has heard its end, and the response has not ended for as long as that.
  [[nodiscard]] bool lingers(std::chrono::steady_clock::duration than) const;

  void on_head(const net::HttpResponseHead& head) override;
  void on_body(BytesView bytes) override;
  void on_end(bool body_cut) override;
  void on_error(const net::HttpError& error) override;

 private:
  void settle();  // Tells the run how it ended, once.
  void read_on(bool wants_more);
  void leave();

  Setting setting_;       // Its reader is of the I/O thread, until it has settled.
  bool settled_ = false;  // Of the I/O thread.
  std::atomic<std::chrono::steady_clock::rep> settled_at_{0};
  std::atomic<bool> left_{false};
  std::atomic<bool> over_{false};
  std::atomic<bool> started_{false};

  std::mutex mutex_;
  std::unique_ptr<net::HttpCall> call_;
  bool stop_wanted_ = false;
};

}  // namespace leyden::llm
