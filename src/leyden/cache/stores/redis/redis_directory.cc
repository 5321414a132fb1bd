#include "leyden/cache/stores/redis/redis_directory.h"

#include <algorithm>
#include <set>
#include <utility>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

constexpr auto kWaitMin = 100ms;
constexpr auto kWaitMax = 1000ms;
constexpr auto kRefreshEvery = 10s;  // Also where all goes well.

}  // namespace

RedisDirectory::RedisDirectory(const net::IoThread& thread, const RedisStoreOptions& options,
                               std::shared_ptr<net::TlsContext> tls, const Clock& clock,
                               std::function<void()> changed)
    : thread_(thread),
      options_(options),
      tls_(std::move(tls)),
      clock_(clock),
      changed_(std::move(changed)) {
  if (options_.mode == RedisMode::single) {
    std::array<net::Endpoint, kRedisBuckets> owners;
    owners.fill(options_.endpoints.front());
    install(owners);
  } else {
    map_.wanted = true;
  }
}

net::RespConnectionOptions RedisDirectory::connection_options(const net::Endpoint& endpoint) const {
  net::RespConnectionOptions out = cache::connection_options(options_, tls_, endpoint);
  out.needs_master = options_.mode == RedisMode::sentinel;
  // Values of other processes may be larger than ours.
  out.limits.bulk_bytes = std::max(options_.value_bytes_max, 64 * MiB);
  return out;
}

Result<RedisDirectory::Node> RedisDirectory::node_of(unsigned bucket, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return map_.known || map_.closed || !map_.why_unknown.empty(); };
  if (!known_.wait_until(
          lock, std::min(deadline.when(), Deadline::after(options_.connect_timeout).when()),
          ready)) {
    return fail(deadline.passed() ? Errc::timed_out : Errc::unavailable,
                "nobody has said yet who the master is");
  }
  if (map_.closed) return fail(Errc::unavailable, "the store is closed");
  if (!map_.known) return fail(Errc::unavailable, "{}", map_.why_unknown);
  if (map_.owners[bucket] == nullptr)
    return fail(Errc::unavailable, "no server of the cluster has slot {}", slot_of(bucket));
  return map_.owners[bucket];
}

RedisDirectory::Node RedisDirectory::node_locked(const net::Endpoint& endpoint) {
  Node& node = map_.nodes[endpoint];
  if (node == nullptr) {
    node = std::make_shared<RedisNode>(thread_, connection_options(endpoint), options_.connections,
                                       clock_, [this] { refresh_soon(); });
    if (map_.closed) node->close();
  }
  return node;
}

RedisDirectory::Node RedisDirectory::node_at(const net::Endpoint& endpoint) {
  std::lock_guard lock(mutex_);
  return node_locked(endpoint);
}

std::vector<RedisDirectory::Node> RedisDirectory::masters() const {
  std::lock_guard lock(mutex_);
  std::vector<Node> out;
  for (const Node& node : map_.owners) {
    if (node != nullptr && std::ranges::find(out, node) == out.end()) out.push_back(node);
  }
  return out;
}

void RedisDirectory::refresh_soon() {
  {
    std::lock_guard lock(mutex_);
    map_.wanted = map_.wanted || options_.mode != RedisMode::single;
  }
  changed_();
}

bool RedisDirectory::tend() {
  std::vector<Node> nodes;
  bool wanted = false;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [endpoint, node] : map_.nodes) nodes.push_back(node);
    wanted = map_.wanted;
  }
  bool busy = false;
  for (const Node& node : nodes) busy = node->tend() || busy;
  if (options_.mode == RedisMode::single) return busy;

  const auto now = clock_.now();
  if (reply_ == nullptr) {
    // While a master does not answer, someone else may have taken its place.
    if (now < next_ && !(wanted || busy)) return busy;
    if (now < next_ && wait_.count() > 0) return true;
    {
      std::lock_guard lock(mutex_);
      map_.wanted = false;
      sources_ = options_.endpoints;
      if (options_.mode == RedisMode::cluster) {
        for (const auto& [endpoint, node] : map_.nodes) {
          if (std::ranges::find(sources_, endpoint) == sources_.end()) sources_.push_back(endpoint);
        }
      }
    }
    std::ranges::rotate(sources_,
                        sources_.begin() + static_cast<std::ptrdiff_t>(turn_ % sources_.size()));
    ask_next();
    return true;
  }
  auto replies = reply_->wait(Deadline::after({}));
  if (!replies && replies.error().code == Errc::timed_out &&
      connection_->state() != net::RespConnection::State::closed)
    return true;
  reply_.reset();
  std::exchange(connection_, nullptr)->close();
  if (!replies) {
    failed(replies.error().message);
  } else if (replies->front().is_error()) {
    failed(asked_.text() + ": " + replies->front().message());
  } else {
    take(replies->front());
  }
  return true;
}

