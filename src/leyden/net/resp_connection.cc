#include "leyden/net/resp_connection.h"

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

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

class Replies final : public RespReplies {
 public:
  explicit Replies(RespRequest sent) : request(std::move(sent)), commands(request.commands()) {}

  Result<std::vector<RespValue>> wait(Deadline deadline) override {
    std::unique_lock lock(mutex_);
    const auto done = [&] { return done_; };
    if (deadline.when() == Deadline::never().when()) {
      changed_.wait(lock, done);
    } else if (!changed_.wait_until(lock, deadline.when(), done)) {
      return fail(Errc::timed_out, "no reply in time");
    }
    if (error_) return std::unexpected(*error_);
    return std::move(values_);
  }

  // On the I/O thread. True when that was the last one.
  bool add(RespValue value) {
    gathered_.push_back(std::move(value));
    if (gathered_.size() < commands) return false;
    std::lock_guard lock(mutex_);
    values_ = std::move(gathered_);
    done_ = true;
    changed_.notify_all();
    return true;
  }
  void fail_with(const Error& error) {
    std::lock_guard lock(mutex_);
    error_ = error;
    done_ = true;
    changed_.notify_all();
  }

  RespRequest request;  // Emptied once it is sent.
  const std::size_t commands;

 private:
  std::vector<RespValue> gathered_;  // Of the I/O thread.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<RespValue> values_;
  std::optional<Error> error_;
  bool done_ = false;
};

