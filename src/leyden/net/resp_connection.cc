#include "leyden/net/resp_connection.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "leyden/net/asio.h"

namespace leyden::net {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kReadBytes = 64 * KiB;
constexpr std::size_t kSliceBytes = 256 * KiB;
constexpr int kStepsPerStall = 4;

// What HELLO's reply says of it; empty when it does not.
std::string_view role_of(const RespValue& greeting) {
  for (std::size_t i = 0; i + 1 < greeting.items.size(); i += 2) {
    if (greeting.items[i].text() == "role") return greeting.items[i + 1].text();
  }
  return {};
}

class Replies;

// Reading a connection, which one thread at a time does: one of those that wait for replies, for itself and the others. Thread-safe.
class Reading {
 public:
  virtual ~Reading() = default;
  // Whether nobody reads, and may.
  [[nodiscard]] virtual bool is_free() const = 0;
  // True: this thread reads now, until leave().
  [[nodiscard]] virtual bool enter() = 0;
  // Until `replies` are here, the deadline passes or the connection ends.
  virtual void read_for(const Replies& replies, Deadline deadline) = 0;
  // Lets the others know.
  virtual void leave() = 0;
};

class Replies final : public RespReplies {
 public:
  Replies(RespRequest sent, std::weak_ptr<Reading> reading)
      : request(std::move(sent)), commands(request.commands()), reading_(std::move(reading)) {}

  Result<std::vector<RespValue>> wait(Deadline deadline) override {
    std::unique_lock lock(mutex_);
    ++waiters_;
    while (!done_) {
      // Alive while something is awaited of it; not any more once it has ended.
      const std::shared_ptr<Reading> reading = reading_.lock();
      if (reading != nullptr && reading->enter()) {
        lock.unlock();
        reading->read_for(*this, deadline);
        reading->leave();
        lock.lock();
        if (done_ || deadline.passed()) break;
        continue;
      }
      const auto on = [&] { return done_ || (reading != nullptr && reading->is_free()); };
      if (deadline.when() == Deadline::never().when()) {
        changed_.wait(lock, on);
      } else if (!changed_.wait_until(lock, deadline.when(), on)) {
        break;
      }
    }
    --waiters_;
    if (!done_) return fail(Errc::timed_out, "no reply in time");
    if (error_) return std::unexpected(*error_);
    return std::move(values_);
  }

  [[nodiscard]] bool done() const { return std::lock_guard(mutex_), done_; }
  // Who waits looks again whether it may read.
  void reading_is_free() {
    std::lock_guard lock(mutex_);
    if (waiters_ > 0) changed_.notify_all();
  }

  // By who reads. True when that was the last one: complete() is to be called then.
  bool add(RespValue value) {
    gathered_.push_back(std::move(value));
    return gathered_.size() == commands;
  }
  void complete() {
    std::lock_guard lock(mutex_);
    values_ = std::move(gathered_);
    done_ = true;
    if (waiters_ > 0) changed_.notify_all();
  }
  void fail_with(const Error& error) {
    std::lock_guard lock(mutex_);
    error_ = error;
    done_ = true;
    if (waiters_ > 0) changed_.notify_all();
  }

  RespRequest request;  // Emptied once it is sent.
  const std::size_t commands;

