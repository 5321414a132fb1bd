#include "leyden/cache/stores/redis/redis_options.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "leyden/cache/ttl.h"
#include "leyden/net/percent.h"

namespace leyden::cache {
namespace {

template <class... Args>
std::unexpected<Error> bad(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Errc::invalid_argument, "Redis URL: {}",
              fmt::format(format, std::forward<Args>(args)...));
}

template <class T>
std::optional<T> number(std::string_view text, T min, T max) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

// Cuts at the first `separator`: what is before it; `rest` keeps what is after it, or becomes empty.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return head;
}

Result<void> take_scheme(std::string_view scheme, RedisStoreOptions& out) {
  if (scheme == "unix") return {};
  std::string_view kind = scheme;
  const std::string_view base = cut(kind, '+');
  if (base != "redis" && base != "rediss") {
    return bad(
        "the scheme must be redis, rediss, unix, redis+cluster, rediss+cluster, redis+sentinel or "
        "rediss+sentinel");
  }
  out.tls = base == "rediss";
  if (kind == "cluster") {
    out.mode = RedisMode::cluster;
  } else if (kind == "sentinel") {
    out.mode = RedisMode::sentinel;
  } else if (scheme != base) {
    return bad("after redis+ comes cluster or sentinel");
  }
  return {};
}

Result<void> take_user(std::string_view user, RedisStoreOptions& out) {
  std::string_view password = user;
  const auto name = net::percent_decoded(cut(password, ':'));
  const auto secret = net::percent_decoded(password);
  if (!name || !secret) return bad("user and password: a % must be followed by two hex digits");
  out.username = *name;
  out.password = *secret;
  if (!out.username.empty() && out.password.empty())
    return bad("a user without a password (write :password@ for the default user)");
  return {};
}

Result<void> take_hosts(std::string_view hosts, RedisStoreOptions& out) {
  const std::uint16_t port_default = out.mode == RedisMode::sentinel ? 26379 : 6379;
  for (std::size_t index = 1; index == 1 || !hosts.empty(); ++index) {
    std::string_view one = cut(hosts, ',');
    net::Endpoint endpoint;
    endpoint.port = port_default;
    if (one.starts_with('[')) {
      one.remove_prefix(1);
      endpoint.host = cut(one, ']');
      if (!one.empty() && !one.starts_with(':'))
        return bad("after the ] of host {} comes a port", index);
      if (!one.empty()) one.remove_prefix(1);
    } else {
      endpoint.host = cut(one, ':');
    }
    if (endpoint.host.empty()) return bad("host {} is empty", index);
    if (!one.empty()) {
      // Not quoted: it is a part of the password where someone forgot to encode an @ or a /.
      const auto port = number<std::uint16_t>(one, 1, 65535);
      if (!port) return bad("the port of host {} is not a number from 1 to 65535", index);
      endpoint.port = *port;
    }
    out.endpoints.push_back(std::move(endpoint));
  }
  return {};
}

Result<void> take_database(std::string_view text, RedisStoreOptions& out) {
  const auto database = number<unsigned>(text, 0, 1'000'000);
  if (!database) return bad("the database is not a number");
  out.database = *database;
  return {};
}

Result<void> take_path(std::string_view path, RedisStoreOptions& out) {
  if (out.mode == RedisMode::sentinel) {
    const auto name = net::percent_decoded(cut(path, '/'));
    if (!name || name->empty())
      return bad("the master's name is missing: redis+sentinel://host/NAME");
    out.master_name = *name;
  }
  if (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? Result<void>{} : take_database(path, out);
}

Result<void> take_option(std::string_view name, const std::string& value, RedisStoreOptions& out) {
  constexpr std::uint64_t kMost = 1ULL << 50;
  const auto integer = [&](auto& into, std::uint64_t max) -> Result<void> {
    const auto parsed = number<std::uint64_t>(value, 0, max);
    if (!parsed) return bad("{} is not a number up to {}", name, max);
    into = std::decay_t<decltype(into)>(*parsed);
    return {};
  };
  if (name == "db") return take_database(value, out);
  if (name == "ttl_s") return integer(out.ttl, kMost);
  if (name == "value_bytes_max") return integer(out.value_bytes_max, kMost);
  if (name == "tenant_quota_bytes") return integer(out.tenant_quota_bytes, kMost);
  if (name == "connections") return integer(out.connections, 1000);
  if (name == "connect_timeout_ms") return integer(out.connect_timeout, 1'000'000);
  if (name == "command_timeout_ms") return integer(out.command_timeout, 1'000'000);
  if (name == "stall_timeout_ms") return integer(out.stall_timeout, 1'000'000);
  const std::pair<std::string_view, std::string*> texts[] = {
      {"prefix", &out.prefix},
      {"server_name", &out.tls_options.server_name},
      {"sentinel_username", &out.sentinel_username},
      {"sentinel_password", &out.sentinel_password}};
  for (const auto& [known, into] : texts) {
    if (name == known) return *into = value, Result<void>{};
  }
  const std::pair<std::string_view, std::filesystem::path*> files[] = {
      {"ca_file", &out.tls_options.ca_file},
      {"cert_file", &out.tls_options.certificate_file},
      {"key_file", &out.tls_options.key_file}};
  for (const auto& [known, into] : files) {
    if (name != known) continue;
    if (!out.tls) return bad("{} needs TLS: write rediss instead of redis", name);
    *into = value;
    return {};
  }
  // Not quoted, see take_hosts().
  return bad(
      "an option after ? is not known; known are db, prefix, ttl_s, value_bytes_max, "
      "tenant_quota_bytes, connections, "
      "connect_timeout_ms, command_timeout_ms, stall_timeout_ms, ca_file, cert_file, key_file, "
      "server_name, "
      "sentinel_username, sentinel_password");
}

}  // namespace

