#include "leyden/net/http_connection.h"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>

namespace leyden::net {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kSliceBytes = 256 * KiB;     // A slow link is not taken for a dead one.
constexpr std::size_t kJoinedBytesMax = 16 * KiB;  // Copied, rather than sent as two packets.

}  // namespace

std::string HttpRoute::text() const {
  const std::string out = origin.text();
  return first == origin ? out : fmt::format("{} by the proxy {}", out, first.text());
}

HttpConnection::HttpConnection(std::shared_ptr<IoThread::State> thread,
                               std::shared_ptr<const HttpRoute> route,
                               std::function<void(const HttpConnection&)> on_idle_end)
    : thread_(std::move(thread)),
      route_(std::move(route)),
      on_idle_end_(std::move(on_idle_end)),
      stream_(make_stream(thread_->context.get_executor(), route_->tls)) {}

void HttpConnection::begin(std::shared_ptr<HttpExchange> exchange) {
  exchange_ = std::move(exchange);
  answered_ = false;
  if (exchanges_++ == 0) {
    asio::co_spawn(thread_->context, run(shared_from_this()), asio::detached);
  } else {
    send();
  }
}

void HttpConnection::close() {
  if (std::exchange(closed_, true)) return;
  exchange_.reset();
  stream_->close();
}

awaitable<void> HttpConnection::run(Self self) {
  try {
    co_await self->stream_->reach(self->route_->first);
    if (self->closed_) co_return;
    if (!self->route_->tunnel.empty()) co_await self->open_tunnel();
    if (self->closed_) co_return;
    co_await self->stream_->secure(self->route_->origin.host);
    if (self->closed_) co_return;
    self->connected_ = true;
    self->send();
    while (!self->closed_) {
      const std::size_t size = co_await self->stream_->read_some(self->buffer_);
      if (self->closed_ || !self->take(BytesView(self->buffer_).first(size))) co_return;
    }
  } catch (const boost::system::system_error& error) {
    self->end(error.code());
  } catch (const std::exception& error) {
    self->fail_with(Errc::unavailable, error.what());
  }
}

awaitable<void> HttpConnection::open_tunnel() {
  const std::vector<asio::const_buffer> ask{asio::buffer(route_->tunnel)};
  co_await stream_->write(ask);
  parser_.begin({}, true);
  while (true) {
    const std::size_t size = co_await stream_->read_some(buffer_);
    BytesView bytes = BytesView(buffer_).first(size);
    const auto part = parser_.next(bytes);
    if (!part) throw std::runtime_error("the proxy's answer: " + part.error().message);
    if (*part == HttpResponseParser::Part::none) continue;
    const unsigned status = parser_.head().status;
    if (status / 100 != 2)
      throw std::runtime_error(fmt::format("the proxy answers {} to CONNECT", status));
    if (!bytes.empty()) throw std::runtime_error("the proxy sends what nobody asked");
    co_return;
  }
}

void HttpConnection::send() {
  parser_.begin(exchange_->limits(), exchange_->bodiless());
  writing_ = true;
  exchange_->on_sending();
  asio::co_spawn(thread_->context, write(shared_from_this(), exchange_), asio::detached);
}

// What goes wrong here the reading hears, too: why, or an answer that did not wait for all of the request. A connection with a request
// that is not whole is not used again.
awaitable<void> HttpConnection::write(Self self, std::shared_ptr<HttpExchange> exchange) {
  try {
    std::string joined = exchange->head();
    const std::shared_ptr<const std::string> body = exchange->body();
    std::string_view left = *body;
    if (left.size() <= kJoinedBytesMax) joined += std::exchange(left, {});
    std::vector<asio::const_buffer> slice{asio::buffer(joined)};
    while (true) {
      if (!left.empty()) {
        const std::string_view part = left.substr(0, kSliceBytes);
        slice.push_back(asio::buffer(part));
        left.remove_prefix(part.size());
      }
      if (slice.empty()) break;
      co_await self->stream_->write(slice);
      if (self->exchange_ != exchange) co_return;
      exchange->on_progress();
      slice.clear();
    }
    self->writing_ = false;
  } catch (const std::exception&) {
  }
}

// False: it is closed.
bool HttpConnection::take(BytesView bytes) {
  const std::shared_ptr<HttpExchange> exchange = exchange_;
  if (exchange == nullptr) {
    fail_with(Errc::corrupt, "sends what nobody asked");
    return false;
  }
  answered_ = true;
  exchange->on_progress();
  while (exchange_ == exchange) {
    const auto part = parser_.next(bytes);
    if (!part) {
      fail_with(part.error().code, part.error().message);
      return false;
    }
    switch (*part) {
      case HttpResponseParser::Part::none:
        return true;
      case HttpResponseParser::Part::head:
        exchange->on_head(parser_.head());
        break;
      case HttpResponseParser::Part::body:
        exchange->on_body(parser_.body());
        break;
      case HttpResponseParser::Part::end:
        return complete(parser_.body_cut(), exchange_->keep_alive() && parser_.keep_alive() &&
                                                bytes.empty() && !writing_);
    }
  }
  return !closed_;
}

bool HttpConnection::complete(bool body_cut, bool keep_alive) {
  const std::shared_ptr<HttpExchange> exchange = std::exchange(exchange_, nullptr);
  if (!keep_alive) close();
  exchange->on_end(body_cut, keep_alive);
  return !closed_;
}

void HttpConnection::end(const boost::system::error_code& error) {
  if (closed_) return;
  if (error == asio::error::eof && connected_ && exchange_ != nullptr) {
    if (const auto finished = parser_.finish()) {
      complete(parser_.body_cut(), false);
    } else {
      fail_with(finished.error().code, finished.error().message);
    }
    return;
  }
  fail_with(Errc::unavailable,
            error == asio::error::eof ? "the connection was closed" : error.message());
}

void HttpConnection::fail_with(Errc code, std::string_view what) {
  if (closed_) return;
  const std::shared_ptr<HttpExchange> exchange = std::exchange(exchange_, nullptr);
  close();
  if (exchange == nullptr) {
    on_idle_end_(*this);
    return;
  }
  exchange->on_failure({code, fmt::format("{}: {}", route_->text(), what)}, answered_);
}

}  // namespace leyden::net