 private:
  const std::weak_ptr<Reading> reading_;
  std::vector<RespValue> gathered_;  // Of who reads.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int waiters_ = 0;
  std::vector<RespValue> values_;
  std::optional<Error> error_;
  bool done_ = false;
};

// The I/O thread connects and greets. Then, where the stream lets it, callers send and read themselves, which saves two changes of
// threads for each call; the I/O thread goes on with what the socket does not take at once, and looks after what nobody waits
// for. Through TLS, and where pushes must be heard at any time, it does all of it.
class Connection final : public RespConnection,
                         public Reading,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<IoThread::State> thread, RespConnectionOptions options)
      : thread_(std::move(thread)),
        options_(std::move(options)),
        stream_(make_stream(thread_->context.get_executor(), options_.tls)),
        parser_(options_.limits),
        timer_(thread_->context) {}

  void start() {
    asio::post(thread_->context, [self = shared_from_this()] {
      self->watch(self->options_.connect_timeout / kStepsPerStall);
      asio::co_spawn(self->thread_->context, run(self), asio::detached);
    });
  }

  Result<std::shared_ptr<RespReplies>> send(RespRequest request) override {
    if (request.commands() == 0) return fail(Errc::internal, "a request without a command");
    auto replies = std::make_shared<Replies>(std::move(request), weak_from_this());
    {
      std::lock_guard lock(mutex_);
      if (state_ == State::closed) return std::unexpected(why_closed_);
      const std::size_t bytes = replies->request.wire().size();
      if (awaited_ >= options_.calls_max || (bytes_ > 0 && bytes_ + bytes > options_.bytes_max)) {
        return std::unexpected(error(Errc::overloaded, "too much is waiting for it"));
      }
      ++awaited_;
      bytes_ += bytes;
      if (state_ != State::ready || writing_) {
        queued_.push_back(replies);
        return replies;
      }
      writing_ = true;
      expect(replies);
    }
    write_now(replies);
    return replies;
  }

  State state() const override { return std::lock_guard(mutex_), state_; }
  State check() override {
    // What has come unasked is an end, or a fault.
    if (calls_awaited() == 0 && enter()) {
      read_now();
      leave();
    }
    return state();
  }
  Error why_closed() const override { return std::lock_guard(mutex_), why_closed_; }
  std::size_t calls_awaited() const override { return std::lock_guard(mutex_), awaited_; }

  void close() override { end({Errc::unavailable, "closed"}); }

  std::optional<std::chrono::system_clock::time_point> certificate_expires() const override {
    return std::lock_guard(mutex_), certificate_expires_;
  }

  bool is_free() const override { return callers_read_ && !reading_; }
  bool enter() override { return callers_read_ && !reading_.exchange(true); }
  void leave() override {
    reading_ = false;
    wake_waiters();
  }
  void read_for(const Replies& replies, Deadline deadline) override {
    while (callers_read_ && !replies.done()) {
      pollfd what{.fd = descriptor_, .events = POLLIN, .revents = 0};
      timespec wait{};
      const bool forever = deadline.when() == Deadline::never().when();
      if (!forever) {
        const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.left());
        wait.tv_sec = left.count() / 1'000'000'000;
        wait.tv_nsec = left.count() % 1'000'000'000;
      }
      const int ready = ::ppoll(&what, 1, forever ? nullptr : &wait, nullptr);
      if (ready == 0 || (ready > 0 && !read_once())) return;
    }
  }

 private:
  using Self = std::shared_ptr<Connection>;

  static awaitable<void> run(Self self) {
    try {
      co_await self->stream_->connect(self->options_.endpoint);
      co_await self->greet();
      const auto certificate_expires = self->stream_->certificate_expires();
      if (!self->options_.on_push) self->descriptor_ = self->stream_->release();
      bool write = false;
      {
        std::lock_guard lock(self->mutex_);
        if (self->state_ == State::closed) co_return;
        self->state_ = State::ready;
        self->certificate_expires_ = certificate_expires;
        self->callers_read_ = self->descriptor_ >= 0;
        write = self->writing_ = !self->queued_.empty();
      }
      self->ready_ = true;
      if (write) asio::co_spawn(self->thread_->context, write_queued(self), asio::detached);
      if (self->descriptor_ >= 0) {
        self->wake_waiters();
        co_return;
      }
      while (true) {
        if (auto read = co_await self->read(); !read) {
          self->end(self->error(read.error().code, read.error().message));
          co_return;
        }
        for (RespValue& value : self->arrived_) {
          if (!self->take(std::move(value))) co_return;
        }
        self->arrived_.clear();
      }
    } catch (const boost::system::system_error& thrown) {
      self->end(self->error(Errc::unavailable, thrown.code().message()));
    } catch (const std::exception& thrown) {
      self->end(self->error(Errc::unavailable, thrown.what()));
    }
  }

  // With mutex_ held, before it is written: a reply may be sooner than the end of the write.
  void expect(const std::shared_ptr<Replies>& replies) {
    waiting_.push_back(replies);
    if (std::exchange(watching_, true)) return;
    asio::post(thread_->context, [self = shared_from_this()] {
      self->watch(self->options_.stall_timeout / kStepsPerStall);
    });
  }

  // What does not go at once is left to the I/O thread. What is wrong with the socket the next read says.
  void write_now(const std::shared_ptr<Replies>& replies) {
    const std::string& wire = replies->request.wire();
    const std::size_t size = wire.size();
    std::size_t written = 0;
    if (descriptor_ >= 0) {
      const ssize_t sent = ::send(descriptor_, wire.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) {
        written = static_cast<std::size_t>(sent);
        progress_ = true;
      }
    }
    if (written == size) {
      replies->request = {};
      std::lock_guard lock(mutex_);
      bytes_ -= size;
      if (queued_.empty()) {
        writing_ = false;
        return;
      }
    }
    asio::post(thread_->context, [self = shared_from_this(), replies, written, size] {
      asio::co_spawn(self->thread_->context,
                     write_queued(self, written == size ? nullptr : replies, written),
                     asio::detached);
    });
  }

  // Whoever waits looks again whether it may read.
  void wake_waiters() {
    std::lock_guard lock(mutex_);
    for (const auto& replies : waiting_) replies->reading_is_free();
    for (const auto& replies : queued_) replies->reading_is_free();
  }

  // By who reads. False: the connection has ended; with `nothing`, also when nothing is here.
  bool read_once(bool* nothing = nullptr) {
    const ssize_t size = ::recv(descriptor_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
      if (nothing != nullptr) *nothing = true;
      return nothing == nullptr;
    }
    if (size <= 0) {
      const std::string why = size == 0 ? "End of file" : std::generic_category().message(errno);
      end(error(Errc::unavailable, why));
      return false;
    }
    progress_ = true;
    const auto fed =
        parser_.feed(BytesView(buffer_).first(static_cast<std::size_t>(size)), arrived_);
    for (RespValue& value : arrived_) {
      if (!take(std::move(value))) return false;
    }
    arrived_.clear();
    if (fed) return true;
    end(error(fed.error().code, fed.error().message));
    return false;
  }
  void read_now() {
    bool nothing = false;
    while (read_once(&nothing)) {
    }
  }

  // False when the connection ended by it.
  bool take(RespValue value) {
    if (value.type == RespValue::Type::push) {
      if (options_.on_push) options_.on_push(std::move(value));
      return true;
    }
    std::shared_ptr<Replies> first;
    {
      std::lock_guard lock(mutex_);
      if (!waiting_.empty()) first = waiting_.front();
    }
    if (first == nullptr) {
      end(error(Errc::corrupt, "answers what nobody asked"));
      return false;
    }
    if (!first->add(std::move(value))) return true;
    {
      // Before its caller goes on, to whom the connection is idle then.
      std::lock_guard lock(mutex_);
      waiting_.pop_front();
      --awaited_;
    }
    first->complete();
    return true;
  }

  awaitable<Result<void>> read() {
    const std::size_t size = co_await stream_->read_some(buffer_);
    progress_ = true;
    co_return parser_.feed(BytesView(buffer_).first(size), arrived_);
  }

  // Sends a request and waits for its replies, before anyone else does.
  awaitable<std::vector<RespValue>> ask(const RespRequest& request) {
    const std::vector<asio::const_buffer> buffers{asio::buffer(request.wire())};
    co_await stream_->write(buffers);
    std::vector<RespValue> replies;
    while (replies.size() < request.commands()) {
      if (auto read_well = co_await read(); !read_well)
        throw std::runtime_error(read_well.error().message);
      for (RespValue& value : arrived_) {
        if (value.type != RespValue::Type::push) {
          replies.push_back(std::move(value));
        } else if (options_.on_push) {
          options_.on_push(std::move(value));
        }
      }
      arrived_.clear();
    }
    if (replies.size() > request.commands()) throw std::runtime_error("answers what nobody asked");
    co_return replies;
  }

  awaitable<void> greet() {
    const std::string_view user =
        options_.username.empty() ? std::string_view("default") : options_.username;
    RespRequest hello;
    if (options_.password.empty()) {
      hello.add({"HELLO", "3", "SETNAME", options_.client_name});
    } else {
      hello.add({"HELLO", "3", "AUTH", user, options_.password, "SETNAME", options_.client_name});
    }
    const std::vector<RespValue> greeted = co_await ask(hello);
    const RespValue& greeting = greeted.front();
    RespRequest more;
    if (greeting.is_error()) {
      // A server (or a proxy) that knows no HELLO, or no RESP3, or a user who may not say it.
      const bool older =
          greeting.is_error("NOPROTO") || greeting.is_error("NOPERM") ||
          (greeting.is_error("ERR") && greeting.text().find("HELLO") != std::string_view::npos);
      if (!older || options_.needs_resp3) throw std::runtime_error(greeting.message());
      if (options_.username.empty() && !options_.password.empty())
        more.add({"AUTH", options_.password});
      if (!options_.username.empty() && !options_.password.empty())
        more.add({"AUTH", user, options_.password});
    }
    if (options_.needs_master && role_of(greeting) == "replica")
      throw std::runtime_error("READONLY is a replica now");
    if (options_.database != 0) more.add({"SELECT", std::to_string(options_.database)});
    more.append(options_.set_up);
    if (more.commands() == 0) co_return;
    const std::vector<RespValue> replies = co_await ask(more);
    for (const RespValue& reply : replies) {
      if (reply.is_error()) throw std::runtime_error(reply.message());
    }
  }

  // Writes what is queued; before it, what is left of `begun` after its first `written` bytes.
  static awaitable<void> write_queued(Self self, std::shared_ptr<Replies> begun = nullptr,
                                      std::size_t written = 0) {
    try {
      std::deque<std::shared_ptr<Replies>> batch;
      if (begun != nullptr) {
        batch.push_back(std::move(begun));
        co_await self->write(batch, written);
      }
      while (true) {
        batch.clear();
        {
          std::lock_guard lock(self->mutex_);
          if (self->state_ == State::closed) co_return;
          if (self->queued_.empty()) {
            self->writing_ = false;
            co_return;
          }
          batch.swap(self->queued_);
          for (const auto& replies : batch) self->expect(replies);
        }
        co_await self->write(batch, 0);
      }
    } catch (const boost::system::system_error& thrown) {
      self->end(self->error(Errc::unavailable, thrown.code().message()));
    } catch (const std::exception& thrown) {
      self->end(self->error(Errc::unavailable, thrown.what()));
    }
  }

  // In slices, so that a slow link is not taken for a dead one; without the first `skipped` bytes. `batch` stays until it is done.
  awaitable<void> write(const std::deque<std::shared_ptr<Replies>>& batch, std::size_t skipped) {
    std::size_t bytes = 0;
    std::vector<asio::const_buffer> slice;
    std::size_t slice_bytes = 0;
    for (const auto& replies : batch) {
      std::string_view left = replies->request.wire();
      bytes += left.size();
      left.remove_prefix(std::exchange(skipped, 0));
      while (!left.empty()) {
        const std::string_view part = left.substr(0, kSliceBytes - slice_bytes);
        slice.push_back(asio::buffer(part));
        slice_bytes += part.size();
        left.remove_prefix(part.size());
        if (slice_bytes < kSliceBytes) continue;
        co_await stream_->write(slice);
        progress_ = true;
        slice.clear();
        slice_bytes = 0;
      }
    }
    if (!slice.empty()) co_await stream_->write(slice);
    progress_ = true;
    for (const auto& replies : batch) replies->request = {};
    std::lock_guard lock(mutex_);
    bytes_ -= bytes;
  }

  // Looks every `step` whether something came of what is waited for; rests when nothing is.
  void watch(std::chrono::milliseconds step) {
    if (ended_) return;
    progress_ = false;
    idle_steps_ = 0;
    next_step(std::max(step, std::chrono::milliseconds(1)));
  }
  void next_step(std::chrono::milliseconds step) {
    timer_.expires_after(step);
    timer_.async_wait([self = shared_from_this(), step](const boost::system::error_code& error) {
      if (error || self->ended_) return;
      if (self->ready_) {
        std::lock_guard lock(self->mutex_);
        if (self->waiting_.empty()) {
          self->watching_ = false;
          return;
        }
      }
      // A reply that nobody waits for any more.
      if (self->enter()) {
        self->read_now();
        self->leave();
      }
      // The greeting has one time for all of it, whatever comes meanwhile.
      const bool progress = self->progress_.exchange(false) && self->ready_;
      self->idle_steps_ = progress ? 0 : self->idle_steps_ + 1;
      if (self->idle_steps_ >= kStepsPerStall) {
        self->end(self->error(Errc::timed_out,
                              self->ready_ ? "does not answer" : "can't be reached in time"));
        return;
      }
      self->next_step(self->ready_ ? std::max(self->options_.stall_timeout / kStepsPerStall,
                                              std::chrono::milliseconds(1))
                                   : step);
    });
  }

  // Here, and nowhere else, it is said of which server.
  [[nodiscard]] Error error(Errc code, std::string_view why) const {
    if (!options_.errors_name_endpoint) return {code, std::string(why)};
    return {code, fmt::format("{}: {}", options_.endpoint.text(), why)};
  }

  // From any thread, the first one counts.
  void end(Error error) {
    {
      std::lock_guard lock(mutex_);
      if (state_ == State::closed) return;
      state_ = State::closed;
      callers_read_ = false;
      why_closed_ = std::move(error);
    }
    asio::post(thread_->context, [self = shared_from_this()] { self->finish(); });
  }

  // On the I/O thread, once.
  void finish() {
    ended_ = true;
    timer_.cancel();
    stream_->close();
    std::deque<std::shared_ptr<Replies>> left;
    Error why;
    {
      std::lock_guard lock(mutex_);
      left.swap(waiting_);
      left.insert(left.end(), queued_.begin(), queued_.end());
      queued_.clear();
      why = why_closed_;
      awaited_ = 0;
    }
    for (const auto& replies : left) replies->fail_with(why);
    if (options_.on_close) options_.on_close({why, ready_, !left.empty()});
    options_.on_close = nullptr;
    options_.on_push = nullptr;
  }

  const std::shared_ptr<IoThread::State> thread_;
  RespConnectionOptions options_;

  mutable std::mutex mutex_;
  State state_ = State::connecting;
  Error why_closed_;
  std::optional<std::chrono::system_clock::time_point> certificate_expires_;
  bool writing_ = false;
  std::size_t awaited_ = 0;
  std::size_t bytes_ = 0;
  std::deque<std::shared_ptr<Replies>> queued_;
  std::deque<std::shared_ptr<Replies>> waiting_;  // Sent, or being sent; oldest first.
  bool watching_ = true;

  const std::unique_ptr<Stream> stream_;
  std::atomic<bool> progress_{false};
  std::atomic<bool> callers_read_{false};
  std::atomic<bool> reading_{false};
  int descriptor_ = -1;  // Set before callers_read_.

  // Of who reads:
  RespParser parser_;
  std::array<std::byte, kReadBytes> buffer_{};
  std::vector<RespValue> arrived_;

  // Of the I/O thread:
  asio::steady_timer timer_;
  bool ready_ = false;
  bool ended_ = false;
  int idle_steps_ = 0;
};

}  // namespace

std::shared_ptr<RespConnection> RespConnection::open(const IoThread& thread,
                                                     RespConnectionOptions options) {
  auto connection = std::make_shared<Connection>(thread.state(), std::move(options));
  connection->start();
  return connection;
}

}  // namespace leyden::net
