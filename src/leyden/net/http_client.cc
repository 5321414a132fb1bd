#include "leyden/net/http_client.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "leyden/net/asio.h"
#include "leyden/net/http_connection.h"

namespace leyden::net {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

class Pool;

// One request on its way. Of the I/O thread, but where it says otherwise.
class Call final : public HttpExchange, public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<Pool> pool, HttpRequest request, std::string head, HttpSink& sink)
      : pool_(std::move(pool)),
        body_(std::make_shared<const std::string>(std::exchange(request.body, {}))),
        request_(std::move(request)),
        head_(std::move(head)),
        repeatable_(request_.repeatable || request_.method == "GET" || request_.method == "HEAD"),
        sink_(&sink) {}

  const std::string& head() const override { return head_; }
  std::shared_ptr<const std::string> body() const override { return body_; }
  bool bodiless() const override { return request_.method == "HEAD"; }
  bool keep_alive() const override { return request_.keep_alive; }
  const HttpLimits& limits() const override { return request_.limits; }

  void on_sending() override {
    sent_ = true;
    enter(Phase::first_byte);
  }
  void on_progress() override {
    progress_at_ = SteadyClock::now();
    suspect_ = false;
  }
  void on_head(const HttpResponseHead& head) override {
    body_.reset();  // It is not repeated any more, and long prompts are large.
    if (sink_ != nullptr) sink_->on_head(head);
  }
  void on_body(BytesView bytes) override {
    if (sink_ != nullptr) sink_->on_body(bytes);
    if (phase_ == Phase::first_byte) enter(Phase::between_bytes);
    on_progress();  // The sink's time is not the server's.
  }
  void on_end(bool body_cut, bool keep_alive) override;
  void on_failure(const Error& error, bool answered) override;

  // By the pool: it knows it, and will until leave().
  void enter_pool(std::list<std::shared_ptr<Call>>::iterator position) {
    position_ = position;
    phase_ = Phase::waiting;
  }
  // By the pool, which has a connection for it.
  void take(std::shared_ptr<HttpConnection> connection) {
    connection_ = std::move(connection);
    enter(Phase::connecting);
    connection_->begin(shared_from_this());
  }
  // When check() must look at it next, and no sooner. It fails a call that is late.
  [[nodiscard]] TimePoint next_check() const { return next_check_; }
  void check(TimePoint now);
  // Whatever it is doing; does nothing once it has ended.
  void stop(Errc code, std::string_view why);
  void mute() { sink_ = nullptr; }
  [[nodiscard]] bool ended() const { return phase_ == Phase::ended; }

  // Any thread: whether the sink has heard all, and waiting for that.
  [[nodiscard]] bool done() const { return done_.load(); }
  void wait() const { done_.wait(false); }

 private:
  enum class Phase : std::uint8_t { made, waiting, connecting, first_byte, between_bytes, ended };
  [[nodiscard]] std::chrono::nanoseconds limit() const;
  [[nodiscard]] std::string late() const;
  void enter(Phase phase);
  void schedule(TimePoint when);
  void leave_pool();
  void tell(const Error& error);
  void finish();

  const std::shared_ptr<Pool> pool_;
  std::shared_ptr<const std::string> body_;
  const HttpRequest request_;  // Without its body.
  const std::string head_;
  const bool repeatable_;
  HttpSink* sink_;
  std::shared_ptr<HttpConnection> connection_;
  Phase phase_ = Phase::made;
  std::list<std::shared_ptr<Call>>::iterator position_;
  TimePoint progress_at_ = SteadyClock::now();
  TimePoint next_check_ = TimePoint::max();
  bool suspect_ = false;  // Late, unless something has come that was not read yet.
  bool sent_ = false;     // A part of it, perhaps.
  bool repeated_ = false;
  std::atomic<bool> done_{false};
};

