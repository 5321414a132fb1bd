#include "leyden/cache/stores/redis/redis_store.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "leyden/cache/gate.h"
#include "leyden/cache/stores/redis/redis_calls.h"
#include "leyden/cache/stores/redis/redis_client.h"
#include "leyden/cache/stores/redis/redis_eraser.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_tracking.h"
#include "leyden/cache/stores/redis/redis_writer.h"

namespace leyden::cache {

using net::RespValue;

struct RedisStore::State {
  State(const RedisStoreOptions& given, std::shared_ptr<net::TlsContext> tls,
        const Clock& with_clock)
      : options(given),
        clock(with_clock),
        keys(options.prefix),
        client(options, std::move(tls), clock),
        tracking(client, keys, clock),
        calls(client),
        writer(calls, keys, options, clock),
        eraser(calls, keys) {
    client.tend_also([this] { return tracking.tend(); });
  }

  // Runs `call` unless the store is closed or the deadline has passed.
  template <class T, class F>
  Result<T> guarded(Deadline deadline, F&& call) {
    if (deadline.passed()) return fail(Errc::timed_out, "past the deadline");
    const auto pass = gate.enter(deadline);
    if (!pass) return fail(Errc::unavailable, "the store is closed");
    return call();
  }

  Result<std::vector<std::optional<Bytes>>> find(std::span<const BlockKey> wanted,
                                                 Deadline deadline);
  Result<StoreUsage> walk(Deadline deadline);

  const RedisStoreOptions options;
  const Clock& clock;
  const RedisKeys keys;
  Gate gate;
  std::atomic<bool> closed{false};
  std::once_flag closing;
  RedisClient client;
  RedisTracking tracking;
  RedisCalls calls;
  RedisWriter writer;
  RedisEraser eraser;
};

Result<std::vector<std::optional<Bytes>>> RedisStore::State::find(std::span<const BlockKey> wanted,
                                                                  Deadline deadline) {
  std::vector<std::optional<Bytes>> out(wanted.size());
  // A cluster wants the keys of one command in one slot.
  std::map<unsigned, std::vector<std::size_t>> by_bucket;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    by_bucket[options.mode == RedisMode::cluster ? bucket_of(wanted[i]) : 0].push_back(i);
  }
  std::vector<RedisUnit> units;
  for (const auto& [bucket, indices] : by_bucket) {
    RedisUnit& unit = units.emplace_back(bucket);
    for (std::size_t begin = 0; begin < indices.size(); begin += kRedisKeysPerCommand) {
      const std::size_t end = std::min(begin + kRedisKeysPerCommand, indices.size());
      std::vector<std::string> names;
      names.reserve(end - begin);
      for (std::size_t i = begin; i < end; ++i) names.push_back(keys.value(wanted[indices[i]]));
      unit.request.add(on_keys("MGET", names));
    }
  }
  if (auto error = calls.run(RedisCalls::kReading, units, deadline, true))
    return std::unexpected(std::move(*error));
  auto unit = units.begin();
  for (const auto& [bucket, indices] : by_bucket) {
    std::size_t next = 0;
    for (RespValue& reply : (unit++)->replies) {
      for (RespValue& value : reply.items) {
        if (next == indices.size())
          return fail(Errc::corrupt, "the server answers with more values than were asked for");
        if (value.type == RespValue::Type::text) out[indices[next]] = std::move(value.bytes);
        ++next;
      }
    }
    if (next != indices.size())
      return fail(Errc::corrupt, "the server answers with fewer values than were asked for");
  }
  if (std::ranges::any_of(out, [](const auto& value) { return value.has_value(); }))
    tracking.read_something();
  return out;
}

Result<StoreUsage> RedisStore::State::walk(Deadline deadline) {
  const auto ask = [&](RedisNode& node,
                       const net::RespRequest& request) -> Result<std::vector<RespValue>> {
    auto sent = node.send(request);
    if (!sent) return std::unexpected(sent.error());
    auto replies = (*sent)->wait(deadline);
    if (!replies) return replies;
    if (const RespValue* error = first_error(*replies))
      return fail(Errc::unavailable, "the server says {}", error->message());
    return replies;
  };
  if (auto known = client.directory().node_of(0, deadline); !known)
    return std::unexpected(known.error());
  StoreUsage out;
  for (const auto& node : client.directory().masters()) {
    std::string cursor = "0";
    do {
      net::RespRequest scan;
      scan.add({"SCAN", cursor, "MATCH", keys.values_pattern(), "COUNT", "1000"});
      auto page = ask(*node, scan);
      if (!page) return std::unexpected(page.error());
      if (page->front().items.size() != 2)
        return fail(Errc::corrupt, "the server's SCAN has another form");
      cursor = page->front().items[0].text();
      net::RespRequest sizes;
      for (const RespValue& name : page->front().items[1].items) {
        sizes.add({"STRLEN", name.text()});
        out.bytes_used += name.text().size();
        ++out.entries;
      }
      if (sizes.commands() == 0) continue;
      auto lengths = ask(*node, sizes);
      if (!lengths) return std::unexpected(lengths.error());
      for (const RespValue& length : *lengths)
        out.bytes_used += static_cast<std::uint64_t>(length.integer);
    } while (cursor != "0");
  }
  return out;
}

RedisStore::RedisStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

RedisStore::~RedisStore() { close(); }