class Connection final : public RespConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<IoThread::State> thread, RespConnectionOptions options)
      : thread_(std::move(thread)),
        options_(std::move(options)),
        stream_(make_stream(thread_->context.get_executor(), options_.tls)),
        timer_(thread_->context),
        parser_(options_.limits) {}

  void start() {
    asio::post(thread_->context, [self = shared_from_this()] {
      self->watch(self->options_.connect_timeout / kStepsPerStall);
      asio::co_spawn(self->thread_->context, run(self), asio::detached);
    });
  }

  Result<std::shared_ptr<RespReplies>> send(RespRequest request) override {
    if (request.commands() == 0) return fail(Errc::internal, "a request without a command");
    auto replies = std::make_shared<Replies>(std::move(request));
    {
      std::lock_guard lock(mutex_);
      if (state_ == State::closed) return std::unexpected(why_closed_);
      const std::size_t bytes = replies->request.wire().size();
      if (awaited_ >= options_.calls_max || (bytes_ > 0 && bytes_ + bytes > options_.bytes_max)) {
        return fail(Errc::overloaded, "too much is waiting for {}", options_.endpoint.text());
      }
      ++awaited_;
      bytes_ += bytes;
      queued_.push_back(replies);
      if (state_ != State::ready || writing_) return replies;
      writing_ = true;
    }
    asio::post(thread_->context, [self = shared_from_this()] {
      asio::co_spawn(self->thread_->context, write_queued(self), asio::detached);
    });
    return replies;
  }

  State state() const override { return std::lock_guard(mutex_), state_; }
  Error why_closed() const override { return std::lock_guard(mutex_), why_closed_; }
  std::size_t calls_awaited() const override { return std::lock_guard(mutex_), awaited_; }

  void close() override { end({Errc::unavailable, "closed"}); }

 private:
  using Self = std::shared_ptr<Connection>;

  static awaitable<void> run(Self self) {
    try {
      co_await self->stream_->connect(self->options_.endpoint);
      co_await self->greet();
      bool write = false;
      {
        std::lock_guard lock(self->mutex_);
        if (self->state_ == State::closed) co_return;
        self->state_ = State::ready;
        write = self->writing_ = !self->queued_.empty();
      }
      self->ready_ = true;
      if (write) asio::co_spawn(self->thread_->context, write_queued(self), asio::detached);
      while (true) {
        if (auto read = co_await self->read(); !read) {
          self->end(read.error());
          co_return;
        }
        for (RespValue& value : self->arrived_) {
          if (!self->take(std::move(value))) co_return;
        }
        self->arrived_.clear();
      }
    } catch (const boost::system::system_error& error) {
      self->end(
          {Errc::unavailable, self->options_.endpoint.text() + ": " + error.code().message()});
    } catch (const std::exception& error) {
      self->end({Errc::unavailable, self->options_.endpoint.text() + ": " + error.what()});
    }
  }

  // False when the connection ended by it.
  bool take(RespValue value) {
    if (value.type == RespValue::Type::push) {
      if (options_.on_push) options_.on_push(std::move(value));
      return true;
    }
    if (waiting_.empty()) {
      end({Errc::corrupt, options_.endpoint.text() + " answers what nobody asked"});
      return false;
    }
    if (!waiting_.front()->add(std::move(value))) return true;
    waiting_.pop_front();
    std::lock_guard lock(mutex_);
    --awaited_;
    return true;
  }

  awaitable<Result<void>> read() {
    const std::size_t size = co_await stream_->read_some(buffer_);
    progress_ = true;
    auto fed = parser_.feed(BytesView(buffer_).first(size), arrived_);
    if (!fed) fed = fail(fed.error().code, "{}: {}", options_.endpoint.text(), fed.error().message);
    co_return fed;
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

  static awaitable<void> write_queued(Self self) {
    try {
      while (true) {
        std::deque<std::shared_ptr<Replies>> batch;
        {
          std::lock_guard lock(self->mutex_);
          if (self->state_ == State::closed) co_return;
          if (self->queued_.empty()) {
            self->writing_ = false;
            co_return;
          }
          batch.swap(self->queued_);
        }
        std::size_t bytes = 0;
        for (const auto& replies : batch) {
          bytes += replies->request.wire().size();
          // Before they are written: a reply may be sooner than the end of the write.
          self->waiting_.push_back(replies);
        }
        if (!self->watching_) self->watch(self->options_.stall_timeout / kStepsPerStall);
        // In slices, so that a slow link is not taken for a dead one.
        std::vector<asio::const_buffer> slice;
        std::size_t slice_bytes = 0;
        for (const auto& replies : batch) {
          std::string_view left = replies->request.wire();
          while (!left.empty()) {
            const std::string_view part = left.substr(0, kSliceBytes - slice_bytes);
            slice.push_back(asio::buffer(part));
            slice_bytes += part.size();
            left.remove_prefix(part.size());
            if (slice_bytes < kSliceBytes) continue;
            co_await self->stream_->write(slice);
            self->progress_ = true;
            slice.clear();
            slice_bytes = 0;
          }
        }
        if (!slice.empty()) co_await self->stream_->write(slice);
        self->progress_ = true;
        for (const auto& replies : batch) replies->request = {};
        std::lock_guard lock(self->mutex_);
        self->bytes_ -= bytes;
      }
    } catch (const boost::system::system_error& error) {
      self->end(
          {Errc::unavailable, self->options_.endpoint.text() + ": " + error.code().message()});
    } catch (const std::exception& error) {
      self->end({Errc::unavailable, self->options_.endpoint.text() + ": " + error.what()});
    }
  }

  // Looks every `step` whether something came of what is waited for; rests when nothing is.
  void watch(std::chrono::milliseconds step) {
    watching_ = true;
    progress_ = false;
    idle_steps_ = 0;
    next_step(std::max(step, std::chrono::milliseconds(1)));
  }
  void next_step(std::chrono::milliseconds step) {
    timer_.expires_after(step);
    timer_.async_wait([self = shared_from_this(), step](const boost::system::error_code& error) {
      if (error || self->ended_) return;
      if (self->ready_ && self->waiting_.empty()) {
        self->watching_ = false;
        return;
      }
      // The greeting has one time for all of it, whatever comes meanwhile.
      const bool progress = std::exchange(self->progress_, false) && self->ready_;
      self->idle_steps_ = progress ? 0 : self->idle_steps_ + 1;
      if (self->idle_steps_ >= kStepsPerStall) {
        self->end({Errc::timed_out,
                   self->options_.endpoint.text() +
                       (self->ready_ ? " does not answer" : " can't be reached in time")});
        return;
      }
      self->next_step(self->ready_ ? std::max(self->options_.stall_timeout / kStepsPerStall,
                                              std::chrono::milliseconds(1))
                                   : step);
    });
  }

  // From any thread, the first one counts.
  void end(Error error) {
    {
      std::lock_guard lock(mutex_);
      if (state_ == State::closed) return;
      state_ = State::closed;
      why_closed_ = std::move(error);
    }
    asio::post(thread_->context, [self = shared_from_this()] { self->finish(); });
  }

  // On the I/O thread, once.
  void finish() {
    ended_ = true;
    timer_.cancel();
    stream_->close();
    std::deque<std::shared_ptr<Replies>> left = std::exchange(waiting_, {});
    Error why;
    {
      std::lock_guard lock(mutex_);
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
  bool writing_ = false;
  std::size_t awaited_ = 0;
  std::size_t bytes_ = 0;
  std::deque<std::shared_ptr<Replies>> queued_;

  // Of the I/O thread:
  std::unique_ptr<Stream> stream_;
  asio::steady_timer timer_;
  RespParser parser_;
  std::array<std::byte, kReadBytes> buffer_{};
  std::vector<RespValue> arrived_;
  std::deque<std::shared_ptr<Replies>> waiting_;  // Sent, oldest first.
  bool ready_ = false;
  bool ended_ = false;
  bool watching_ = false;
  bool progress_ = false;
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
