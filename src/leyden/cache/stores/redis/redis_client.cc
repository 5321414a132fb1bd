#include "leyden/cache/stores/redis/redis_client.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using net::RespValue;

constexpr int kRoundsMax = 4;  // One and three redirections.
constexpr double kRetryShare = 0.1;
constexpr double kRetriesMax = 10;
constexpr auto kTendSoon = 20ms;
constexpr auto kTendLate = 1000ms;
constexpr auto kTryAgainAfter = 5ms;
// A call that its caller gave less time than this says nothing about the server.
constexpr auto kWaitThatCounts = 20ms;

// "MOVED 3999 127.0.0.1:6381": where to; a host left out is the one that says it.
std::optional<net::Endpoint> redirection(std::string_view text, const net::Endpoint& said_by) {
  const std::size_t space = text.rfind(' ');
  const std::size_t colon = text.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space)
    return std::nullopt;
  net::Endpoint out;
  out.host = text.substr(space + 1, colon - space - 1);
  if (out.host.empty() || out.host == "?") out.host = said_by.host;
  const auto [end, error] =
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), out.port);
  if (error != std::errc() || end != text.data() + text.size() || out.port == 0)
    return std::nullopt;
  return out;
}

}  // namespace

const RespValue* first_error(const std::vector<RespValue>& replies) {
  for (const RespValue& reply : replies) {
    if (reply.is_error()) return &reply;
    if (const RespValue* inner = first_error(reply.items)) return inner;
  }
  return nullptr;
}

RedisClient::RedisClient(const RedisStoreOptions& options, std::shared_ptr<net::TlsContext> tls,
                         const Clock& clock)
    : options_(options), directory_(io_, options, std::move(tls), clock, [this] { wake(); }) {
  keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
}

RedisClient::~RedisClient() {
  close();
  stop();
}

void RedisClient::close() {
  std::call_once(closing_, [this] {
    keeper_.request_stop();
    keeper_.join();
    directory_.close();
  });
}

void RedisClient::tend_also(std::function<bool()> also) {
  std::lock_guard lock(mutex_);
  also_ = std::move(also);
}

void RedisClient::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void RedisClient::keep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    bool soon = directory_.tend();
    std::function<bool()> also;
    {
      std::lock_guard lock(mutex_);
      also = also_;
    }
    if (also) soon = also() || soon;
    std::unique_lock lock(mutex_);
    if (soon) {
      // Not sooner, whoever wakes it.
      changed_.wait_for(lock, stop, kTendSoon, [] { return false; });
    } else {
      changed_.wait_for(lock, stop, kTendLate, [&] { return woken_; });
    }
    woken_ = false;
  }
}

bool RedisClient::take_retry() {
  std::lock_guard lock(mutex_);
  if (retries_left_ < 1) return false;
  retries_left_ -= 1;
  return true;
}

void RedisClient::run(std::span<RedisUnit> units, Deadline deadline, bool idempotent) {
  {
    std::lock_guard lock(mutex_);
    retries_left_ = std::min(retries_left_ + kRetryShare, kRetriesMax);
  }
  deadline =
      Deadline::at(std::min(deadline.when(), Deadline::after(options_.command_timeout).when()));
  std::vector<Route> routes(units.size());
  for (int i = 0; i < kRoundsMax; ++i) {
    // Only a connection that was lost in the first round is tried again.
    round(units, routes, deadline, idempotent && i == 0);
    if (std::ranges::none_of(routes, &Route::again)) return;
    if (deadline.passed()) break;
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!routes[i].again) continue;
    units[i].replies.clear();
    units[i].error = Error{deadline.passed() ? Errc::timed_out : Errc::unavailable,
                           "the cluster is moving slots"};
  }
}