Result<std::unique_ptr<RedisStore>> RedisStore::open(const RedisStoreOptions& options,
                                                     const Clock& clock) {
  if (auto checked = options.check(); !checked) return std::unexpected(checked.error());
  std::shared_ptr<net::TlsContext> tls;
  if (options.tls) {
    auto made = net::TlsContext::make(options.tls_options);
    if (!made) return std::unexpected(made.error());
    tls = *made;
  }
  return std::unique_ptr<RedisStore>(
      new RedisStore(std::make_unique<State>(options, std::move(tls), clock)));
}

Result<std::vector<std::optional<Bytes>>> RedisStore::find_many(std::span<const BlockKey> keys,
                                                                Deadline deadline) {
  return state_->guarded<std::vector<std::optional<Bytes>>>(
      deadline, [&]() -> Result<std::vector<std::optional<Bytes>>> {
        if (keys.empty()) return {};
        return state_->find(keys, deadline);
      });
}

Result<void> RedisStore::put_many(std::span<const StoreEntry> entries, Deadline deadline) {
  return state_->guarded<void>(deadline, [&]() -> Result<void> {
    for (const StoreEntry& entry : entries) {
      if (entry.value.size() > state_->options.value_bytes_max) {
        return fail(Errc::invalid_argument, "a value of {} bytes; the store takes up to {}",
                    entry.value.size(), state_->options.value_bytes_max);
      }
    }
    if (entries.empty()) return {};
    return state_->writer.put(entries, deadline);
  });
}

Result<std::uint64_t> RedisStore::erase_many(std::span<const BlockKey> keys, Deadline deadline) {
  return state_->guarded<std::uint64_t>(deadline, [&]() -> Result<std::uint64_t> {
    if (keys.empty()) return 0;
    return state_->eraser.erase_keys(keys, deadline);
  });
}

Result<std::uint64_t> RedisStore::erase_group(GroupKind kind, const GroupTag& tag,
                                              Deadline deadline) {
  return state_->guarded<std::uint64_t>(deadline, [&]() -> Result<std::uint64_t> {
    if (tag == GroupTag{}) return fail(Errc::invalid_argument, "a group without a name");
    auto count = state_->eraser.erase_group(kind, tag, deadline);
    // Told in any case, and after it is done: a part may be gone.
    const auto told = state_->eraser.tell_group(kind, tag, deadline);
    if (count && !told) return std::unexpected(told.error());
    return count;
  });
}

void RedisStore::listen(StoreListener* listener) { state_->tracking.listen(listener); }

StoreHealth RedisStore::health() const {
  if (state_->closed) return {StoreState::off, "closed"};
  const auto masters = state_->client.directory().masters();
  if (masters.empty()) return {StoreState::off, "nobody has said yet who the master is"};
  std::size_t open = 0;
  std::string reason;
  for (const auto& node : masters) {
    if (!node->breaker().open()) continue;
    ++open;
    reason = node->breaker().reason();
  }
  if (open == masters.size()) return {StoreState::off, reason};
  if (open > 0)
    return {StoreState::degraded,
            fmt::format("{} of {} servers: {}", open, masters.size(), reason)};
  reason = state_->calls.refused();
  if (reason.empty()) reason = state_->tracking.trouble();
  return {reason.empty() ? StoreState::on : StoreState::degraded, reason};
}

void RedisStore::close() {
  std::call_once(state_->closing, [this] {
    state_->closed = true;
    state_->client.close();  // Whoever waits is answered now,
    state_->gate.close();    // and has left from here on.
    state_->tracking.close();
    state_->client.stop();
  });
}

Result<StoreUsage> RedisStore::usage(Deadline deadline) {
  return state_->guarded<StoreUsage>(deadline, [&] { return state_->walk(deadline); });
}

Result<std::optional<LeaseToken>> RedisStore::try_lease(const BlockKey& key,
                                                        std::chrono::milliseconds duration,
                                                        Deadline deadline) {
  return state_->guarded<std::optional<LeaseToken>>(
      deadline, [&]() -> Result<std::optional<LeaseToken>> {
        if (duration.count() < 1)
          return fail(Errc::invalid_argument, "a lease of {} ms", duration.count());
        std::random_device random;
        const LeaseToken token =
            fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
        std::vector<RedisUnit> units;
        units.emplace_back(bucket_of(key))
            .request.add(
                {"SET", state_->keys.lease(key), token, "NX", "PX", text_of(duration.count())});
        if (auto error = state_->calls.run(RedisCalls::kLeasing, units, deadline, false))
          return std::unexpected(std::move(*error));
        if (units.front().replies.front().is_null()) return std::nullopt;
        return token;
      });
}

Result<bool> RedisStore::release_lease(const BlockKey& key, const LeaseToken& token,
                                       Deadline deadline) {
  return state_->guarded<bool>(deadline, [&]() -> Result<bool> {
    constexpr std::string_view kRelease =
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end "
        "return 0";
    std::vector<RedisUnit> units;
    units.emplace_back(bucket_of(key))
        .request.add({"EVAL", kRelease, "1", state_->keys.lease(key), token});
    if (auto error = state_->calls.run(RedisCalls::kLeasing, units, deadline, false))
      return std::unexpected(std::move(*error));
    return units.front().replies.front().integer == 1;
  });
}

}  // namespace leyden::cache