// Connections and calls of one client. Of the I/O thread, but where it says otherwise.
class Pool final : public std::enable_shared_from_this<Pool> {
 public:
  Pool(std::shared_ptr<IoThread::State> thread, const HttpClientOptions& options,
       std::shared_ptr<const HttpRoute> route)
      : thread_(std::move(thread)),
        options_(options),
        route_(std::move(route)),
        timer_(thread_->context) {}

  // Any thread:
  [[nodiscard]] bool on_io_thread() const {
    return thread_->context.get_executor().running_in_this_thread();
  }
  template <class F>
  void post(F&& f) {
    asio::post(thread_->context, std::forward<F>(f));
  }
  // Room for one more call, until leave().
  [[nodiscard]] bool admit() {
    if (calls_admitted_.fetch_add(1) < options_.connections_max + options_.waiting_max) return true;
    --calls_admitted_;
    return false;
  }
  [[nodiscard]] HttpClientStats stats() const {
    HttpClientStats out;
    out.connections = connections_now_;
    out.idle = idle_now_;
    out.calls = calls_admitted_;
    out.waiting = waiting_now_;
    out.connections_opened = connections_opened_;
    out.repeated = repeated_;
    return out;
  }

  void begin(const std::shared_ptr<Call>& call) {
    if (call->ended()) return;
    call->enter_pool(calls_.insert(calls_.end(), call));
    if (closed_) {
      call->stop(Errc::cancelled, "the client is closed");
      return;
    }
    call->check(SteadyClock::now());
    if (call->ended()) return;
    if (!assign(call, false)) waiting_.push_back(call);
    count();
  }
  // Gives it a connection; a new one where it must be `fresh`. False: there is none.
  bool assign(const std::shared_ptr<Call>& call, bool fresh) {
    while (!idle_.empty() && !fresh) {
      const std::shared_ptr<HttpConnection> connection = idle_.back().connection;
      idle_.pop_back();
      if (connection->looks_quiet()) {
        call->take(connection);
        return true;
      }
      drop(*connection);
    }
    if (open_.size() >= options_.connections_max && !idle_.empty()) {
      drop(*idle_.front().connection);
      idle_.erase(idle_.begin());
    }
    if (open_.size() >= options_.connections_max) return false;
    auto connection = std::make_shared<HttpConnection>(
        thread_, route_, [pool = weak_from_this()](const HttpConnection& ended) {
          if (const auto self = pool.lock()) self->idle_end(ended);
        });
    open_.push_back(connection);
    ++connections_opened_;
    call->take(std::move(connection));
    return true;
  }
  // Its call has ended, and it can take another.
  void release(const std::shared_ptr<HttpConnection>& connection) {
    if (closed_) {
      drop(*connection);
      return;
    }
    idle_.push_back({connection, SteadyClock::now()});
    serve();
    if (!idle_.empty()) check_at(idle_.front().since + options_.keep_alive);
  }
  void drop(HttpConnection& connection) {
    connection.close();
    std::erase_if(open_, [&](const auto& each) { return each.get() == &connection; });
  }
  // To those who wait, what there is.
  void serve() {
    while (!waiting_.empty()) {
      const std::shared_ptr<Call> call = waiting_.front();
      waiting_.pop_front();
      if (call->ended() || assign(call, false)) continue;
      waiting_.push_front(call);
      break;
    }
    count();
  }
  // The call has ended; its sink does not know yet.
  void leave(const Call& call, std::list<std::shared_ptr<Call>>::iterator position) {
    std::erase_if(waiting_, [&](const auto& each) { return each.get() == &call; });
    calls_.erase(position);
    --calls_admitted_;
    count();
  }
  void leave_unknown() { --calls_admitted_; }  // Of one that never began.
  void repeat(const std::shared_ptr<Call>& call) {
    ++repeated_;
    if (!assign(call, true)) waiting_.push_front(call);
    serve();
  }
  void check_at(TimePoint when) {
    if (when >= timer_at_) return;
    timer_at_ = when;
    timer_.expires_at(when);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->check();
    });
  }
  void close() {
    closed_ = true;
    const std::vector<std::shared_ptr<Call>> calls(calls_.begin(), calls_.end());
    for (const auto& call : calls) call->stop(Errc::cancelled, "the client was closed");
    while (!open_.empty()) drop(*std::shared_ptr(open_.back()));
    idle_.clear();
    timer_.cancel();
    timer_at_ = TimePoint::max();
    count();
  }
  [[nodiscard]] const HttpRoute& route() const { return *route_; }

 private:
  struct Idle {
    std::shared_ptr<HttpConnection> connection;
    TimePoint since;
  };

  void idle_end(const HttpConnection& ended) {
    std::erase_if(idle_, [&](const Idle& each) { return each.connection.get() == &ended; });
    std::erase_if(open_, [&](const auto& each) { return each.get() == &ended; });
    count();
  }
  // Calls that are late and connections that nobody wants.
  void check() {
    timer_at_ = TimePoint::max();
    const TimePoint now = SteadyClock::now();
    std::vector<std::shared_ptr<Call>> due;
    for (const auto& call : calls_) {
      if (call->next_check() <= now) {
        due.push_back(call);
      } else {
        check_at(call->next_check());
      }
    }
    while (!idle_.empty() && idle_.front().since + options_.keep_alive <= now) {
      drop(*idle_.front().connection);
      idle_.erase(idle_.begin());
    }
    if (!idle_.empty()) check_at(idle_.front().since + options_.keep_alive);
    count();
    for (const auto& call : due) call->check(now);
  }
  // For stats().
  void count() {
    connections_now_ = open_.size();
    idle_now_ = idle_.size();
    waiting_now_ = waiting_.size();
  }

  const std::shared_ptr<IoThread::State> thread_;
  const HttpClientOptions options_;
  const std::shared_ptr<const HttpRoute> route_;
  std::list<std::shared_ptr<Call>> calls_;  // All that have not ended.
  std::deque<std::shared_ptr<Call>> waiting_;
  std::vector<std::shared_ptr<HttpConnection>> open_;
  std::vector<Idle> idle_;  // The one that was used last at the end: taken first.
  asio::steady_timer timer_;
  TimePoint timer_at_ = TimePoint::max();
  bool closed_ = false;

  std::atomic<std::size_t> calls_admitted_{0};
  std::atomic<std::size_t> connections_now_{0};
  std::atomic<std::size_t> idle_now_{0};
  std::atomic<std::size_t> waiting_now_{0};
  std::atomic<std::uint64_t> connections_opened_{0};
  std::atomic<std::uint64_t> repeated_{0};
};