void RedisClient::round(std::span<RedisUnit> units, std::span<Route> routes, Deadline deadline,
                        bool idempotent) {
  struct Sent {
    RedisDirectory::Node node;
    net::RespRequest request;
    std::vector<std::size_t> units;
    std::shared_ptr<net::RespReplies> replies;
  };
  std::vector<Sent> sent;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!routes[i].again) continue;
    RedisUnit& unit = units[i];
    unit.error.reset();
    unit.replies.clear();
    RedisDirectory::Node node;
    if (routes[i].moved_to) {
      node = directory_.node_at(*routes[i].moved_to);
    } else if (auto found = directory_.node_of(unit.bucket, deadline)) {
      node = *found;
    } else {
      unit.error = found.error();
      routes[i].again = false;
      continue;
    }
    auto to = std::ranges::find(sent, node, &Sent::node);
    if (to == sent.end()) {
      sent.push_back({node, {}, {}, nullptr});
      to = sent.end() - 1;
    }
    if (routes[i].asking) to->request.add({"ASKING"});
    to->request.append(unit.request);
    to->units.push_back(i);
  }
  const auto give_up = [&](const Sent& to, const Error& error, bool may_retry) {
    const bool retry = may_retry && idempotent && !deadline.passed() && take_retry();
    for (const std::size_t i : to.units) {
      units[i].error = error;
      routes[i].again = retry;
    }
  };
  for (Sent& to : sent) {
    auto replies = to.node->send(std::move(to.request));
    if (replies) {
      to.replies = *replies;
    } else {
      give_up(to, replies.error(),
              replies.error().code != Errc::overloaded && !to.node->breaker().open());
    }
  }
  const auto began = Deadline::SteadyClock::now();
  for (Sent& to : sent) {
    if (to.replies == nullptr) continue;
    auto replies = to.replies->wait(deadline);
    if (!replies) {
      const bool late = replies.error().code == Errc::timed_out;
      // What ended a connection has been told to the breaker by the connection.
      if (late && deadline.passed() && Deadline::SteadyClock::now() - began >= kWaitThatCounts) {
        to.node->breaker().failed(to.node->endpoint().text() + " does not answer in time");
        wake();
      }
      give_up(to, replies.error(), !late);
      continue;
    }
    auto next = std::make_move_iterator(replies->begin());
    bool of_use = true;
    for (const std::size_t i : to.units) {
      if (routes[i].asking) ++next;
      const auto end = next + static_cast<std::ptrdiff_t>(units[i].request.commands());
      units[i].replies.assign(next, end);
      next = end;
      judge(units[i], routes[i], *to.node);
      of_use = of_use && !units[i].error;
    }
    if (of_use) to.node->breaker().succeeded();
  }
  if (std::ranges::any_of(routes,
                          [](const Route& route) { return route.again && !route.moved_to; })) {
    std::this_thread::sleep_until(
        std::min(deadline.when(), Deadline::after(kTryAgainAfter).when()));
  }
}

// What the reply says about the way there; the rest is for who asked.
void RedisClient::judge(RedisUnit& unit, Route& route, RedisNode& node) {
  route.again = false;
  const RespValue* error = first_error(unit.replies);
  if (error == nullptr) return;
  const std::string said = node.endpoint().text() + ": " + error->message();
  if (error->is_error("MOVED") || error->is_error("ASK")) {
    route.asking = error->is_error("ASK");
    route.moved_to = redirection(error->text(), node.endpoint());
    route.again = route.moved_to.has_value();
    if (!route.asking) directory_.refresh_soon();
    if (!route.again) unit.error = Error{Errc::unavailable, said};
  } else if (error->is_error("TRYAGAIN")) {
    route.again = true;
  } else if (error->is_error("LOADING") || error->is_error("CLUSTERDOWN") ||
             error->is_error("MASTERDOWN")) {
    unit.error = Error{Errc::unavailable, said};
    node.breaker().failed(said);
    directory_.refresh_soon();
  } else if (error->is_error("READONLY")) {
    unit.error = Error{Errc::unavailable, said};
    directory_.refresh_soon();
  }
}

}  // namespace leyden::cache
