#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "leyden/base/guarded.h"
#include "leyden/base/result.h"

namespace leyden::cache::testing {

// What goes wrong on the way. All of it concerns replies, but where it says otherwise.
struct Toxics {
  bool refuse = false;     // New connections are refused; those that are there live on.
  bool silent = false;     // Connections are accepted and requests taken, but nothing is answered.
  bool half_open = false;  // Nothing is read from either side: both buffers run full.
  std::chrono::milliseconds latency{0};
  std::chrono::milliseconds jitter{0};  // Up to so much more or less.
  std::uint64_t bytes_per_second = 0;   // Of each connection; 0: as fast as it goes.
  std::uint64_t slice_bytes =
      0;  // In pieces of so many bytes, a millisecond apart; 0: as they come.
  std::optional<std::uint64_t>
      reset_after;       // Each connection is reset after so many bytes from now on: in
                         // the middle of a reply.
  bool garbage = false;  // Random bytes instead, as many.
  // Of the values in replies to GET and MGET, this share gets one flipped bit. The framing stays whole. Not
  // through TLS, of course.
  double corrupt_share = 0;
};

// A TCP proxy on 127.0.0.1 with faults that are switched while it runs. One thread. Thread-safe.
class FaultProxy {
 public:
  // To 127.0.0.1:`upstream_port`. `seed` makes its chances repeatable.
  [[nodiscard]] static Result<std::unique_ptr<FaultProxy>> start(std::uint16_t upstream_port,
                                                                 std::uint64_t seed = 1);
  ~FaultProxy();  // Resets all connections.

  // Stays the same as long as it lives.
  [[nodiscard]] std::uint16_t port() const { return port_; }

  // In force for connections that are there, too, when this returns.
  void set(const Toxics& toxics);
  void heal() { set({}); }
  // Resets every connection that is there now; done when this returns.
  void reset_all();

  [[nodiscard]] std::uint64_t connections() const { return connections_; }  // Accepted so far.
  [[nodiscard]] std::uint64_t corrupted() const { return corrupted_; }      // Values so far.
  [[nodiscard]] std::uint64_t values() const { return values_; }  // Of GET and MGET, so far.

 private:
  class Loop;
  struct Orders {
    Toxics toxics;
    std::uint64_t toxics_set = 0;
    std::uint64_t resets = 0;
  };

  FaultProxy() = default;
  template <class Change>
  void order(Change&& change);  // Returns once the loop has seen it.

  std::uint16_t port_ = 0;
  int wake_fd_ = -1;
  Guarded<Orders> orders_;
  std::atomic<std::uint64_t> obeyed_{0};  // toxics_set + resets that the loop has seen.
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> corrupted_{0};
  std::atomic<std::uint64_t> values_{0};
  std::jthread thread_;  // First to go.
};

}  // namespace leyden::cache::testing
