#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "leyden/base/result.h"
#include "leyden/net/endpoint.h"
#include "leyden/net/http.h"
#include "leyden/net/http_proxy.h"
#include "leyden/net/io_thread.h"

namespace leyden::net {

// Whether the server may have got the request, or a part of it. `no`: sending it again can't make it twice.
enum class Reached : std::uint8_t { no, maybe };

struct HttpError {
  Error error;
  Reached reached = Reached::no;
};

// Hears of one request, from the I/O thread, in order: on_head once, on_body any number of times, on_end once; or on_error once, at any
// time. No more is read of the server before a call returns, and no other request of that thread goes on: it must not block for long, nor
// throw. Outlives the HttpCall.
class HttpSink {
 public:
  virtual ~HttpSink() = default;
  // Any final status; redirections are not followed. The head is valid during the call.
  virtual void on_head(const HttpResponseHead& head) = 0;
  // The next bytes, some at least; valid during the call.
  virtual void on_body(BytesView bytes) = 0;
  // `body_cut`: the body of an error was longer than the limit; the rest was not read.
  virtual void on_end(bool body_cut) = 0;
  // unavailable (refused, reset, cut, TLS, proxy), timed_out, cancelled, corrupt (not HTTP, or over a limit), unsupported. What was
  // heard before is incomplete.
  virtual void on_error(const HttpError& error) = 0;
};

// A request under way. Thread-safe. Destroying it closes its connection, unless it has ended, and waits until the sink hears no more; on the
// I/O thread (in a call of the sink) it does not wait, and the sink hears nothing after that call.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
  // Closes its connection; on_error(cancelled) comes soon after, unless it ended before.
  virtual void cancel() = 0;
  // Until the sink has heard the end. Not on the I/O thread.
  virtual void wait() = 0;
};

struct HttpClientOptions {
  Endpoint endpoint;                // The origin: one server, or what stands before several.
  std::shared_ptr<TlsContext> tls;  // Null: http.
  std::optional<HttpProxy> proxy;   // With TLS a tunnel through it (CONNECT).
  std::size_t connections_max = 64;
  std::size_t waiting_max =
      256;  // Requests that wait for a connection; more are answered `overloaded`.
  // For how long a connection is kept with nothing to do. Shorter than what servers allow (5 s by default for those of Python and for
  // llama.cpp's), so that it is not they who close it just as a request goes out.
  std::chrono::milliseconds keep_alive{4'000};
  std::size_t request_bytes_max = 64 * MiB;  // Of one body.

  // Errors: invalid_argument: it names the first that is out of range.
  [[nodiscard]] Result<void> check() const;
};

struct HttpClientStats {
  std::size_t connections = 0;  // Now; those that are being opened included.
  std::size_t idle = 0;         // Of them, with nothing to do.
  std::size_t calls = 0;        // Now, waiting and running.
  std::size_t waiting = 0;      // Of them, for a connection.
  std::uint64_t connections_opened = 0;
  std::uint64_t repeated = 0;  // Requests sent again, see HttpClient.
};

// Requests over HTTP/1.1 to one origin, over connections that are kept and used again. Thread-safe.
//
// A server may close a kept connection just as a request goes out on it. Then a request that is `repeatable`, and of which no byte of a
// response came, is sent once more, on a new connection. Nothing else is ever sent twice.
class HttpClient {
 public:
  // `thread` outlives it. Errors: invalid_argument.
  [[nodiscard]] static Result<std::unique_ptr<HttpClient>> open(const IoThread& thread,
                                                                HttpClientOptions options);
  virtual ~HttpClient() = default;  // close()

  // Returns at once. Errors: invalid_argument, overloaded, cancelled (closed): the sink hears nothing then.
  [[nodiscard]] virtual Result<std::unique_ptr<HttpCall>> start(HttpRequest request,
                                                                HttpSink& sink) = 0;

  [[nodiscard]] virtual HttpClientStats stats() const = 0;

  // Cancels what is under way, closes all connections and refuses what comes. Returns when that is done, and sinks have heard it; on the I/O
  // thread, too. Idempotent.
  virtual void close() = 0;
};

}  // namespace leyden::net
