#include "leyden/cache/token_cache.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "leyden/base/guarded.h"
#include "leyden/cache/gate.h"
#include "leyden/cache/memory_listener.h"
#include "leyden/cache/single_flight.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr auto kUsageTimeout = 50ms;
constexpr double kMiB = static_cast<double>(MiB);

// All under one lock, with the histograms: a snapshot can't see half a request.
struct Counters {
  std::uint64_t hits_memory = 0;
  std::uint64_t hits_store = 0;
  std::uint64_t misses = 0;
  std::uint64_t coalesced = 0;
  std::uint64_t errors = 0;
  std::uint64_t corruptions = 0;
  std::uint64_t bypassed = 0;
  telemetry::LatencyHistogram hit_latency;
  telemetry::LatencyHistogram miss_latency;
  // What the parts below had counted at the last reset.
  std::uint64_t evictions_before = 0;
  std::uint64_t write_errors_before = 0;
  std::uint64_t writes_dropped_before = 0;
};

// One call of find_or_encode on its way through the tiers.
struct Request {
  std::span<const BlockKey> keys;
  const PassageScope& scope;
  const EncodePassage& encode;
  Deadline deadline;
  std::span<const std::size_t> text_bytes;  // Of each key, or empty.
  std::vector<Found> found = std::vector<Found>(keys.size());
  std::vector<std::chrono::nanoseconds> latency =
      std::vector<std::chrono::nanoseconds>(keys.size());
  std::vector<std::size_t> missing;  // No tier had them so far; each key once.
  std::vector<std::pair<std::size_t, std::size_t>>
      repeats;                             // A later place of a missing key, and its first.
  std::vector<WriteBack::Change> changes;  // For the store.
  std::optional<Errc> refused;             // A passage that can't be encoded, as memory knows.

  // Of the missing passages' texts; 0 when nobody said.
  [[nodiscard]] std::size_t bytes_missing() const {
    std::size_t bytes = 0;
    if (!text_bytes.empty()) {
      for (std::size_t i : missing) bytes += text_bytes[i];
    }
    return bytes;
  }
  [[nodiscard]] PutOptions put_options(const TokenBlock& block) const {
    return {.tenant = scope.tenant,
            .tokenizer = scope.tokenizer,
            .ttl = block->empty() ? 0s : scope.ttl,  // Negative ones are short-lived.
            .negative = block->empty()};
  }
};

