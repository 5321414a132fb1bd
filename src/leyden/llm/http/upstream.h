#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "leyden/llm/http/handshake.h"
#include "leyden/llm/http/http_model_options.h"
#include "leyden/llm/http/server_link.h"

namespace leyden::llm {

// One server of several, and whether it can be trusted now. Thread-safe.
//
// It is asked what it is (handshake.h) before IDs are sent to it, again after anything that may have made another server of it, and from
// time to time. A server that is replaced loses its connections: so one with which a connection has been open ever since it was asked is
// the one that was asked. Where a proxy keeps connections open, a replaced server is noticed at the next look, `check_every` later.
class Upstream {
 public:
  // `on_checked` is called by the upstream's thread after each look. `options`, `probe` outlive it.
  Upstream(std::size_t index, std::unique_ptr<ServerLink> link, const HttpModelOptions& options,
           const TokenizerProbe& probe, std::function<void()> on_checked);
  ~Upstream();  // Ends its thread; no request may be under way.

  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] const ServerLink& link() const { return *link_; }

  // What it is, if it can be sent a request at once; null: it must be looked at first.
  [[nodiscard]] std::shared_ptr<const ServerFacts> ready() const;

  // Has it looked at soon. Once checks_done() has reached the number returned, it has been since.
  std::uint64_t want_check();
  [[nodiscard]] std::uint64_t checks_done() const;
  // Something went wrong that another server in its place would explain: it is looked at before the next request.
  void distrust();
  // Bytes of an answer came: it is alive, though it may be too busy to be looked at.
  void answered() { answered_at_.store(now(), std::memory_order_relaxed); }

  struct Status {
    bool up = false;
    std::optional<ServerFacts> facts;  // Of the last look that went well.
    Error why_down;                    // Where it is not up; empty before the first look.
    std::uint64_t changes = 0;         // How often it was found to be another than before.
  };
  [[nodiscard]] Status status() const;

  std::atomic<std::size_t> in_flight{0};  // Generations.

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  static std::chrono::steady_clock::rep now() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
  void keep(const std::stop_token& stop);
  void look(const std::stop_token& stop);
  [[nodiscard]] TimePoint next_look() const;

  const std::size_t index_;
  const std::unique_ptr<ServerLink> link_;
  const HttpModelOptions& options_;
  const TokenizerProbe& probe_;
  const std::function<void()> on_checked_;
  mutable std::atomic<std::chrono::steady_clock::rep> used_at_{0};
  std::atomic<std::chrono::steady_clock::rep> answered_at_{0};

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const ServerFacts> facts_;  // Of the last look that went well.
  bool trusted_ = false;
  bool keeps_connections_ = true;  // One was open after the last look.
  bool wanted_ = false;
  bool looking_ = false;
  std::uint64_t done_ = 0;
  std::size_t failures_ = 0;  // In a row.
  std::uint64_t changes_ = 0;
  std::optional<Error> why_down_;
  TimePoint checked_at_{};
  TimePoint retry_at_{};
  std::minstd_rand random_{std::random_device{}()};

  std::jthread keeper_;  // Last: ended before the rest goes.
};

}  // namespace leyden::llm
