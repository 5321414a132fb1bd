#include "leyden/llm/http/upstream.h"

#include <algorithm>
#include <utility>

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// A server that closes connections, whatever it says of them, is told by this: the requests of one look, one after the other, open as many.
constexpr std::uint64_t kOpenedByALook = 3;
// A server that never keeps a connection open is trusted for so long.
constexpr auto kTrustWithoutConnection = 250ms;
// It is not looked at any more when nobody has used it for so long.
constexpr auto kUnused = 30s;
constexpr auto kDownFirst = 250ms;
constexpr auto kDownMax = 5s;

}  // namespace

Upstream::Upstream(std::size_t index, std::unique_ptr<ServerLink> link,
                   const HttpModelOptions& options, const TokenizerProbe& probe,
                   std::function<void()> on_checked)
    : index_(index),
      link_(std::move(link)),
      options_(options),
      probe_(probe),
      on_checked_(std::move(on_checked)),
      keeper_([this](const std::stop_token& stop) { keep(stop); }) {}

Upstream::~Upstream() {
  keeper_.request_stop();
  keeper_.join();
}

std::shared_ptr<const ServerFacts> Upstream::ready() const {
  used_at_.store(now(), std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  if (!trusted_) return nullptr;
  if (link_->client().stats().connections == 0 &&
      (keeps_connections_ || SteadyClock::now() - checked_at_ > kTrustWithoutConnection))
    return nullptr;
  return facts_;
}

std::uint64_t Upstream::want_check() {
  std::lock_guard lock(mutex_);
  if (!looking_) {
    wanted_ = true;
    changed_.notify_all();
  }
  return done_ + 1;
}

std::uint64_t Upstream::checks_done() const { return std::lock_guard(mutex_), done_; }

void Upstream::distrust() {
  std::lock_guard lock(mutex_);
  trusted_ = false;
  wanted_ = true;
  changed_.notify_all();
}

Upstream::Status Upstream::status() const {
  std::lock_guard lock(mutex_);
  Status out{.up = trusted_, .changes = changes_};
  if (facts_) out.facts = *facts_;
  if (!trusted_ && why_down_) out.why_down = *why_down_;
  return out;
}

// Of the keeper, with the lock.
Upstream::TimePoint Upstream::next_look() const {
  if (why_down_) return retry_at_;
  if (!trusted_) return TimePoint::max();
  const TimePoint used{SteadyClock::duration(used_at_.load(std::memory_order_relaxed))};
  // The next request is the first to ask again otherwise.
  return SteadyClock::now() - used < kUnused ? checked_at_ + options_.check_every
                                             : TimePoint::max();
}

void Upstream::keep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      while (!stop.stop_requested() && !wanted_ && SteadyClock::now() < next_look()) {
        // In steps: whether it is used is not told to this thread.
        const TimePoint until = std::min(next_look(), SteadyClock::now() + options_.check_every);
        changed_.wait_until(lock, stop, until, [&] { return wanted_; });
      }
      if (stop.stop_requested()) return;
      wanted_ = false;
      looking_ = true;
    }
    look(stop);
    on_checked_();
  }
}

void Upstream::look(const std::stop_token& stop) {
  const auto began = now();
  const std::uint64_t opened = link_->client().stats().connections_opened;
  const Deadline deadline = Deadline::after(options_.check_timeout);
  std::shared_ptr<const ServerFacts> known;
  {
    std::lock_guard lock(mutex_);
    if (!why_down_) known = facts_;
  }
  const auto same = known ? is_same_start(*link_, *known, deadline, stop) : Result<bool>(false);
  auto facts = same && *same ? Result<ServerFacts>(*known)
                             : shake_hands(*link_, options_, probe_, deadline, stop);
  if (in_flight == 0 && link_->client().stats().connections_opened - opened >= kOpenedByALook)
    link_->give_up_keeping();
  std::lock_guard lock(mutex_);
  looking_ = false;
  ++done_;
  if (facts) {
    if (facts_ && *facts_ != *facts) ++changes_;
    facts_ = std::make_shared<const ServerFacts>(*std::move(facts));
    // What was distrusted meanwhile is looked at again.
    trusted_ = !wanted_;
    failures_ = 0;
    why_down_.reset();
    checked_at_ = SteadyClock::now();
    keeps_connections_ = link_->client().stats().connections > 0;
    return;
  }
  const bool busy = facts.error().code == Errc::timed_out && answered_at_.load() > began;
  if (busy && trusted_) {
    checked_at_ = SteadyClock::now();
    return;
  }
  trusted_ = false;
  why_down_ = std::move(facts.error());
  const auto most = std::min<SteadyClock::duration>(
      kDownFirst * (1LL << std::min<std::size_t>(failures_++, 10)), kDownMax);
  const auto wait =
      std::uniform_int_distribution<SteadyClock::rep>(most.count() / 2, most.count())(random_);
  retry_at_ = SteadyClock::now() + SteadyClock::duration(wait);
}

}  // namespace leyden::llm
