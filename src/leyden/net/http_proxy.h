#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/net/endpoint.h"

namespace leyden::net {

struct HttpProxy {
  Endpoint endpoint;
  std::string authorization;  // The value of Proxy-Authorization; empty: none. Secret.
};

// The proxy that the environment names for requests to `origin`, as curl, Python and Go read it: https_proxy with `tls`, else http_proxy,
// unless no_proxy names the host; each name in lower case goes before the same in upper case, and HTTP_PROXY does not count where
// REQUEST_METHOD is set (CGI, where anyone can set it). no_proxy: host names (with all below them), addresses, networks ("10.0.0.0/8"),
// each with a port or without, or "*". Unix sockets, localhost and loopback addresses are reached directly, always. `variable` gives the
// value of an environment variable, and is not kept.
// Errors: invalid_argument, unsupported (a scheme other than http). They name the variable, and not its value: it may hold a password.
[[nodiscard]] Result<std::optional<HttpProxy>> http_proxy_for(
    const Endpoint& origin, bool tls,
    const std::function<std::optional<std::string>(std::string_view)>& variable);

}  // namespace leyden::net
