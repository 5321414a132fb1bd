#pragma once

#include <expected>
#include <stop_token>
#include <string>

#include "leyden/net/http_client.h"

namespace leyden::net {

struct HttpResponse {
  HttpResponseHead head;
  std::string body;       // Not more than the request's limit.
  bool body_cut = false;  // Of an error.
};

// The blocking twin of HttpClient::start(); cancelled when `stop` is requested. Not on the I/O thread.
[[nodiscard]] std::expected<HttpResponse, HttpError> http_fetch(HttpClient& client,
                                                                HttpRequest request,
                                                                const std::stop_token& stop = {});

}  // namespace leyden::net
