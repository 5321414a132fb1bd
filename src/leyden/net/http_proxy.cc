#include "leyden/net/http_proxy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

#include <arpa/inet.h>

#include "leyden/net/http_url.h"

namespace leyden::net {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// An address in 4 or 16 bytes; empty: it is none.
std::vector<std::uint8_t> address_bytes(const std::string& text) {
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
    return {bytes.begin(), bytes.begin() + 4};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.begin(), bytes.end()};
  return {};
}

bool is_loopback(const std::string& host) {
  const std::vector<std::uint8_t> address = address_bytes(host);
  if (address.empty()) return host == "localhost" || host.ends_with(".localhost");
  if (address.size() == 4) return address[0] == 127;
  return address == address_bytes("::1");
}

bool in_network(const std::vector<std::uint8_t>& address, const std::vector<std::uint8_t>& network,
                unsigned bits) {
  if (address.size() != network.size() || bits > address.size() * 8) return false;
  for (unsigned i = 0; i < bits; ++i) {
    if (((address[i / 8] ^ network[i / 8]) >> (7 - i % 8) & 1U) != 0) return false;
  }
  return true;
}

template <class Number>
bool parse_number(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

// Whether one entry of no_proxy, in lower case, names the host.
bool names(std::string entry, const std::string& host, std::uint16_t port) {
  if (entry == "*") return true;
  const std::vector<std::uint8_t> address = address_bytes(host);
  if (const std::size_t slash = entry.find('/'); slash != std::string::npos) {
    unsigned bits = 0;
    const auto network = address_bytes(entry.substr(0, slash));
    return !network.empty() && parse_number(std::string_view(entry).substr(slash + 1), bits) &&
           in_network(address, network, bits);
  }
  // A port, unless the colons are an IPv6 address's.
  const std::size_t colon = entry.rfind(':');
  if (colon != std::string::npos && (entry.find(':') == colon || entry[colon - 1] == ']')) {
    std::uint16_t wanted = 0;
    if (!parse_number(std::string_view(entry).substr(colon + 1), wanted) || wanted != port)
      return false;
    entry.erase(colon);
  }
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (!address.empty()) return address == address_bytes(entry);
  if (entry.starts_with("*.")) entry.erase(0, 1);
  if (entry.starts_with('.')) entry.erase(0, 1);
  return !entry.empty() && (host == entry || host.ends_with("." + entry));
}

}  // namespace

Result<std::optional<HttpProxy>> http_proxy_for(
    const Endpoint& origin, bool tls,
    const std::function<std::optional<std::string>(std::string_view)>& variable) {
  const std::string host = lower(origin.host);
  if (!origin.path.empty() || is_loopback(host)) return std::nullopt;
  // The first of the two that is there, though it be empty.
  std::string_view name;
  const auto value_of = [&](std::string_view small, std::string_view large) {
    for (const std::string_view each : {small, large}) {
      name = each;
      if (auto value = variable(each)) return *value;
    }
    return std::string();
  };
  std::string none = lower(value_of("no_proxy", "NO_PROXY"));
  for (std::size_t at = 0; at < none.size();) {
    const std::size_t begin = none.find_first_not_of(", \t", at);
    if (begin == std::string::npos) break;
    at = std::min(none.find_first_of(", \t", begin), none.size());
    if (names(none.substr(begin, at - begin), host, origin.port)) return std::nullopt;
  }
  const bool cgi = variable("REQUEST_METHOD").has_value();
  std::string url = tls ? value_of("https_proxy", "HTTPS_PROXY")
                        : value_of("http_proxy", cgi ? "http_proxy" : "HTTP_PROXY");
  if (url.empty()) return std::nullopt;
  if (url.find("://") == std::string::npos) url.insert(0, "http://");
  if (!lower(url).starts_with("http://"))
    return fail(Errc::unsupported, "{}: only proxies that begin with http:// can be used", name);
  url.replace(0, 4, "http");
  const auto parsed = HttpUrl::parse(url);
  if (!parsed) return fail(parsed.error().code, "{}: {}", name, parsed.error().message);
  constexpr std::size_t kUserBytesMax = 4096;
  if (parsed->username.size() + parsed->password.size() > kUserBytesMax)
    return fail(Errc::invalid_argument, "{}: user and password are too long", name);
  HttpProxy out;
  out.endpoint = parsed->endpoint;
  out.authorization = parsed->authorization();
  return out;
}

}  // namespace leyden::net
