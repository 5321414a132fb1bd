#include "leyden/cache/stores/redis/redis_look.h"

#include <utility>

#include "leyden/cache/stores/redis/redis_node.h"

namespace leyden::cache {

net::RespConnectionOptions RedisLook::connection_to(const net::Endpoint& endpoint) const {
  net::RespConnectionOptions out = connection_options(options, tls, endpoint);
  out.errors_name_endpoint = false;
  return out;
}

RedisLink::RedisLink(const RedisLook& look, net::RespConnectionOptions options)
    : deadline_(look.deadline),
      connection_(net::RespConnection::open(look.io, std::move(options))) {}

Result<std::vector<net::RespValue>> RedisLink::ask(net::RespRequest request) {
  auto sent = connection_->send(std::move(request));
  if (!sent) return std::unexpected(sent.error());
  return (*sent)->wait(deadline_);
}

Result<net::RespValue> RedisLink::ask(std::initializer_list<std::string_view> words) {
  net::RespRequest request;
  request.add(words);
  auto replies = ask(std::move(request));
  if (!replies) return std::unexpected(replies.error());
  return std::move(replies->front());
}

std::string advice_to_reach(std::string_view why, bool tls) {
  const auto says = [&](std::string_view words) {
    return why.find(words) != std::string_view::npos;
  };
  if (says("WRONGPASS") || says("NOAUTH") || says("invalid password"))
    return "put the right user and password into REDIS_URL";
  if (says("certificate"))
    return "give the authority that signed the server's certificate (ca_file), the name in it "
           "(server_name), and ours where it asks for one (cert_file, key_file)";
  if (says("NOPERM")) return "give the user +select for a database other than 0";
  if (says("DB index")) return "choose a database that the server has: /0 in REDIS_URL";
  if (tls)
    return "start the server or mend the host and port in REDIS_URL; is TLS on at that port?";
  return "start the server or mend the host and port in REDIS_URL; a server that wants TLS needs "
         "rediss://";
}

}  // namespace leyden::cache
