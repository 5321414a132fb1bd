#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/net/endpoint.h"
#include "leyden/net/io_thread.h"
#include "leyden/net/resp.h"

namespace leyden::net {

struct RespConnectionEnd {
  Error why;
  bool greeted = false;  // It had been ready.
  bool owed = false;     // Replies were still to come.
};

struct RespConnectionOptions {
  Endpoint endpoint;
  std::shared_ptr<TlsContext> tls;  // Null: none.
  std::string username;             // Empty: the default user.
  std::string password;             // Empty: none is sent.
  std::string client_name = "leyden";
  unsigned database = 0;
  bool errors_name_endpoint = true;  // "HOST:PORT: why"; else "why", for who says it otherwise.
  bool needs_resp3 = false;          // Whether a server that speaks RESP2 only is an error.
  RespRequest
      set_up;  // Sent after the greeting; an error among its replies is one of the connection.
  std::chrono::milliseconds connect_timeout{1000};  // Greeting included.
  // With replies awaited and nothing coming for so long, the connection is closed. A machine that stops this process for a while does not
  // count: time is measured in four steps.
  std::chrono::milliseconds stall_timeout{500};
  std::size_t calls_max = 4096;      // Awaited at once; more are answered `overloaded`.
  std::size_t bytes_max = 64 * MiB;  // Of requests not yet sent; likewise.
  RespLimits limits;
  std::function<void(RespValue)> on_push;  // On the I/O thread; must return soon.
  std::function<void(const RespConnectionEnd&)>
      on_close;               // On the I/O thread, once, whoever ended it.
  bool needs_master = false;  // Whether a server that greets as a replica is an error (RESP3 only).
};

// What was sent together and its replies. Thread-safe.
class RespReplies {
 public:
  virtual ~RespReplies() = default;
  // One reply per command. Errors: timed_out: not here at `deadline` (they may still come, unread); unavailable, timed_out,
  // corrupt: the connection ended before them. May be called again after timed_out. The thread that waits reads the connection
  // meanwhile, for all that wait, where it can (plain sockets without on_push).
  [[nodiscard]] virtual Result<std::vector<RespValue>> wait(Deadline deadline) = 0;
};

// One connection to a Redis or Valkey server, for many callers at once: requests go out in the order in which they are sent, and
// replies belong to them in that order. Connects by itself, once: an ended one stays ended. Greets with HELLO 3 where the server has it,
// else with AUTH (RESP2). Thread-safe.
class RespConnection {
 public:
  // Returns at once; requests wait for the greeting.
  [[nodiscard]] static std::shared_ptr<RespConnection> open(const IoThread& thread,
                                                            RespConnectionOptions options);
  virtual ~RespConnection() = default;

  // Returns at once. Errors: overloaded; unavailable and others: why the connection ended.
  [[nodiscard]] virtual Result<std::shared_ptr<RespReplies>> send(RespRequest request) = 0;

  enum class State : std::uint8_t { connecting, ready, closed };
  [[nodiscard]] virtual State state() const = 0;
  // The same, after a look whether the server has closed it, where nothing is awaited: nobody may have noticed until then.
  [[nodiscard]] virtual State check() = 0;
  [[nodiscard]] virtual Error why_closed() const = 0;
  [[nodiscard]] virtual std::size_t calls_awaited() const = 0;

  // Ends it; what is awaited is answered `unavailable`. Returns before the socket is closed. Idempotent.
  virtual void close() = 0;

  // When the server's certificate ends: once ready, with TLS.
  [[nodiscard]] virtual std::optional<std::chrono::system_clock::time_point> certificate_expires()
      const = 0;
};

}  // namespace leyden::net
