#include "leyden/cache/token_cache.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "leyden/base/guarded.h"
#include "leyden/base/stoppable_wait.h"
#include "leyden/base/work_pool.h"
#include "leyden/cache/gate.h"
#include "leyden/cache/memory_listener.h"
#include "leyden/cache/single_flight.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr double kMiB = static_cast<double>(MiB);

// What the parts below had counted at the last reset.
struct CountedBefore {
  std::uint64_t evictions = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t writes_dropped = 0;
};

// All under one lock, with the histograms: a snapshot can't see half a request.
struct Counters {
  CacheCounts counts;
  CountedBefore before;
  std::size_t bytes_peak = 0;  // Of the counts, until the last reset; since then they only grew.
};

// One call of find_or_encode on its way through the tiers.
struct Request {
  std::span<const BlockKey> keys;
  const PassageScope& scope;
  const EncodePassage& encode;
  Deadline deadline;
  const LookupOptions& options;
  std::uint64_t mark = 0;  // Of the listener, before what is put or written was looked up.
  std::vector<Found> found = std::vector<Found>(keys.size());
  std::vector<std::chrono::nanoseconds> latency =
      std::vector<std::chrono::nanoseconds>(keys.size());
  std::vector<std::size_t> missing;  // No tier had them so far; each key once.
  std::vector<std::pair<std::size_t, std::size_t>>
      repeats;  // A later place of a missing key, and its first.
  Guarded<std::vector<WriteBack::Change>> changes =
      Guarded<std::vector<WriteBack::Change>>();  // For the store.
  std::uint64_t bypassed = 0;
  std::uint64_t errors = 0;
  std::atomic<std::uint64_t> corruptions = 0;  // With leases, of several threads.

  // Of the passage's text; 0 when nobody said.
  [[nodiscard]] std::size_t text_bytes(std::size_t i) const {
    return options.text_bytes.empty() ? 0 : options.text_bytes[i];
  }
  [[nodiscard]] std::size_t bytes_missing() const {
    std::size_t bytes = 0;
    for (std::size_t i : missing) bytes += text_bytes(i);
    return bytes;
  }
  [[nodiscard]] Deadline store_deadline(std::chrono::milliseconds timeout) const {
    return Deadline::at(std::min(Deadline::after(timeout).when(), deadline.when()));
  }
  [[nodiscard]] PutOptions put_options(const TokenBlock& block) const {
    return {.tenant = scope.tenant,
            .tokenizer = scope.tokenizer,
            .ttl = block->empty() ? 0s : scope.ttl,  // Negative ones are short-lived.
            .negative = block->empty()};
  }
  void change(WriteBack::Change change) {
    changes.with([&](auto& all) { all.push_back(std::move(change)); });
  }
  void count(LookupCounts& counts, bool answered) const {
    counts.errors += errors;
    counts.corruptions += corruptions;
    if (!answered) {
      ++counts.failures;
      return;
    }
    counts.bypassed += bypassed;
    for (std::size_t i = 0; i < found.size(); ++i) {
      switch (found[i].source) {
        case Source::memory:
          ++counts.hits_memory;
          counts.memory_latency.record(latency[i]);
          break;
        case Source::store:
          ++counts.hits_store;
          counts.store_latency.record(latency[i]);
          break;
        case Source::coalesced:
          ++counts.coalesced;
          [[fallthrough]];
        case Source::encoded:
          ++counts.misses;
          counts.miss_latency.record(latency[i]);
          break;
      }
    }
  }
};

std::size_t helpers_for(std::size_t threads) {
  if (threads == 0) threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
  return threads - 1;
}

std::unexpected<Error> refusal(Errc code) {
  return fail(code, "a passage can't be encoded, as was found out a moment ago");
}

std::unexpected<Error> cancelled() { return fail(Errc::cancelled, "the request was cancelled"); }

std::uint64_t since(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

}  // namespace

struct TokenCache::State {
  using Flights = SingleFlight<BlockKey, TokenBlock, BlockKeyHash>;

  State(MemoryTier& memory_, Store* store_, const Clock& clock_, const TokenCacheOptions& options_)
      : memory(memory_), store(store_), clock(clock_), options(options_) {
    if (store == nullptr) return;
    write_back = std::make_unique<WriteBack>(*store, options.write_back, options.integrity);
    store->listen(&ear);
  }

