#pragma once

#include <string>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/net/endpoint.h"

namespace leyden::net {

// What a URL of http or https names.
struct HttpUrl {
  bool tls = false;
  Endpoint endpoint;         // With the scheme's port, where the URL names none.
  std::string target = "/";  // Path and query, as they stand there.
  std::string username;      // Decoded, like the password.
  std::string password;

  // Errors: invalid_argument. The URL is not quoted: it may hold a password.
  [[nodiscard]] static Result<HttpUrl> parse(std::string_view url);

  // User and password as a field's value: "Basic …" (RFC 7617); empty: the URL names neither.
  [[nodiscard]] std::string authorization() const;
};

}  // namespace leyden::net
