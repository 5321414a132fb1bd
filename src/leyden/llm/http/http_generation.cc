#include "leyden/llm/http/http_generation.h"

#include <utility>

#include "leyden/base/clock.h"

namespace leyden::llm {

template <class F>
void HttpRun::finish(F&& tell) {
  {
    std::lock_guard lock(mutex_);
    if (ending_) return;
    ending_ = true;
  }
  tell();
  std::lock_guard lock(mutex_);
  attempt_.reset();
  ended_ = true;
  changed_.notify_all();
}

void HttpRun::attempt_begins(std::shared_ptr<HttpAttempt> attempt) {
  ++attempts_;
  std::lock_guard lock(mutex_);
  attempt_ = std::move(attempt);
}

void HttpRun::end(const GenerateSummary& summary) {
  finish([&] { sink_.on_end(summary); });
}

void HttpRun::fail(const Error& error) {
  finish([&] { sink_.on_error(error); });
}

void HttpRun::end_cancelled() {
  GenerateSummary summary;
  summary.finish = FinishReason::cancelled;
  summary.prompt_tokens = request_.prompt.size();
  summary.total_ms = ms_between(started_, std::chrono::steady_clock::now());
  end(summary);
}

void HttpRun::cancel() {
  cancelled_ = true;
  std::shared_ptr<HttpAttempt> attempt;
  {
    std::lock_guard lock(mutex_);
    attempt = attempt_;
  }
  if (attempt) attempt->stop();
}

void HttpRun::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_; });
}

HttpAttempt::HttpAttempt(Setting setting) : setting_(std::move(setting)) {
  ++setting_.upstream.in_flight;
}

HttpAttempt::~HttpAttempt() { leave(); }

void HttpAttempt::leave() {
  if (!left_.exchange(true)) --setting_.upstream.in_flight;
}

void HttpAttempt::start(net::HttpRequest request) {
  auto call = setting_.upstream.link().client().start(std::move(request), *this);
  if (!call) {
    over_ = true;
    started_ = true;
    leave();
    setting_.on_failure(setting_.run, setting_.upstream, Refusal{.error = call.error()});
    return;
  }
  bool stop_now = false;
  {
    std::lock_guard lock(mutex_);
    call_ = *std::move(call);
    stop_now = stop_wanted_ || setting_.run->cancelled();
    if (stop_now) call_->cancel();
  }
  started_ = true;
}

void HttpAttempt::stop() {
  std::lock_guard lock(mutex_);
  stop_wanted_ = true;
  if (call_) call_->cancel();
}

bool HttpAttempt::lingers(std::chrono::steady_clock::duration than) const {
  using SteadyClock = std::chrono::steady_clock;
  const SteadyClock::rep at = settled_at_;
  return at != 0 && !over_ &&
         SteadyClock::now() - SteadyClock::time_point(SteadyClock::duration(at)) > than;
}

void HttpAttempt::on_head(const net::HttpResponseHead& head) {
  setting_.upstream.answered();
  if (!settled_) read_on(setting_.reader->on_head(head));
}

void HttpAttempt::on_body(BytesView bytes) {
  setting_.upstream.answered();
  if (!settled_) read_on(setting_.reader->on_body(as_text(bytes)));
}

void HttpAttempt::read_on(bool wants_more) {
  if (wants_more) return;
  // What else the server would say costs it work.
  const bool whole = setting_.reader->whole();
  if (!whole) stop();
  settle();
}

void HttpAttempt::on_end(bool) {
  if (!settled_) setting_.reader->on_end();
  settle();
  over_ = true;
}

void HttpAttempt::on_error(const net::HttpError& error) {
  if (!settled_) {
    settled_ = true;
    leave();
    if (setting_.run->cancelled()) {
      setting_.reader->cut(FinishReason::cancelled);
      setting_.run->end(setting_.reader->summary());
    } else {
      Refusal why{.error = setting_.upstream.link().error(error.error),
                  .retryable = error.reached == net::Reached::no && !setting_.reader->generated()};
      setting_.on_failure(setting_.run, setting_.upstream, std::move(why));
    }
  }
  over_ = true;
}

void HttpAttempt::settle() {
  if (std::exchange(settled_, true)) return;
  settled_at_ = std::chrono::steady_clock::now().time_since_epoch().count();
  leave();
  if (setting_.reader->still_to_ask() != StillToAsk::nothing) {
    setting_.on_more(setting_.run, setting_.upstream, setting_.facts, std::move(setting_.reader));
  } else if (setting_.reader->failure()) {
    setting_.on_failure(setting_.run, setting_.upstream, *setting_.reader->failure());
  } else {
    GenerateSummary summary = setting_.reader->summary();
    summary.upstream = setting_.upstream.index();
    setting_.run->end(summary);
  }
}

}  // namespace leyden::llm