std::unexpected<Error> refusal(Errc code) {
  return fail(code, "a passage can't be encoded, as was found out a moment ago");
}

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
    store->listen(&listener);
  }

  void find_in_memory(Request& request) {
    std::unordered_map<BlockKey, std::size_t, BlockKeyHash> firsts;
    TimePoint before = clock.now();
    for (std::size_t i = 0; i < request.keys.size(); ++i) {
      if (auto known = memory.find(request.keys[i]); known && !*known) {
        request.refused = known->error();
      } else if (known) {
        request.found[i] = {std::move(**known), Source::memory};
      } else if (auto [at, first] = firsts.try_emplace(request.keys[i], i); first) {
        request.missing.push_back(i);
      } else {
        request.repeats.emplace_back(i, at->second);
      }
      const TimePoint after = clock.now();
      request.latency[i] = after - before;
      before = after;
    }
  }

  void find_in_store(Request& request) {
    if (store == nullptr || request.missing.empty()) return;
    const std::size_t bytes_asked = request.bytes_missing();
    if (!cost.should_read(bytes_asked)) {
      counters.with([&](Counters& c) { c.bypassed += request.missing.size(); });
      return;
    }
    auto pass = store_gate.enter(request.deadline);
    if (!pass) return;  // Closed.
    const TimePoint start = clock.now();
    std::vector<BlockKey> keys;
    keys.reserve(request.missing.size());
    for (std::size_t i : request.missing) keys.push_back(request.keys[i]);
    const Deadline own = Deadline::after(options.store_timeout);
    const std::uint64_t mark = listener.mark();
    auto values =
        store->find_many(keys, Deadline::at(std::min(own.when(), request.deadline.when())));
    std::uint64_t corruptions = 0;
    if (values && values->size() == keys.size()) {
      std::vector<std::size_t> missing;
      for (std::size_t k = 0; k < keys.size(); ++k) {
        const std::size_t i = request.missing[k];
        const std::optional<Bytes>& value = (*values)[k];
        auto block = value ? decode_block(keys[k], *value, request.scope.codec, options.integrity)
                           : fail(Errc::not_found, "absent");
        if (block) {
          listener.put(mark, keys[k], *block, request.put_options(*block));
          request.found[i] = {std::move(*block), Source::store};
        } else {
          missing.push_back(i);
          if (value) {
            ++corruptions;
            request.changes.push_back({keys[k], nullptr, request.scope});
          }
        }
        request.latency[i] +=
            clock.now() - start;  // Every one of them waited for the whole look-up.
      }
      request.missing = std::move(missing);
      cost.read(bytes_asked, bytes_asked - request.bytes_missing(), clock.now() - start);
      if (corruptions > 0) counters.with([&](Counters& c) { c.corruptions += corruptions; });
    } else {
      const auto lost = clock.now() - start;
      for (std::size_t i : request.missing) request.latency[i] += lost;
      counters.with([](Counters& c) { ++c.errors; });
    }
  }

  Result<void> encode_missing(Request& request) {
    std::vector<std::pair<std::size_t, Flights::Flight>> followed;
    // Joined one by one, so that two calls with the same passages share the work instead of one
    // doing all of it. What we lead is always resolved before we wait for what we follow: no
    // deadlock.
    for (std::size_t i : request.missing) {
      Flights::Flight flight = flights.join(request.keys[i]);
      if (!flight.leads()) {
        followed.emplace_back(i, std::move(flight));
      } else if (auto led = lead(request, i, flight); !led) {
        return led;
      }
    }
    for (auto& [i, flight] : followed) {
      if (auto followed_up = follow(request, i, flight); !followed_up) return followed_up;
    }
    return {};
  }

  Result<void> lead(Request& request, std::size_t i, Flights::Flight& flight) {
    const TimePoint start = clock.now();
    const BlockKey& key = request.keys[i];
    // It may have been encoded between our look-up and our joining.
    if (auto known = memory.find(key); known && !*known) {
      auto refused = refusal(known->error());
      flight.resolve(refused);
      return refused;
    } else if (known) {
      flight.resolve(**known);
      request.found[i] = {std::move(**known), Source::memory};
      request.latency[i] += clock.now() - start;
      return {};
    }
    Result<TokenIds> ids = request.encode(i);
    if (ids && !request.text_bytes.empty())
      cost.encoded(request.text_bytes[i], clock.now() - start);
    if (ids && !ids->empty() &&
        *std::ranges::max_element(*ids) >= request.scope.codec.vocabulary_size) {
      ids = fail(Errc::internal, "the tokenizer gave an ID outside its vocabulary");
    }
    if (!ids) {
      // Only what will not go well next time either is remembered.
      memory.put_failure(key, ids.error().code, request.put_options(make_block({})));
      flight.resolve(std::unexpected(ids.error()));
      return std::unexpected(ids.error());
    }
    TokenBlock block = make_block(std::move(*ids));
    memory.put(
        key, block,
        request.put_options(block));  // Before resolve(): who comes after the flight must find it.
    if (write_back) request.changes.push_back({key, block, request.scope});
    flight.resolve(block);
    request.found[i] = {std::move(block), Source::encoded};
    request.latency[i] += clock.now() - start;
    return {};
  }

  Result<void> follow(Request& request, std::size_t i, Flights::Flight& first) {
    const TimePoint start = clock.now();
    std::optional<Flights::Flight> later;
    while (true) {
      Result<TokenBlock> block = (later ? *later : first).wait(request.deadline);
      if (block) {
        request.found[i] = {std::move(*block), Source::coalesced};
        request.latency[i] += clock.now() - start;
        return {};
      }
      if (block.error().code != Errc::cancelled) return std::unexpected(block.error());
      // The leader gave up for a reason of its own: take over, or follow who did.
      later.emplace(flights.join(request.keys[i]));
      if (later->leads()) return lead(request, i, *later);
    }
  }

  void count(const Request& request) {
    counters.with([&](Counters& c) {
      for (std::size_t i = 0; i < request.found.size(); ++i) {
        switch (request.found[i].source) {
          case Source::memory:
            ++c.hits_memory;
            break;
          case Source::store:
            ++c.hits_store;
            break;
          case Source::coalesced:
            ++c.coalesced;
            [[fallthrough]];
          case Source::encoded:
            ++c.misses;
            break;
        }
        (request.found[i].hit() ? c.hit_latency : c.miss_latency).record(request.latency[i]);
      }
    });
  }

  MemoryTier& memory;
  MemoryListener listener{memory};
  Store* const store;
  const Clock& clock;
  const TokenCacheOptions options;
  CostModel cost{options.store_reads};
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
                                                      std::span<const std::size_t> text_bytes) {
  Request request{.keys = keys,
                  .scope = scope,
                  .encode = encode,
                  .deadline = deadline,
                  .text_bytes = text_bytes};
  state_->find_in_memory(request);
  if (request.refused) return refusal(*request.refused);
  state_->find_in_store(request);
  auto encoded = state_->encode_missing(request);
  // What was encoded before something failed is as good as any.
  if (state_->write_back && !request.changes.empty())
    state_->write_back->add(std::move(request.changes));
  if (!encoded) return std::unexpected(encoded.error());
  for (auto [i, first] : request.repeats) {
    request.found[i] = request.found[first];
    request.latency[i] = request.latency[first];
    if (request.found[i].source == Source::encoded) request.found[i].source = Source::coalesced;
  }
  state_->count(request);
  return std::move(request.found);
}