  // Fails where memory knows that a passage can't be encoded.
  Result<void> find_in_memory(Request& request) {
    const TimePoint start = clock.now();
    auto known = memory.find_many(request.keys);
    std::unordered_map<BlockKey, std::size_t, BlockKeyHash> firsts;
    std::optional<Errc> refused;
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (known[i] && !*known[i]) {
        refused = known[i]->error();
      } else if (known[i]) {
        request.found[i] = {std::move(**known[i]), Source::memory};
      } else if (auto [at, first] = firsts.try_emplace(request.keys[i], i); first) {
        request.missing.push_back(i);
      } else {
        request.repeats.emplace_back(i, at->second);
      }
    }
    if (refused) return refusal(*refused);
    if (!known.empty()) {
      std::ranges::fill(request.latency, (clock.now() - start) / std::ssize(known));
    }
    return {};
  }

  void find_in_store(Request& request) {
    if (store == nullptr || request.missing.empty()) return;
    const std::size_t bytes_asked = request.bytes_missing();
    if (!cost.should_read(bytes_asked)) {
      request.bypassed += request.missing.size();
      return;
    }
    auto pass = store_gate.enter(request.deadline);
    if (!pass) return;  // Closed.
    const TimePoint start = clock.now();
    std::vector<BlockKey> keys;
    keys.reserve(request.missing.size());
    for (std::size_t i : request.missing) keys.push_back(request.keys[i]);
    auto values = store->find_many(keys, request.store_deadline(options.store_timeout));
    const bool answered = values && values->size() == keys.size();
    if (!answered) ++request.errors;
    std::vector<std::size_t> missing;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const std::size_t i = request.missing[k];
      if (!answered || !take_stored(request, i, (*values)[k])) missing.push_back(i);
      request.latency[i] += clock.now() - start;  // Every one of them waited for the whole look-up.
    }
    request.missing = std::move(missing);
    if (answered)
      cost.read(bytes_asked, bytes_asked - request.bytes_missing(), clock.now() - start);
  }

  // Whether the passage is there now: a value that is not ours, or not whole any more, is erased.
  bool take_stored(Request& request, std::size_t i, const std::optional<Bytes>& value) {
    if (!value) return false;
    auto block = decode_block(request.keys[i], *value, request.scope.codec, options.integrity);
    if (!block) {
      ++request.corruptions;
      request.change({.key = request.keys[i], .block = nullptr, .scope = request.scope});
      return false;
    }
    listener.put(request.mark, request.keys[i], *block, request.put_options(*block));
    request.found[i] = {std::move(*block), Source::store};
    return true;
  }

  Result<void> encode_missing(Request& request) {
    struct Rest {
      std::optional<Error> failure;
      std::vector<std::pair<std::size_t, Flights::Flight>> followed;
    };
    Guarded<Rest> rest;
    std::atomic<bool> failed{false};
    // Joined one by one, so that two calls with the same passages share the work instead of one
    // doing all of it. What we lead is always resolved before we wait for what we follow: no
    // deadlock.
    auto join = [&](std::size_t m) {
      if (failed) return;
      const std::size_t i = request.missing[m];
      Flights::Flight flight = flights.join(request.keys[i]);
      if (!flight.leads()) {
        rest.with([&](Rest& r) { r.followed.emplace_back(i, std::move(flight)); });
      } else if (auto led = lead(request, i, flight); !led) {
        failed = true;
        rest.with([&](Rest& r) { r.failure = std::move(led.error()); });
      }
    };
    if (is_worth_sharing(request)) {
      workers.run(request.missing.size(), join);
    } else {
      for (std::size_t m = 0; m < request.missing.size(); ++m) join(m);
    }
    Rest left = rest.with([](Rest& r) { return std::move(r); });
    if (left.failure) return std::unexpected(*std::move(left.failure));
    for (auto& [i, flight] : left.followed) {
      if (auto followed = follow(request, i, flight); !followed) return followed;
    }
    return {};
  }

  // Waking a helper costs some 50 us.
  [[nodiscard]] bool is_worth_sharing(const Request& request) const {
    if (helpers == 0 || request.missing.size() < 2) return false;
    const double kib = static_cast<double>(request.bytes_missing()) / 1024;
    const auto us_per_kib = cost.estimate().encode_us;
    return us_per_kib ? kib * *us_per_kib > 500 : kib > 128;
  }

  Result<void> lead(Request& request, std::size_t i, Flights::Flight& flight) {
    const TimePoint start = clock.now();
    const BlockKey& key = request.keys[i];
    auto end = [&](TokenBlock block, Source source) -> Result<void> {
      flight.resolve(block);
      request.found[i] = {std::move(block), source};
      request.latency[i] += clock.now() - start;
      return {};
    };
    // It may have been encoded between our look-up and our joining.
    if (auto known = memory.find(key); known && !*known) {
      auto refused = refusal(known->error());
      flight.resolve(refused);
      return refused;
    } else if (known) {
      return end(std::move(**known), Source::memory);
    }
    if (request.options.stop.stop_requested()) return cancelled();
    std::optional<LeaseToken> lease;
    if (leases != nullptr && options.lease.from_bytes > 0 &&
        request.text_bytes(i) >= options.lease.from_bytes) {
      lease = wait_for_lease(request, i);
      if (auto& found = request.found[i]; found.block) return end(found.block, Source::store);
      if (request.options.stop.stop_requested()) {
        if (lease) give_back(key, *lease);
        return cancelled();
      }
    }
    const TimePoint encoding = clock.now();
    Result<TokenIds> ids = request.encode(i);
    if (ids && request.text_bytes(i) > 0)
      cost.encoded(request.text_bytes(i), clock.now() - encoding);
    if (ids && !ids->empty() &&
        *std::ranges::max_element(*ids) >= request.scope.codec.vocabulary_size) {
      ids = fail(Errc::internal, "the tokenizer gave an ID outside its vocabulary");
    }
    if (!ids) {
      if (lease) give_back(key, *lease);
      // Only what will not go well next time either is remembered.
      memory.put_failure(key, ids.error().code, request.put_options(make_block({})));
      flight.resolve(std::unexpected(ids.error()));
      return std::unexpected(ids.error());
    }
    TokenBlock block = make_block(std::move(*ids));
    // Before resolve(): who comes after the flight must find it.
    listener.put(request.mark, key, block, request.put_options(block));
    if (write_back)
      request.change(
          {.key = key, .block = block, .scope = request.scope, .lease = std::move(lease)});
    return end(std::move(block), Source::encoded);
  }

  void write_again(Request& request) {
    for (std::size_t i = 0; i < request.keys.size(); ++i) {
      const Found& found = request.found[i];
      if (found.block && found.source == Source::memory)
        request.change({.key = request.keys[i], .block = found.block, .scope = request.scope});
    }
  }

  // Ends with the lease, or with the value that its holder wrote meanwhile, or with neither: then it is encoded all the same.
  std::optional<LeaseToken> wait_for_lease(Request& request, std::size_t i) {
    constexpr auto kLook = 10ms;
    const BlockKey& key = request.keys[i];
    const Deadline until = request.store_deadline(options.lease.duration);
    while (true) {
      {
        auto pass = store_gate.enter(until);
        if (!pass) return std::nullopt;
        const Deadline call = request.store_deadline(options.store_timeout);
        auto lease = leases->try_lease(key, options.lease.duration, call);
        if (!lease) return std::nullopt;
        // Also by who has the lease: it may have been another's, and the value written, before.
        auto values = store->find_many(std::span(&key, 1), call);
        if (!values || values->size() != 1) return *lease;
        std::optional<Bytes>& value = values->front();
        if (value && take_stored(request, i, value)) {
          if (*lease) (void)leases->release_lease(key, **lease, call);
          return std::nullopt;
        }
        if (*lease) return *lease;
      }
      if (until.left() < kLook) return std::nullopt;
      if (!wait_unless_stopped(request.options.stop, Deadline::after(kLook))) return std::nullopt;
    }
  }

  void give_back(const BlockKey& key, const LeaseToken& lease) {
    const Deadline deadline = Deadline::after(options.store_timeout);
    if (auto pass = store_gate.enter(deadline)) (void)leases->release_lease(key, lease, deadline);
  }

  Result<void> follow(Request& request, std::size_t i, Flights::Flight& first) {
    const TimePoint start = clock.now();
    std::optional<Flights::Flight> later;
    while (true) {
      Result<TokenBlock> block =
          (later ? *later : first).wait(request.deadline, request.options.stop);
      if (block) {
        request.found[i] = {std::move(*block), Source::coalesced};
        request.latency[i] += clock.now() - start;
        return {};
      }
      if (block.error().code != Errc::cancelled) return std::unexpected(block.error());
      if (request.options.stop.stop_requested()) return cancelled();
      // The leader gave up for a reason of its own: take over, or follow who did.
      later.emplace(flights.join(request.keys[i]));
      if (later->leads()) return lead(request, i, *later);
    }
  }

  void count(const Request& request, bool answered) {
    counters.with([&](Counters& c) {
      if (request.options.warm_up) return request.count(c.counts.warm_up, answered);
      request.count(c.counts.all, answered);
      if (auto* agent = c.counts.agents.of(request.options.agent)) request.count(*agent, answered);
      if (auto* tenant = c.counts.tenants.of(request.options.tenant))
        request.count(*tenant, answered);
    });
  }

  // Of a call on behalf of no look-up.
  void count_error() {
    counters.with([](Counters& c) { ++c.counts.all.errors; });
  }

  // Hears the store: what was erased elsewhere must not be written again from here.
  struct Ear final : StoreListener {
    explicit Ear(State& state_) : state(state_) {}
    void erased(std::span<const BlockKey> keys) override {
      state.listener.erased(keys);
      state.write_back->drop(keys);
    }
    void erased_group(GroupKind kind, const GroupTag& tag) override {
      state.listener.erased_group(kind, tag);
      state.write_back->drop_group(kind, tag);
    }
    void lost() override { state.listener.lost(); }
    State& state;
  };

  MemoryTier& memory;
  MemoryListener listener{memory};
  Ear ear{*this};
  Store* const store;
  const Clock& clock;
  const TokenCacheOptions options;
  Leases* const leases = store != nullptr ? store->leases() : nullptr;
  CostModel cost{options.store_reads};
  const std::size_t helpers = helpers_for(options.encode_threads);
  WorkPool workers{helpers};
  Gate store_gate;  // Inside it the store may be used; close() closes it.
  Flights flights;
  Guarded<Counters> counters;
  Guarded<StoreUsage> store_usage;        // As last told.
  std::unique_ptr<WriteBack> write_back;  // Null without a store.
};

