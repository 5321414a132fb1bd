#include "leyden/cache/stores/redis/redis_node.h"

#include <utility>

namespace leyden::cache {

net::RespConnectionOptions connection_options(const RedisStoreOptions& options,
                                              std::shared_ptr<net::TlsContext> tls,
                                              const net::Endpoint& endpoint) {
  net::RespConnectionOptions out;
  out.endpoint = endpoint;
  out.tls = std::move(tls);
  out.username = options.username;
  out.password = options.password;
  out.database = options.database;
  out.connect_timeout = options.connect_timeout;
  out.stall_timeout = options.stall_timeout;
  return out;
}

RedisNode::RedisNode(const net::IoThread& thread, net::RespConnectionOptions options,
                     unsigned connections, const Clock& clock, std::function<void()> changed)
    : thread_(thread),
      options_(std::move(options)),
      connections_(connections),
      changed_(std::move(changed)),
      breaker_(clock) {}

std::shared_ptr<net::RespConnection> RedisNode::connect(bool probe) {
  net::RespConnectionOptions options = options_;
  if (!probe) {
    options.on_close = [weak = weak_from_this()](const net::RespConnectionEnd& end) {
      if (const auto self = weak.lock()) self->ended(end);
    };
  }
  return net::RespConnection::open(thread_, std::move(options));
}

void RedisNode::ended(const net::RespConnectionEnd& end) {
  if (pool_.with([](const Pool& pool) { return pool.closed; })) return;
  // Not to be reached, or silent: no call needs to find that out again. A connection that was cut may be made again, and an
  // idle one may be closed by a server that is well.
  if (!end.greeted || end.why.code == Errc::timed_out) {
    breaker_.trip(end.why.message);
  } else if (end.owed) {
    breaker_.failed(end.why.message);
  }
  changed_();
}

Result<std::shared_ptr<net::RespReplies>> RedisNode::send(net::RespRequest request) {
  if (breaker_.open()) return fail(Errc::unavailable, "{}", breaker_.reason());
  std::shared_ptr<net::RespConnection> connection;
  pool_.with([&](Pool& pool) {
    if (pool.closed) return;
    pool.connections.resize(connections_);
    // The first that waits for nothing, else by turns.
    auto* chosen = &pool.connections[pool.next++ % connections_];
    for (auto& one : pool.connections) {
      if (one != nullptr && one->calls_awaited() == 0 &&
          one->check() == net::RespConnection::State::ready) {
        chosen = &one;
        break;
      }
    }
    if (*chosen == nullptr || (*chosen)->state() == net::RespConnection::State::closed)
      *chosen = connect(false);
    connection = *chosen;
  });
  if (connection == nullptr) return fail(Errc::unavailable, "the store is closed");
  return connection->send(std::move(request));
}

bool RedisNode::tend() {
  if (!breaker_.open()) return false;
  if (pong_ == nullptr) {
    if (!breaker_.take_probe()) return true;
    probe_ = connect(true);
    net::RespRequest ping;
    ping.add({"PING"});
    auto sent = probe_->send(std::move(ping));
    if (!sent) {
      breaker_.probed(false, sent.error().message);
      return true;
    }
    pong_ = *sent;
  }
  const auto replies = pong_->wait(Deadline::after({}));
  if (!replies && replies.error().code == Errc::timed_out &&
      probe_->state() != net::RespConnection::State::closed)
    return true;
  pong_.reset();
  const auto probe = std::exchange(probe_, nullptr);
  probe->close();
  if (!replies) {
    breaker_.probed(false, replies.error().message);
  } else if (const net::RespValue& reply = replies->front();
             reply.is_error() && !reply.is_error("NOPERM")) {
    // LOADING, MASTERDOWN: there, but of no use yet.
    breaker_.probed(false, fmt::format("{}: {}", options_.endpoint.text(), reply.message()));
  } else {
    breaker_.probed(true, "");
  }
  return breaker_.open();
}

void RedisNode::close() {
  const auto connections = pool_.with([](Pool& pool) {
    pool.closed = true;
    return std::exchange(pool.connections, {});
  });
  for (const auto& connection : connections) {
    if (connection != nullptr) connection->close();
  }
  if (probe_ != nullptr) probe_->close();
}

}  // namespace leyden::cache
