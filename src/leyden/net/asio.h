#pragma once

// Of this module only: what its files share of Asio. Asio's own code is compiled once, in asio.cc.
#include <chrono>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "leyden/net/endpoint.h"
#include "leyden/net/io_thread.h"

namespace leyden::net {

struct IoThread::State {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  std::mutex stopping;
  std::jthread thread;
};

// Bytes both ways over TCP, a unix socket or TLS. Confined to the I/O thread. Failures are thrown as boost::system::system_error.
class Stream {
 public:
  virtual ~Stream() = default;
  // reach() and secure(). `endpoint` outlives it.
  boost::asio::awaitable<void> connect(const Endpoint& endpoint);
  // The connection alone: what is read and written until secure() is plain, as a proxy wants it.
  virtual boost::asio::awaitable<void> reach(const Endpoint& endpoint) = 0;
  // TLS, where it is to be, with the server of that name; both sides prove themselves as the TlsContext says.
  virtual boost::asio::awaitable<void> secure(const std::string& host) = 0;
  virtual boost::asio::awaitable<std::size_t> read_some(std::span<std::byte> into) = 0;
  virtual boost::asio::awaitable<void> write(
      const std::vector<boost::asio::const_buffer>& buffers) = 0;
  // Once connected and with nothing under way: takes the socket away from the I/O thread's reading. Its descriptor, for use by any thread
  // until the stream is destroyed (non-blocking; shut down by close()); -1 where only the I/O thread can read and write (TLS).
  // read_some() must not be called any more after it.
  virtual int release() = 0;
  // Of the server's certificate, once connected; nothing without TLS.
  [[nodiscard]] virtual std::optional<std::chrono::system_clock::time_point>
  certificate_expires() = 0;
  // A look without waiting, with nothing awaited from the server: false, when it has closed or says something.
  [[nodiscard]] virtual bool looks_quiet() = 0;
  // Ends what is under way.
  virtual void close() = 0;
};

// `tls` is null for a plain connection.
[[nodiscard]] std::unique_ptr<Stream> make_stream(const boost::asio::any_io_executor& executor,
                                                  std::shared_ptr<TlsContext> tls);

}  // namespace leyden::net