Result<std::uint64_t> TokenCache::erase_many(std::span<const BlockKey> keys, Deadline deadline) {
  std::unordered_set<BlockKey, BlockKeyHash> unique(keys.begin(), keys.end());
  const std::vector<BlockKey> all(unique.begin(), unique.end());
  std::vector<bool> had(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) had[i] = state_->memory.erase(all[i]);

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
        state_->counters.with([](Counters& c) { ++c.errors; });
        return std::unexpected(in_store.error());
      }
      if (part == &others) erased += *in_store;
    }
  }
  return erased;
}

Result<TokenCache::ErasedGroup> TokenCache::erase_group(GroupKind kind, const GroupTag& tag,
                                                        Deadline deadline) {
  ErasedGroup erased{.in_memory = state_->memory.erase_group(kind, tag)};
  auto pass = state_->store != nullptr ? state_->store_gate.enter(deadline) : std::nullopt;
  if (!pass) return erased;
  auto cancelled = state_->write_back->cancel_group(kind, tag, deadline);
  if (!cancelled) return std::unexpected(cancelled.error());
  auto in_store = state_->store->erase_group(kind, tag, deadline);
  if (!in_store) {
    state_->counters.with([](Counters& c) { ++c.errors; });
    return std::unexpected(in_store.error());
  }
  erased.in_store = *cancelled + *in_store;
  return erased;
}

CacheStats TokenCache::stats() const {
  if (state_->store != nullptr) {
    const Deadline deadline = Deadline::after(kUsageTimeout);
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
  state_->counters.with([&](const Counters& c) {
    out.hits_memory = c.hits_memory;
    out.hits_store = c.hits_store;
    out.misses = c.misses;
    out.coalesced = c.coalesced;
    out.corruptions = c.corruptions;
    out.bypassed = c.bypassed;
    out.errors = c.errors + since(queue.errors, c.write_errors_before);
    out.writes_dropped = since(queue.dropped, c.writes_dropped_before);
    out.evictions = since(memory.evictions, c.evictions_before);
    out.hit_latency = c.hit_latency.summary();
    out.miss_latency = c.miss_latency.summary();
  });
  out.hits = out.hits_memory + out.hits_store;
  out.lookups = out.hits + out.misses;
  out.hit_rate =
      out.lookups == 0 ? 0 : static_cast<double>(out.hits) / static_cast<double>(out.lookups);
  out.avg_hit_latency_ms = out.hit_latency.avg_ms;
  out.avg_miss_latency_ms = out.miss_latency.avg_ms;
  out.total_tokens_cached = memory.tokens;
  out.cache_size_mb = static_cast<double>(memory.bytes) / kMiB;
  out.memory_usage_mb = static_cast<double>(memory.bytes + queue.bytes + sizeof(State)) / kMiB;
  out.peak_memory_mb =
      static_cast<double>(memory.bytes_peak + queue.bytes_peak + sizeof(State)) / kMiB;
  const CostModel::Estimate cost = state_->cost.estimate();
  out.encode_us_per_kib = cost.encode_us;
  out.store_read_us_per_kib = cost.read_us;
  out.store_crossover_bytes = cost.crossover_bytes;
  if (state_->store != nullptr) out.store_health = state_->store->health();
  out.store_entries = store.entries;
  out.store_size_mb = static_cast<double>(store.bytes_used) / kMiB;
  return out;
}

void TokenCache::reset_stats() {
  const MemoryTierUsage memory = state_->memory.usage();
  const WriteBackUsage queue = state_->write_back ? state_->write_back->usage() : WriteBackUsage{};
  state_->counters.with([&](Counters& c) {
    c.hits_memory = c.hits_store = c.misses = c.coalesced = c.errors = c.corruptions = c.bypassed =
        0;
    c.hit_latency.reset();
    c.miss_latency.reset();
    c.evictions_before = memory.evictions;
    c.write_errors_before = queue.errors;
    c.writes_dropped_before = queue.dropped;
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