TokenCache::TokenCache(MemoryTier& memory, Store* store, const Clock& clock,
                       const TokenCacheOptions& options)
    : state_(std::make_unique<State>(memory, store, clock, options)) {}

TokenCache::~TokenCache() { close(); }

Result<std::vector<Found>> TokenCache::find_or_encode(std::span<const BlockKey> keys,
                                                      const PassageScope& scope,
                                                      const EncodePassage& encode,
                                                      Deadline deadline,
                                                      const LookupOptions& options) {
  Request request{
      .keys = keys, .scope = scope, .encode = encode, .deadline = deadline, .options = options};
  if (options.write_again) request.mark = state_->listener.mark();
  auto answered = state_->find_in_memory(request);
  if (answered && !request.missing.empty()) {
    if (!options.write_again) request.mark = state_->listener.mark();
    state_->find_in_store(request);
    answered = state_->encode_missing(request);
  }
  if (options.write_again) state_->write_again(request);
  // What was encoded before something failed is as good as any.
  request.changes.with([&](auto& changes) {
    if (!state_->write_back || changes.empty()) return;
    state_->listener.pass_on(request.mark, std::move(changes),
                             [&](auto left) { state_->write_back->add(std::move(left)); });
  });
  if (answered) {
    for (auto [i, first] : request.repeats) {
      request.found[i] = request.found[first];
      request.latency[i] = request.latency[first];
      if (request.found[i].source == Source::encoded) request.found[i].source = Source::coalesced;
    }
  }
  state_->count(request, answered.has_value());
  if (!answered) return std::unexpected(answered.error());
  return std::move(request.found);
}