Result<RedisStoreOptions> RedisStoreOptions::from_url(std::string_view url) {
  RedisStoreOptions out;
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos)
    return bad("no scheme: it looks like redis://host:6379");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (auto taken = take_scheme(scheme, out); !taken) return std::unexpected(taken.error());
  std::string_view rest = url.substr(scheme_end + 3);
  if (rest.find('#') != std::string_view::npos) return bad("a # must be written as %23");

  // The last @ before the options ends user and password: one that was not encoded does no harm.
  std::string_view options = rest;
  std::string_view place = cut(options, '?');
  const std::size_t authority_end = std::min(place.find('/'), place.size());
  if (const std::size_t at = place.substr(0, authority_end).rfind('@');
      at != std::string_view::npos) {
    if (auto taken = take_user(place.substr(0, at), out); !taken)
      return std::unexpected(taken.error());
    place.remove_prefix(at + 1);
  } else if (scheme != "unix" && rest.find('@') != std::string_view::npos) {
    return bad(
        "an @ after a / or ?: special characters in user, password and options are written as %XX");
  }
  if (scheme == "unix") {
    const auto path = net::percent_decoded(place);
    if (!path || !path->starts_with('/')) return bad("unix:// wants the absolute path of a socket");
    out.endpoints.push_back({"", 0, *path});
  } else {
    std::string_view path = place;
    const std::string_view hosts = cut(path, '/');
    if (auto taken = take_hosts(hosts, out); !taken) return std::unexpected(taken.error());
    if (auto taken = take_path(path, out); !taken) return std::unexpected(taken.error());
  }
  while (!options.empty()) {
    std::string_view value = cut(options, '&');
    const std::string_view name = cut(value, '=');
    const auto text = net::percent_decoded(value);
    if (!text) return bad("an option after ? has a % that is not followed by two hex digits");
    if (auto taken = take_option(name, *text, out); !taken) return std::unexpected(taken.error());
  }
  if (auto checked = out.check(); !checked) return std::unexpected(checked.error());
  return out;
}

Result<void> RedisStoreOptions::check() const {
  const auto wrong = [](std::string_view what) {
    return fail(Errc::invalid_argument, "Redis store: {}", what);
  };
  if (endpoints.empty() || endpoints.size() > 1000) return wrong("endpoints: 1 to 1000 are needed");
  if (mode == RedisMode::single && endpoints.size() > 1) {
    return wrong("endpoints: several hosts need redis+cluster:// or redis+sentinel://");
  }
  if (mode == RedisMode::sentinel && master_name.empty()) return wrong("master_name is empty");
  if (mode == RedisMode::cluster && database != 0) return wrong("database: a cluster has only 0");
  if (!username.empty() && password.empty()) return wrong("password is empty, username is not");
  if (prefix.empty() || prefix.size() > 200) return wrong("prefix: 1 to 200 bytes");
  if (prefix.find_first_of("{}*?[]\\^\r\n ") != std::string::npos)
    return wrong("prefix: none of {}*?[]\\^, no space and no line end");
  if (ttl.count() < 0 || ttl > kTtlMax) return wrong("ttl: 0 s to ten years");
  if (value_bytes_max < 1 || value_bytes_max > 256 * MiB)
    return wrong("value_bytes_max: 1 byte to 256 MiB");
  if (tenant_quota_bytes != 0 && tenant_quota_bytes < 1 * MiB)
    return wrong("tenant_quota_bytes: 0 or at least 1 MiB");
  if (connections < 1 || connections > 64) return wrong("connections: 1 to 64");
  for (const auto& [name, time] :
       {std::pair{"connect_timeout", connect_timeout},
        std::pair{"command_timeout", command_timeout}, std::pair{"stall_timeout", stall_timeout}}) {
    if (time.count() < 1 || time > std::chrono::minutes(10))
      return wrong(fmt::format("{}: 1 ms to 10 minutes", name));
  }
  return {};
}

}  // namespace leyden::cache
