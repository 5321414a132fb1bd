#include "leyden/net/http.h"

#include <algorithm>
#include <array>

namespace leyden::net {
namespace {

constexpr std::size_t kHeadBytesMax = 64 * KiB;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 11> kOurs{"host",
                                                   "content-length",
                                                   "transfer-encoding",
                                                   "connection",
                                                   "keep-alive",
                                                   "te",
                                                   "trailer",
                                                   "upgrade",
                                                   "expect",
                                                   "proxy-authorization",
                                                   "proxy-connection"};
  return std::ranges::any_of(kOurs, [&](std::string_view ours) { return same_name(name, ours); });
}

// A name for a message: it may hold anything.
std::string shown(std::string_view name) {
  constexpr std::size_t kShownMax = 64;
  std::string out(name.substr(0, kShownMax));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace

const std::string* HttpResponseHead::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields, [&](const HttpField& f) { return same_name(f.name, name); });
  return found == fields.end() ? nullptr : &found->value;
}

Result<void> HttpRequest::check() const {
  const auto wrong = [](std::string_view what) {
    return fail(Errc::invalid_argument, "HTTP request: {}", what);
  };
  if (!is_token(method) || method == "CONNECT") return wrong("method is none that can be sent");
  if (!target.starts_with('/') ||
      std::ranges::any_of(target, [](char c) { return c <= ' ' || c > '~' || c == '#'; })) {
    return wrong("target must begin with / and hold neither spaces nor # nor what is not ASCII");
  }
  std::size_t bytes = method.size() + target.size();
  for (const HttpField& field : fields) {
    if (!is_token(field.name))
      return wrong(fmt::format("\"{}\" is no name of a field", shown(field.name)));
    if (is_ours(field.name))
      return wrong(fmt::format("{} is not for the caller to set", field.name));
    if (std::ranges::any_of(field.value, [](char c) {
          return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F';
        })) {
      return wrong(fmt::format("the value of {} has a line end or another control character",
                               shown(field.name)));
    }
    bytes += field.name.size() + field.value.size() + 4;
  }
  if (bytes > kHeadBytesMax)
    return wrong(fmt::format("method, target and fields are {} bytes, {} are allowed", bytes,
                             kHeadBytesMax));
  for (const auto& [name, time] : {std::pair{"connect_timeout", connect_timeout},
                                   std::pair{"first_byte_timeout", first_byte_timeout},
                                   std::pair{"idle_timeout", idle_timeout}}) {
    if (time.count() < 1 || time > std::chrono::hours(24))
      return wrong(fmt::format("{}: 1 ms to a day", name));
  }
  return {};
}

std::string http_head(const HttpRequest& request, std::string_view target, const HttpFields& more) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, target);
  const auto add = [&](const HttpField& field) {
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  };
  std::ranges::for_each(more, add);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    out += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  if (!request.keep_alive) out += "Connection: close\r\n";
  std::ranges::for_each(request.fields, add);
  out += "\r\n";
  return out;
}

}  // namespace leyden::net
