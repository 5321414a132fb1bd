#include "leyden/cache/stores/redis/redis_tracking.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using net::RespConnection;
using net::RespValue;

constexpr auto kPingEvery = 900ms;
constexpr auto kSilentMax =
    1200ms;  // After a ping. With a step of the client's thread (1 s) below the 3 s that are promised.
constexpr auto kConnectEvery = 250ms;
constexpr auto kLostEvery = 3000ms;
constexpr auto kFirstLinkTimeout = 250ms;

}  // namespace

void RedisTracking::listen(StoreListener* listener) {
  {
    std::lock_guard lock(calling_);
    listener_ = listener;
    wanted_ = listener != nullptr;
    is_new_ = wanted_.load();
  }
  {
    std::lock_guard lock(mutex_);
    settled_ = closed_ || listener == nullptr;
    trouble_ = settled_ ? "" : "erasures by others may go unheard: there is no link yet";
  }
  client_.wake();
  std::unique_lock lock(mutex_);
  settling_.wait_for(lock, kFirstLinkTimeout, [&] { return settled_; });
}

bool RedisTracking::is_settled() const { return std::lock_guard(mutex_), settled_; }

void RedisTracking::settle(std::string trouble) {
  std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
  settled_ = true;
  settling_.notify_all();
}

std::string RedisTracking::trouble() const { return std::lock_guard(mutex_), trouble_; }

void RedisTracking::heard(const RespValue& push) {
  if (push.items.size() < 2 || push.items[0].text() != "invalidate") return;
  std::vector<BlockKey> keys;
  std::vector<ErasedName> groups;
  for (const RespValue& name : push.items[1].items) {
    const auto erased = keys_.parse_erased(name.text());
    if (!erased) continue;
    if (erased->key) {
      keys.push_back(*erased->key);
    } else {
      groups.push_back(*erased);
    }
  }
  std::lock_guard lock(calling_);
  if (listener_ == nullptr) return;
  if (push.items[1].is_null()) listener_->lost();  // FLUSHALL, FLUSHDB
  if (!keys.empty()) listener_->erased(keys);
  for (const ErasedName& group : groups) listener_->erased_group(group.kind, group.tag);
}

void RedisTracking::lost() {
  lost_at_ = clock_.now();
  reads_at_lost_ = reads_;
  std::lock_guard lock(calling_);
  if (listener_ != nullptr) listener_->lost();
}

// The keeper's steps are long for who has just begun.
void RedisTracking::wait_for_first(const std::vector<std::shared_ptr<RedisNode>>& masters) {
  const Deadline deadline = Deadline::after(kFirstLinkTimeout);
  for (const auto& node : masters) {
    Link& link = links_[node];
    if (link.connection == nullptr || link.pong != nullptr) continue;
    net::RespRequest ping;
    ping.add({"PING"});
    if (auto sent = link.connection->send(std::move(ping))) link.pong = *sent;
  }
  for (const auto& node : masters) {
    Link& link = links_[node];
    if (link.pong != nullptr && link.pong->wait(deadline)) link.pong.reset();
  }
}

// True while the link is not up.
bool RedisTracking::tend_link(Link& link, RedisNode& node) {
  const auto now = clock_.now();
  if (link.connection == nullptr) {
    if (now < link.next || node.breaker().open()) return true;
    net::RespConnectionOptions options = client_.directory().connection_options(node.endpoint());
    options.needs_resp3 = true;
    options.stall_timeout = kSilentMax;
    options.set_up.add({"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", keys_.erased_prefix()});
    options.on_push = [this](const RespValue& push) { heard(push); };
    options.on_close = [this](const net::RespConnectionEnd&) { client_.wake(); };
    link.connection = RespConnection::open(client_.io(), std::move(options));
    link.next = now + kConnectEvery;
    return true;
  }
  switch (link.connection->state()) {
    case RespConnection::State::connecting:
      return true;
    case RespConnection::State::closed: {
      settle("erasures by others may go unheard: " + link.connection->why_closed().message);
      link.connection.reset();
      link.pong.reset();
      link.up = false;
      return true;
    }
    case RespConnection::State::ready:
      break;
  }
  if (link.pong != nullptr && link.pong->wait(Deadline::after({}))) link.pong.reset();
  if (link.pong == nullptr && now >= link.next) {
    // It need not answer well, only at all: else the connection ends.
    net::RespRequest ping;
    ping.add({"PING"});
    if (auto sent = link.connection->send(std::move(ping))) link.pong = *sent;
    link.next = now + kPingEvery;
  }
  link.up = true;
  return false;
}

bool RedisTracking::tend() {
  if (!wanted_) {
    drop_links();
    whole_ = false;
    return false;
  }
  const auto masters = client_.directory().masters();
  std::erase_if(links_, [&](auto& entry) {
    if (std::ranges::find(masters, entry.first) != masters.end()) return false;
    if (entry.second.connection != nullptr) entry.second.connection->close();
    return true;
  });
  bool whole = false;
  bool came_up = false;
  const auto tend_links = [&] {
    whole = !masters.empty();
    for (const auto& node : masters) {
      Link& link = links_[node];
      const bool was_up = link.up;
      whole = !tend_link(link, *node) && whole;
      came_up = came_up || (link.up && !was_up);
    }
  };
  tend_links();
  if (!whole && !is_settled()) {
    wait_for_first(masters);
    tend_links();
  }
  const bool broke = whole_ && !whole;
  const bool still_read =
      !whole && reads_ != reads_at_lost_ && clock_.now() - lost_at_ >= kLostEvery;
  const bool begins = whole && is_new_.exchange(false);
  whole_ = whole;
  // Between two links nothing was heard: what was copied meanwhile is to be forgotten, too.
  if (broke || came_up || still_read || begins) lost();
  if (whole) settle("");
  return !whole;
}

void RedisTracking::drop_links() {
  for (auto& [node, link] : links_) {
    if (link.connection != nullptr) link.connection->close();
  }
  links_.clear();
}

void RedisTracking::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  listen(nullptr);
  drop_links();
}

}  // namespace leyden::cache