Result<std::uint64_t> TokenCache::erase_many(std::span<const BlockKey> keys, Deadline deadline) {
  std::unordered_set<BlockKey, BlockKeyHash> unique(keys.begin(), keys.end());
  const std::vector<BlockKey> all(unique.begin(), unique.end());
  std::vector<bool> had(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) had[i] = state_->listener.erase(all[i]);

  auto pass = state_->store != nullptr ? state_->store_gate.enter(deadline) : std::nullopt;
  if (pass) {
    // Nothing on its way to the store may arrive after the erasure.
    auto cancelled = state_->write_back->cancel(all, deadline);
    if (!cancelled) return std::unexpected(cancelled.error());
    for (std::size_t i = 0; i < all.size(); ++i) had[i] = had[i] || (*cancelled)[i];
  }
  std::vector<BlockKey> known;  // Counted already, wherever else they are.
  std::vector<BlockKey> others;
  for (std::size_t i = 0; i < all.size(); ++i) (had[i] ? known : others).push_back(all[i]);
  std::uint64_t erased = known.size();
  if (pass) {
    for (const auto* part : {&known, &others}) {
      if (part->empty()) continue;
      auto in_store = state_->store->erase_many(*part, deadline);
      if (!in_store) {
        state_->count_error();
        return std::unexpected(in_store.error());
      }
      if (part == &others) erased += *in_store;
    }
  }
  return erased;
}