std::chrono::nanoseconds Call::limit() const {
  switch (phase_) {
    case Phase::connecting:
      return request_.connect_timeout;
    case Phase::first_byte:
      return request_.first_byte_timeout;
    case Phase::between_bytes:
      return request_.idle_timeout;
    default:
      return {};  // The deadline's alone.
  }
}

std::string Call::late() const {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit()).count();
  switch (phase_) {
    case Phase::connecting:
      return fmt::format("no connection in {} ms", ms);
    case Phase::first_byte:
      return fmt::format("no answer in {} ms", ms);
    default:
      return fmt::format("nothing more for {} ms", ms);
  }
}

void Call::enter(Phase phase) {
  phase_ = phase;
  on_progress();
  schedule(progress_at_ + limit() * 3 / 4);
}

void Call::schedule(TimePoint when) {
  next_check_ = std::min(when, request_.deadline.when());
  pool_->check_at(next_check_);
}

// Late is who was quiet at three quarters of the time and still is at its end: a process that did not run for a while has read, meanwhile,
// what had come.
void Call::check(TimePoint now) {
  if (ended()) return;
  if (now >= request_.deadline.when()) {
    stop(Errc::timed_out, "not done in time");
    return;
  }
  const auto allowed = limit();
  if (allowed.count() == 0) {
    schedule(TimePoint::max());
  } else if (now - progress_at_ < allowed * 3 / 4) {
    suspect_ = false;
    schedule(progress_at_ + allowed * 3 / 4);
  } else if (!std::exchange(suspect_, true)) {
    schedule(std::max(progress_at_ + allowed, now + allowed / 4));
  } else {
    stop(Errc::timed_out, late());
  }
}

