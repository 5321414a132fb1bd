#include "leyden/net/http_url.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>
#include <openssl/evp.h>

#include "leyden/net/percent.h"

namespace leyden::net {
namespace {

bool is_host(const std::string& host, bool address) {
  if (address) {
    in6_addr ignored{};
    return ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
  }
  return !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  });
}

std::string base64(std::string_view text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::unexpected<Error> bad(std::string_view what) {
  return fail(Errc::invalid_argument, "URL: {}", what);
}

}  // namespace

Result<HttpUrl> HttpUrl::parse(std::string_view url) {
  HttpUrl out;
  const std::size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https"))
    return bad("it must begin with http:// or https://");
  out.tls = scheme == "https";
  std::string_view rest = url.substr(scheme_end + 3);
  if (std::ranges::any_of(rest, [](char c) { return c <= ' ' || c > '~' || c == '#'; }))
    return bad("neither spaces nor # nor what is not ASCII may be in it");
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view place = rest.substr(0, authority_end);
  if (authority_end < rest.size()) {
    out.target = rest.substr(authority_end);
    if (out.target.front() == '?') out.target.insert(0, 1, '/');
  }
  if (const std::size_t at = place.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = place.substr(0, at);
    const std::size_t colon = std::min(user.find(':'), user.size());
    const auto username = percent_decoded(user.substr(0, colon));
    const auto password = percent_decoded(colon < user.size() ? user.substr(colon + 1) : "");
    if (!username || !password)
      return bad("user or password has a % that is not followed by two hex digits");
    out.username = *username;
    out.password = *password;
    place.remove_prefix(at + 1);
  }
  std::string_view port;
  const bool address = place.starts_with('[');
  const std::size_t host_end = std::min(address ? place.find(']') : place.find(':'), place.size());
  out.endpoint.host = place.substr(address ? 1 : 0, host_end - (address ? 1 : 0));
  if (address && host_end == place.size()) return bad("an address in [ ] has no end");
  port = place.substr(host_end + (address ? 1 : 0));
  if (!is_host(out.endpoint.host, address)) return bad("its host is none");
  out.endpoint.port = out.tls ? 443 : 80;
  if (!port.empty()) {
    const char* const end = port.data() + port.size();
    const auto [parsed, error] = std::from_chars(port.data() + 1, end, out.endpoint.port);
    if (port.front() != ':' || error != std::errc() || parsed != end || out.endpoint.port == 0)
      return bad("its port is no number of 1 to 65535");
  }
  return out;
}

std::string HttpUrl::authorization() const {
  if (username.empty() && password.empty()) return {};
  return "Basic " + base64(username + ":" + password);
}

}  // namespace leyden::net
