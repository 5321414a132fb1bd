#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <utility>

#include "leyden/base/deadline.h"
#include "leyden/base/guarded.h"
#include "leyden/base/result.h"

namespace leyden::cache {

// Of N concurrent calls for one key, one computes (it leads) and the others wait for its answer
// (they follow).
//
//   auto flight = flights.join(key);
//   if (flight.leads()) {
//     flight.resolve(compute(key));                   // A value or an Error: both go to all that
//     wait.
//   } else {
//     Result<Value> answer = flight.wait(deadline);   // timed_out: the leader takes too long.
//   }
//
// A leader that ends without an answer (an early return, an exception) hands `cancelled` to its
// followers; one of them may join again and lead. A call that comes after resolve() leads a new
// flight: put the value where the next one finds it before resolving.
//
// Joining many keys before waiting for any can't deadlock, as long as each caller resolves what it
// leads before it waits for what it follows. Thread-safe; a Flight is confined to one thread and
// may not outlive the SingleFlight while it leads. Value is copied to each follower: make it cheap
// to copy.
template <class Key, class Value, class Hash = std::hash<Key>>
class SingleFlight {
  struct Shared {
    std::mutex mutex;
    std::condition_variable_any resolved;
    std::optional<Result<Value>> answer;
  };

 public:
  class [[nodiscard]] Flight {
   public:
    Flight(Flight&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)),
          key_(std::move(other.key_)),
          shared_(std::move(other.shared_)) {}
    Flight& operator=(Flight&&) = delete;
    ~Flight() {
      if (leads()) {
        resolve(fail(Errc::cancelled, "the call that computed this ended without an answer"));
      }
    }

    // True until resolve().
    [[nodiscard]] bool leads() const { return owner_ != nullptr; }

    // Ends the flight; followers wake with a copy. Only for a leader, and once.
    void resolve(Result<Value> answer) {
      // Out of the table first: who joins from here on starts anew instead of getting this answer
      // late.
      std::exchange(owner_, nullptr)->flights_.with([&](auto& flights) { flights.erase(key_); });
      {
        std::lock_guard lock(shared_->mutex);
        shared_->answer.emplace(std::move(answer));
      }
      shared_->resolved.notify_all();
    }

    // The leader's answer. Only for a follower. Errors of its own: timed_out, cancelled.
    [[nodiscard]] Result<Value> wait(Deadline deadline, std::stop_token stop = {}) {
      std::unique_lock lock(shared_->mutex);
      auto done = [&] { return shared_->answer.has_value(); };
      const bool answered = deadline.when() == Deadline::never().when()
                                ? shared_->resolved.wait(lock, stop, done)
                                : shared_->resolved.wait_until(lock, stop, deadline.when(), done);
      if (answered) return *shared_->answer;
      if (stop.stop_requested()) return fail(Errc::cancelled, "the caller does not wait any more");
      return fail(Errc::timed_out, "another call's computation took longer than the deadline");
    }

   private:
    friend class SingleFlight;
    Flight(SingleFlight* owner, const Key& key, std::shared_ptr<Shared> shared)
        : owner_(owner), key_(key), shared_(std::move(shared)) {}

    SingleFlight* owner_;  // Null for followers and after resolve().
    Key key_;
    std::shared_ptr<Shared> shared_;
  };

  SingleFlight() = default;
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  Flight join(const Key& key) {
    return flights_.with([&](auto& flights) {
      auto [at, first] = flights.try_emplace(key);
      if (first) at->second = std::make_shared<Shared>();
      return Flight(first ? this : nullptr, key, at->second);
    });
  }

  // Flights that have a leader now.
  [[nodiscard]] std::size_t in_flight() const {
    return flights_.with([](const auto& flights) { return flights.size(); });
  }

 private:
  Guarded<std::unordered_map<Key, std::shared_ptr<Shared>, Hash>> flights_;
};

}  // namespace leyden::cache