void Call::stop(Errc code, std::string_view why) {
  if (ended()) return;
  const auto self = shared_from_this();
  const auto connection = std::exchange(connection_, nullptr);
  const Error error{code, fmt::format("{}: {}", pool_->route().text(), why)};
  if (connection != nullptr) pool_->drop(*connection);
  leave_pool();
  if (connection != nullptr) pool_->serve();
  tell(error);
}

void Call::on_end(bool body_cut, bool keep_alive) {
  const auto self = shared_from_this();
  const auto connection = std::exchange(connection_, nullptr);
  // Before the sink hears it: what it starts next finds room and the connection.
  leave_pool();
  if (keep_alive) {
    pool_->release(connection);
  } else {
    pool_->drop(*connection);
    pool_->serve();
  }
  if (sink_ != nullptr) sink_->on_end(body_cut);
  finish();
}

void Call::on_failure(const Error& error, bool answered) {
  const auto self = shared_from_this();
  const auto connection = std::exchange(connection_, nullptr);
  pool_->drop(*connection);
  const bool stale = connection->exchanges() > 1 && !answered;
  if (stale && repeatable_ && !std::exchange(repeated_, true)) {
    enter(Phase::waiting);
    pool_->repeat(self);
    return;
  }
  leave_pool();
  pool_->serve();
  tell(error);
}

void Call::leave_pool() {
  if (phase_ == Phase::made) {
    pool_->leave_unknown();
  } else {
    pool_->leave(*this, position_);
  }
  phase_ = Phase::ended;
  next_check_ = TimePoint::max();
}

void Call::tell(const Error& error) {
  if (sink_ != nullptr) sink_->on_error({error, sent_ ? Reached::maybe : Reached::no});
  finish();
}

void Call::finish() {
  sink_ = nullptr;
  done_ = true;
  done_.notify_all();
}