Result<TokenCache::ErasedGroup> TokenCache::erase_group(GroupKind kind, const GroupTag& tag,
                                                        Deadline deadline) {
  ErasedGroup erased{.in_memory = state_->listener.erase_group(kind, tag)};
  auto pass = state_->store != nullptr ? state_->store_gate.enter(deadline) : std::nullopt;
  if (!pass) return erased;
  auto cancelled = state_->write_back->cancel_group(kind, tag, deadline);
  if (!cancelled) return std::unexpected(cancelled.error());
  auto in_store = state_->store->erase_group(kind, tag, deadline);
  if (!in_store) {
    state_->count_error();
    return std::unexpected(in_store.error());
  }
  erased.in_store = *cancelled + *in_store;
  return erased;
}

CacheStats TokenCache::stats(std::chrono::milliseconds ask_store_for) const {
  if (state_->store != nullptr && ask_store_for.count() > 0) {
    const Deadline deadline = Deadline::after(ask_store_for);
    if (auto pass = state_->store_gate.enter(deadline)) {
      if (auto told = state_->store->usage(deadline)) {
        state_->store_usage.with([&](StoreUsage& last) { last = *told; });
      }
    }
  }
  const StoreUsage store = state_->store_usage.with([](const StoreUsage& last) { return last; });
  const MemoryTierUsage memory = state_->memory.usage();
  const WriteBackUsage queue = state_->write_back ? state_->write_back->usage() : WriteBackUsage{};

  CacheStats out;
  std::size_t own = sizeof(State);
  std::size_t own_peak = own;
  state_->counters.with([&](const Counters& c) {
    static_cast<LookupStats&>(out) = summarize(c.counts.all);
    out.warm_up = summarize(c.counts.warm_up);
    out.agents = summarize(c.counts.agents);
    out.tenants = summarize(c.counts.tenants);
    out.errors += since(queue.errors, c.before.write_errors);
    out.writes_dropped = since(queue.dropped, c.before.writes_dropped);
    out.evictions = since(memory.evictions, c.before.evictions);
    own += c.counts.bytes();
    own_peak += std::max(c.bytes_peak, c.counts.bytes());
  });
  out.memory = memory;
  out.total_tokens_cached = memory.tokens;
  out.cache_size_mb = static_cast<double>(memory.bytes) / kMiB;
  out.memory_usage_mb = static_cast<double>(memory.bytes + queue.bytes + own) / kMiB;
  out.peak_memory_mb = static_cast<double>(memory.bytes_peak + queue.bytes_peak + own_peak) / kMiB;
  const CostModel::Estimate cost = state_->cost.estimate();
  out.encode_us_per_kib = cost.encode_us;
  out.store_read_us_per_kib = cost.read_us;
  out.store_crossover_bytes = cost.crossover_bytes;
  out.store_health = store_health();
  out.store_entries = store.entries;
  out.store_size_mb = static_cast<double>(store.bytes_used) / kMiB;
  return out;
}

void TokenCache::reset_stats() {
  const MemoryTierUsage memory = state_->memory.usage();
  const WriteBackUsage queue = state_->write_back ? state_->write_back->usage() : WriteBackUsage{};
  state_->counters.with([&](Counters& c) {
    c = {.counts = {},
         .before = {.evictions = memory.evictions,
                    .write_errors = queue.errors,
                    .writes_dropped = queue.dropped},
         .bytes_peak = std::max(c.bytes_peak, c.counts.bytes())};
  });
}

StoreHealth TokenCache::store_health() const {
  if (state_->store == nullptr) return {};
  auto pass = state_->store_gate.enter(Deadline::never());
  return pass ? state_->store->health() : StoreHealth{StoreState::off, "closed"};
}

CacheCounts TokenCache::counts() const {
  const WriteBackUsage queue = state_->write_back ? state_->write_back->usage() : WriteBackUsage{};
  return state_->counters.with([&](const Counters& c) {
    CacheCounts out = c.counts;
    out.all.errors += since(queue.errors, c.before.write_errors);
    return out;
  });
}

Result<void> TokenCache::flush(Deadline deadline) {
  if (!state_->write_back) return {};
  return state_->write_back->flush(deadline);
}

void TokenCache::close() {
  if (state_->write_back) state_->write_back->close();
  if (auto pass =
          state_->store != nullptr ? state_->store_gate.enter(Deadline::never()) : std::nullopt) {
    state_->store->listen(nullptr);
  }
  state_->store_gate.close();
}

}  // namespace leyden::cache