void RedisDirectory::ask_next() {
  asked_ = sources_.front();
  sources_.erase(sources_.begin());
  net::RespConnectionOptions options = connection_options(asked_);
  options.needs_master = false;
  net::RespRequest question;
  if (options_.mode == RedisMode::sentinel) {
    options.username = options_.sentinel_username;
    options.password = options_.sentinel_password;
    options.database = 0;
    question.add({"SENTINEL", "get-master-addr-by-name", options_.master_name});
  } else {
    question.add({"CLUSTER", "SLOTS"});
  }
  connection_ = net::RespConnection::open(thread_, std::move(options));
  auto sent = connection_->send(std::move(question));
  if (sent) {
    reply_ = *sent;
  } else {
    std::exchange(connection_, nullptr)->close();
    failed(sent.error().message);
  }
}

void RedisDirectory::failed(const std::string& why) {
  ++turn_;  // The next attempt begins with another one.
  if (!sources_.empty()) return ask_next();
  wait_ = std::clamp<std::chrono::milliseconds>(wait_ * 2, kWaitMin, kWaitMax);
  next_ = clock_.now() + wait_;
  std::lock_guard lock(mutex_);
  map_.wanted = true;
  map_.why_unknown = why;
  known_.notify_all();
}

void RedisDirectory::take(const net::RespValue& reply) {
  if (options_.mode == RedisMode::sentinel) {
    take_master(reply);
  } else {
    take_slots(reply);
  }
}

void RedisDirectory::take_master(const net::RespValue& reply) {
  const auto port =
      reply.items.size() == 2 ? std::atoi(std::string(reply.items[1].text()).c_str()) : 0;
  if (port < 1 || port > 65535) return failed(asked_.text() + " knows no master of that name");
  std::array<net::Endpoint, kRedisBuckets> owners;
  owners.fill({std::string(reply.items[0].text()), static_cast<std::uint16_t>(port), ""});
  install(owners);
}

void RedisDirectory::take_slots(const net::RespValue& reply) {
  std::array<net::Endpoint, kRedisBuckets> owners;
  std::size_t owned = 0;
  for (const net::RespValue& range : reply.items) {
    if (range.items.size() < 3 || range.items[2].items.size() < 2)
      return failed(asked_.text() + ": CLUSTER SLOTS has another form");
    const net::RespValue& master = range.items[2];
    const std::int64_t port = master.items[1].integer;
    if (port < 1 || port > 65535) continue;
    // A server that does not know its own address says nothing: it is the one that was asked.
    std::string host(master.items[0].text());
    if (host.empty() || host == "?") host = asked_.host;
    for (unsigned bucket = 0; bucket < kRedisBuckets; ++bucket) {
      const auto slot = static_cast<std::int64_t>(slot_of(bucket));
      if (slot < range.items[0].integer || slot > range.items[1].integer) continue;
      owners[bucket] = {host, static_cast<std::uint16_t>(port), ""};
      ++owned;
    }
  }
  if (owned == 0) return failed(asked_.text() + ": the cluster has no slots");
  install(owners);
}

void RedisDirectory::install(const std::array<net::Endpoint, kRedisBuckets>& owners) {
  std::vector<Node> gone;
  bool broken = false;
  {
    std::lock_guard lock(mutex_);
    for (unsigned bucket = 0; bucket < kRedisBuckets; ++bucket) {
      map_.owners[bucket] = owners[bucket].port == 0 && owners[bucket].path.empty()
                                ? nullptr
                                : node_locked(owners[bucket]);
      broken = broken || map_.owners[bucket] == nullptr || map_.owners[bucket]->breaker().open();
    }
    std::erase_if(map_.nodes, [&](const auto& entry) {
      if (std::ranges::find(map_.owners, entry.second) != map_.owners.end()) return false;
      gone.push_back(entry.second);
      return true;
    });
    map_.known = true;
    known_.notify_all();
  }
  for (const Node& node : gone) node->close();
  // As long as a server is named that does not answer, the answer is not to be trusted for long.
  wait_ = broken ? std::clamp<std::chrono::milliseconds>(wait_ * 2, kWaitMin, kWaitMax) : 0ms;
  next_ = clock_.now() + (broken ? wait_ : std::chrono::milliseconds(kRefreshEvery));
}

void RedisDirectory::close() {
  std::vector<Node> nodes;
  {
    std::lock_guard lock(mutex_);
    map_.closed = true;
    known_.notify_all();
    for (const auto& [endpoint, node] : map_.nodes) nodes.push_back(node);
  }
  for (const Node& node : nodes) node->close();
  if (connection_ != nullptr) connection_->close();
}

}  // namespace leyden::cache
