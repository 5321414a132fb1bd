#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/deadline.h"
#include "leyden/base/result.h"

namespace leyden::net {

struct HttpField {
  std::string name;
  std::string value;
};
using HttpFields = std::vector<HttpField>;

struct HttpResponseHead {
  unsigned status = 0;
  HttpFields fields;  // In the server's order.

  // The value of the first field of that name, whatever its case; null: there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const;
};

// What a server may send at most in one response. More is an error, never an allocation.
struct HttpLimits {
  std::size_t header_bytes =
      64 *
      KiB;  // Status line and fields, those of interim responses (1xx) included; trailers by themselves.
  std::size_t fields = 128;
  std::size_t chunk_line_bytes = 4 * KiB;  // The size of a chunk and its extensions.
  std::size_t body_bytes = 64 * MiB;
  // Of the body of an error (status 400 and above). What is longer is cut there, which is no error.
  std::size_t error_body_bytes = 4 * KiB;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // Path and query, percent-encoded.
  // Host, Content-Length and all that concerns the connection or a proxy is made by the client and refused here.
  HttpFields fields;
  std::string body;
  // Whether the server may get it twice without harm; GET and HEAD always may.
  bool repeatable = false;
  // False: the connection is not used again (Connection: close), for servers that close it though they say otherwise.
  bool keep_alive = true;

  // For a connection of its own, where none is free: name look-up, proxy and TLS included.
  std::chrono::milliseconds connect_timeout{5'000};
  // While nothing goes out or comes in, until the first byte of the body.
  std::chrono::milliseconds first_byte_timeout{60'000};
  std::chrono::milliseconds idle_timeout{30'000};  // The same, between the bytes of the body.
  Deadline deadline = Deadline::never();  // For all of it, waiting for a connection included.
  HttpLimits limits;

  // Errors: invalid_argument: it names what is wrong. A field's value is never in the message, whatever it is.
  [[nodiscard]] Result<void> check() const;
};

// The request's head as it goes on the wire. `target` is the request's, or a URL where a proxy wants that; `more` are fields that check()
// refuses. The request has been checked.
[[nodiscard]] std::string http_head(const HttpRequest& request, std::string_view target,
                                    const HttpFields& more);

}  // namespace leyden::net
