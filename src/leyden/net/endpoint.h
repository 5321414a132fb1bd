#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "leyden/base/result.h"

namespace leyden::net {

// Where a server listens: a host (name or address) and port, or the path of a unix socket.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string path;  // Not empty: a unix socket; host and port say nothing then.

  // "host:port", "[::1]:port" or the path.
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// How a server proves who it is and, where it wants that, we to it. The server's certificate is always verified, its name too.
struct TlsOptions {
  std::filesystem::path ca_file;  // PEM. Empty: the authorities that the system trusts.
  std::filesystem::path
      certificate_file;  // Ours, PEM with its chain; empty: none. Needs `key_file`.
  std::filesystem::path key_file;
  std::string
      server_name;  // What the certificate must be for, and SNI; empty: the endpoint's host.
};

// TLS 1.2 or later, made once and used for many connections. Thread-safe.
class TlsContext {
 public:
  // Errors: invalid_argument: a file that can't be read or is not what it should be; the message names it.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> make(const TlsOptions& options);
  virtual ~TlsContext() = default;
};

}  // namespace leyden::net
