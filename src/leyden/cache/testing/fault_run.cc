#include "leyden/cache/testing/fault_run.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "leyden/cache/memory_tier.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache::testing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;
using std::chrono::milliseconds;

constexpr auto kWindow = 200ms;
constexpr auto kStep = 2ms;
constexpr std::size_t kHitsMin = 200;  // Fewer have no p99.

milliseconds ms_since(TimePoint time) {
  return std::chrono::duration_cast<milliseconds>(SteadyClock::now() - time);
}

// Cuts the time in which it is ticked into windows.
class Windows {
 public:
  Windows(FaultLoad& load, MemoryHits& into) : load_(load), into_(into) {
    (void)load_.take_memory_hits_us();
  }
  void tick() {
    if (SteadyClock::now() - began_ < kWindow) return;
    began_ = SteadyClock::now();
    std::vector<double> us = load_.take_memory_hits_us();
    if (us.size() < kHitsMin) return;
    const auto at = us.begin() + static_cast<std::ptrdiff_t>(us.size() * 99 / 100);
    std::ranges::nth_element(us, at);
    into_.us_p99.push_back(*at);
  }

 private:
  FaultLoad& load_;
  MemoryHits& into_;
  TimePoint began_ = SteadyClock::now();
};

// Every 2 ms `tick`, for `duration` and then until `enough` or `patience` is over. Whether it came to that.
template <class Enough, class Tick>
bool pass_time(milliseconds duration, milliseconds patience, Enough&& enough, Tick&& tick) {
  const TimePoint began = SteadyClock::now();
  while (true) {
    tick();
    const auto passed = ms_since(began);
    if (passed >= duration && enough()) return true;
    if (passed >= duration + patience) return false;
    std::this_thread::sleep_for(kStep);
  }
}

}  // namespace

double MemoryHits::median() const {
  if (us_p99.empty()) return 0;
  std::vector<double> sorted = us_p99;
  std::ranges::sort(sorted);
  return sorted[sorted.size() / 2];
}

double MemoryHits::largest() const { return us_p99.empty() ? 0 : std::ranges::max(us_p99); }

Result<FaultReport> run_fault(const FaultCase& fault_case, const FaultRunOptions& options) {
  const SystemClock clock;
  auto fault = fault_case.make(clock);
  if (!fault) return std::unexpected(fault.error());
  Store& store = (*fault)->store();
  auto memory = MemoryTier::make({.capacity_bytes = 16 * MiB}, clock);
  if (!memory) return std::unexpected(memory.error());
  TokenCacheOptions cache_options;
  cache_options.store_reads = StoreReads::always;
  if (fault_case.is_shared) cache_options.integrity = Integrity::keyed(Secret{std::byte{9}});
  TokenCache cache(**memory, &store, clock, cache_options);
  FaultReport report;
  {
    FaultLoad load(cache, **memory);
    const TimePoint started = SteadyClock::now();
    const auto is_well_since = [&](TimePoint time) {
      return load.round_trip_since(time) && store.health().state == StoreState::on;
    };
    const auto nothing = [] {};
    if (!pass_time(0ms, options.patience, [&] { return is_well_since(started); }, nothing))
      return fail(Errc::unavailable, "the store is not well before the fault: {}",
                  store.health().reason);

    Windows before(load, report.before);
    pass_time(options.before, 0ms, [] { return true; }, [&] { before.tick(); });

    const std::vector<BlockKey> stored = load.stored_keys();
    (*fault)->begin(stored);
    const TimePoint began = SteadyClock::now();
    Windows during(load, report.during);
    const auto watch = [&] {
      during.tick();
      const StoreHealth health = store.health();
      if (health.state != StoreState::on && !report.not_on_after) {
        report.not_on_after = ms_since(began);
        report.reason = health.reason;
      }
      if (health.state == StoreState::off && !report.off_after) {
        report.off_after = ms_since(began);
        report.reason = health.reason;
      }
    };
    pass_time(
        options.during, options.patience,
        [&] { return report.off_after || !fault_case.opens_breaker; }, watch);

    (*fault)->end();
    const TimePoint ended = SteadyClock::now();
    if (pass_time(0ms, options.patience, [&] { return is_well_since(ended); }, nothing)) {
      report.recovered_after = ms_since(ended);
    } else {
      report.not_recovered = store.health().reason;
    }
    report.load = load.counts();
  }
  const CacheStats stats = cache.stats();
  report.store_errors = stats.errors;
  report.corruptions = stats.corruptions;
  report.values_damaged = (*fault)->values_damaged();
  cache.close();
  return report;
}

}  // namespace leyden::cache::testing