class Handle final : public HttpCall {
 public:
  Handle(std::shared_ptr<Pool> pool, std::shared_ptr<Call> call)
      : pool_(std::move(pool)), call_(std::move(call)) {}
  ~Handle() override {
    if (call_->done()) return;
    if (pool_->on_io_thread()) {
      call_->mute();
      call_->stop(Errc::cancelled, {});
    } else {
      Handle::cancel();
      Handle::wait();
    }
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void cancel() override {
    if (!call_->done()) pool_->post([call = call_] { call->stop(Errc::cancelled, "cancelled"); });
  }
  void wait() override { call_->wait(); }

 private:
  const std::shared_ptr<Pool> pool_;
  const std::shared_ptr<Call> call_;
};

// The origin as requests name it.
std::string host_of(const HttpClientOptions& options) {
  const Endpoint& origin = options.endpoint;
  if (!origin.path.empty()) return "localhost";
  const std::string text = origin.text();
  if (origin.port != (options.tls != nullptr ? 443 : 80)) return text;
  return text.substr(0, text.rfind(':'));
}

class Client final : public HttpClient {
 public:
  Client(const IoThread& thread, const HttpClientOptions& options)
      : request_bytes_max_(options.request_bytes_max) {
    const std::string host = host_of(options);
    own_fields_.push_back({"Host", host});
    HttpRoute route;
    route.origin = route.first = options.endpoint;
    route.tls = options.tls;
    if (options.proxy) {
      route.first = options.proxy->endpoint;
      std::string authorization;
      if (!options.proxy->authorization.empty())
        authorization = "Proxy-Authorization: " + options.proxy->authorization + "\r\n";
      if (options.tls != nullptr) {
        const std::string place = options.endpoint.text();
        route.tunnel =
            fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", place, authorization);
      } else {
        url_before_target_ = "http://" + host;
        if (!authorization.empty())
          own_fields_.push_back({"Proxy-Authorization", options.proxy->authorization});
      }
    }
    pool_ = std::make_shared<Pool>(thread.state(), options,
                                   std::make_shared<const HttpRoute>(std::move(route)));
  }
  ~Client() override { Client::close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Result<std::unique_ptr<HttpCall>> start(HttpRequest request, HttpSink& sink) override {
    if (auto checked = request.check(); !checked) return std::unexpected(checked.error());
    if (request.body.size() > request_bytes_max_)
      return fail(Errc::invalid_argument, "HTTP request: the body has {} bytes, {} are allowed",
                  request.body.size(), request_bytes_max_);
    if (closed_) return fail(Errc::cancelled, "{}: the client is closed", pool_->route().text());
    if (!pool_->admit())
      return fail(Errc::overloaded, "{}: too many requests are waiting", pool_->route().text());
    std::string head = http_head(request, url_before_target_ + request.target, own_fields_);
    auto call = std::make_shared<Call>(pool_, std::move(request), std::move(head), sink);
    pool_->post([pool = pool_, call] { pool->begin(call); });
    return std::make_unique<Handle>(pool_, std::move(call));
  }

  HttpClientStats stats() const override { return pool_->stats(); }

  void close() override {
    closed_ = true;
    if (pool_->on_io_thread()) {
      pool_->close();
      return;
    }
    std::lock_guard lock(closing_);
    if (std::exchange(pool_closed_, true)) return;
    std::promise<void> promise;
    const auto done = promise.get_future();
    pool_->post([this, told = std::move(promise)]() mutable {
      pool_->close();
      told.set_value();
    });
    done.wait();
  }

 private:
  const std::size_t request_bytes_max_;
  HttpFields own_fields_;
  std::string url_before_target_;
  std::shared_ptr<Pool> pool_;
  std::atomic<bool> closed_{false};
  std::mutex closing_;
  bool pool_closed_ = false;
};

}  // namespace

Result<void> HttpClientOptions::check() const {
  const auto wrong = [](std::string_view what) {
    return fail(Errc::invalid_argument, "HTTP client: {}", what);
  };
  const auto is_place = [](const Endpoint& place) {
    return !place.host.empty() && place.port != 0 && std::ranges::none_of(place.host, [](char c) {
      return c <= ' ' || c > '~' || std::string_view("/?#@[]").find(c) != std::string_view::npos;
    });
  };
  if (endpoint.path.empty() && !is_place(endpoint))
    return wrong("endpoint: a host and a port, or the path of a socket");
  if (proxy && (!endpoint.path.empty() || !proxy->endpoint.path.empty()))
    return wrong("proxy: none for, or on, a unix socket");
  if (proxy && !is_place(proxy->endpoint)) return wrong("proxy: a host and a port");
  if (proxy && std::ranges::any_of(proxy->authorization, [](char c) { return c < ' ' || c > '~'; }))
    return wrong("proxy: its authorization has a line end or another special character");
  if (connections_max < 1 || connections_max > 4096) return wrong("connections_max: 1 to 4096");
  if (waiting_max > 1'000'000) return wrong("waiting_max: at most 1000000");
  if (keep_alive.count() < 0 || keep_alive > std::chrono::hours(1))
    return wrong("keep_alive: at most an hour");
  if (request_bytes_max < 1) return wrong("request_bytes_max is 0");
  return {};
}

Result<std::unique_ptr<HttpClient>> HttpClient::open(const IoThread& thread,
                                                     HttpClientOptions options) {
  if (auto checked = options.check(); !checked) return std::unexpected(checked.error());
  return std::make_unique<Client>(thread, options);
}

}  // namespace leyden::net
