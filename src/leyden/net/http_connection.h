#pragma once

// Of this module only.
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "leyden/net/asio.h"
#include "leyden/net/http.h"
#include "leyden/net/http_response_parser.h"

namespace leyden::net {

// How connections come to the origin. Const once made.
struct HttpRoute {
  Endpoint origin;
  Endpoint first;  // Where to connect to: the origin, or the proxy.
  std::shared_ptr<TlsContext> tls;
  std::string tunnel;  // What a proxy is asked, if it is to be a tunnel; else empty.
  // For messages.
  [[nodiscard]] std::string text() const;
};

// A request and who hears of its response, on the I/O thread.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  // All of it as it goes on the wire.
  [[nodiscard]] virtual const std::string& head() const = 0;
  [[nodiscard]] virtual std::shared_ptr<const std::string> body() const = 0;
  [[nodiscard]] virtual bool bodiless() const = 0;    // Its response is.
  [[nodiscard]] virtual bool keep_alive() const = 0;  // Else the connection is closed after it.
  [[nodiscard]] virtual const HttpLimits& limits() const = 0;

  virtual void on_sending() = 0;   // The connection is there: from now on the server may get it.
  virtual void on_progress() = 0;  // Bytes went out or came in.
  virtual void on_head(const HttpResponseHead& head) = 0;
  virtual void on_body(BytesView bytes) = 0;
  // `keep_alive`: the connection is idle, else closed.
  virtual void on_end(bool body_cut, bool keep_alive) = 0;
  // The connection is closed. `answered`: a byte of the response came.
  virtual void on_failure(const Error& error, bool answered) = 0;
};

// A connection that carries one exchange at a time, the first from its beginning on. Confined to the I/O thread. It knows no time: who
// waits closes it.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<IoThread::State> thread, std::shared_ptr<const HttpRoute> route,
                 std::function<void(const HttpConnection&)> on_idle_end);

  // Connects, at the first time, and sends.
  void begin(std::shared_ptr<HttpExchange> exchange);
  // Its exchange hears nothing more. Idempotent.
  void close();
  [[nodiscard]] unsigned exchanges() const { return exchanges_; }
  // Whether the server has neither closed it nor sent anything unasked, as far as this machine knows now. For an idle one.
  [[nodiscard]] bool looks_quiet() { return stream_->looks_quiet(); }

 private:
  using Self = std::shared_ptr<HttpConnection>;
  static boost::asio::awaitable<void> run(Self self);
  static boost::asio::awaitable<void> write(Self self, std::shared_ptr<HttpExchange> exchange);
  boost::asio::awaitable<void> open_tunnel();
  void send();
  bool take(BytesView bytes);
  bool complete(bool body_cut, bool keep_alive);
  void end(const boost::system::error_code& error);
  void fail_with(Errc code, std::string_view what);

  static constexpr std::size_t kReadBytes = 32 * KiB;

  const std::shared_ptr<IoThread::State> thread_;
  const std::shared_ptr<const HttpRoute> route_;
  const std::function<void(const HttpConnection&)> on_idle_end_;
  const std::unique_ptr<Stream> stream_;
  HttpResponseParser parser_;
  std::shared_ptr<HttpExchange> exchange_;
  unsigned exchanges_ = 0;
  bool connected_ = false;
  bool answered_ = false;
  bool writing_ = false;
  bool closed_ = false;
  std::array<std::byte, kReadBytes> buffer_;
};

}  // namespace leyden::net
