#include "leyden/cache/stores/lmdb/lmdb_store.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "leyden/base/guarded.h"
#include "leyden/cache/gate.h"
#include "leyden/cache/stores/lmdb/environment.h"
#include "leyden/cache/stores/lmdb/eviction.h"
#include "leyden/cache/stores/lmdb/invalidation_log.h"
#include "leyden/cache/stores/lmdb/log_follower.h"
#include "leyden/cache/stores/lmdb/tables.h"
#include "leyden/cache/stores/lmdb/writer_lock.h"
#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using lmdb::Environment;
using lmdb::Tables;
using lmdb::Transaction;

constexpr int kAttemptsMax = 4;
constexpr std::uint64_t kEvictedPerStep = 8;
constexpr std::size_t kSweptPerWrite = 64;
constexpr auto kOpenTimeout = 10s;

// What an entry dirties beside its value's own pages, at most: a leaf of `values`, of `expiry`, and of
// the two orders, whose places of one call lie together.
constexpr std::uint64_t kPagesPerPut = 2;
constexpr std::uint64_t kPagesPerErase = 4;

enum class WhenFull { evict, grow };

}  // namespace

struct LmdbStore::State {
  State(const LmdbStoreOptions& options_, const Clock& clock_) : options(options_), clock(clock_) {}

  [[nodiscard]] std::uint64_t live_bytes_max() const { return options.capacity_bytes / 4 * 3; }
  // Of pages that one transaction may dirty: they come on top of the live ones.
  [[nodiscard]] std::uint64_t chunk_bytes_max() const {
    return std::min<std::uint64_t>(8 * MiB, options.capacity_bytes / 64);
  }
  [[nodiscard]] std::uint64_t log_bytes_max() const { return options.capacity_bytes / 64; }
  [[nodiscard]] std::size_t erased_per_chunk() const {
    return std::max<std::size_t>(8, chunk_bytes_max() / lmdb::kPage / kPagesPerErase);
  }
  [[nodiscard]] std::int64_t now_s() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch())
        .count();
  }
  [[nodiscard]] std::int64_t expiry_of(const StoreEntry& entry, std::int64_t now) const {
    const auto ttl = entry.ttl.count() > 0 ? entry.ttl : options.ttl;
    if (ttl.count() == 0) return 0;
    const auto jittered =
        std::chrono::duration_cast<std::chrono::seconds>(jittered_ttl(ttl, entry.key));
    return now + std::max<std::int64_t>(1, jittered.count());
  }

  // Keeps the store open while a call is under way.
  Result<Gate::Pass> enter(Deadline deadline, std::string_view doing) {
    if (deadline.passed()) return fail(Errc::timed_out, "no time left to {} the store", doing);
    auto pass = calls.enter(deadline);
    if (!pass) return fail(Errc::unavailable, "the store is closed");
    return std::move(*pass);
  }

  // One transaction's work, not committed yet.
  int put_all(MDB_txn* txn, std::span<const StoreEntry> entries) {
    const std::int64_t now = now_s();
    Tables tables(txn, environment->dbs());
    if (int rc = lmdb::sweep_expired(tables, now, kSweptPerWrite); rc != 0) return rc;
    std::uint64_t sequence = 0;
    if (int rc = tables.next_sequence(sequence); rc != 0) return rc;
    std::unordered_map<BlockKey, const StoreEntry*, BlockKeyHash>
        last;  // Of one key twice, the last one counts.
    for (const StoreEntry& entry : entries) last[entry.key] = &entry;
    for (const StoreEntry& entry : entries) {
      if (last[entry.key] != &entry) continue;
      lmdb::EntryHeader header;
      header.sequence = sequence++;
      header.expires_s = expiry_of(entry, now);
      header.tenant = entry.tenant;
      header.tokenizer = entry.tokenizer;
      if (int rc = tables.put(entry.key, header, entry.value); rc != 0) return rc;
      if (options.tenant_quota_bytes > 0) {
        const int rc = lmdb::keep_quota(tables, entry.tenant, options.tenant_quota_bytes);
        if (rc != 0) return rc;
      }
      bool enough = false;
      if (int rc = lmdb::evict_down_to(tables, live_bytes_max(), ~std::uint64_t{0}, enough);
          rc != 0) {
        return rc;
      }
    }
    return tables.set_next_sequence(sequence);
  }

  // The same. `erased` counts those whose time was not over.
  int erase_all(MDB_txn* txn, std::span<const BlockKey> keys, std::uint64_t& erased) {
    const std::int64_t now = now_s();
    Tables tables(txn, environment->dbs());
    erased = 0;
    for (const BlockKey& key : keys) {
      std::optional<lmdb::EntryHeader> removed;
      if (int rc = tables.remove(key, removed); rc != 0) return rc;
      if (removed && removed->is_live(now)) ++erased;
    }
    return 0;
  }

  int erase_keys(MDB_txn* txn, std::span<const BlockKey> keys, std::uint64_t& erased) {
    if (int rc = erase_all(txn, keys, erased); rc != 0) return rc;
    if (int rc = lmdb::log_erased(txn, environment->dbs(), keys); rc != 0) return rc;
    return lmdb::trim_log(txn, environment->dbs(), log_bytes_max());
  }

  // A part of a group: the next ones written before `sequence_end`. `more` says whether any may be left.
  int erase_some_of(MDB_txn* txn, GroupKind kind, const GroupTag& tag, std::uint64_t& sequence_end,
                    std::uint64_t& erased, bool& more) {
    Tables tables(txn, environment->dbs());
    if (sequence_end == 0) {
      if (int rc = tables.next_sequence(sequence_end); rc != 0) return rc;
    }
    std::vector<BlockKey> keys;
    const std::size_t count_max = erased_per_chunk();
    if (int rc = tables.oldest_of(kind, tag, sequence_end, count_max, keys); rc != 0) return rc;
    more = keys.size() == count_max;
    if (int rc = erase_all(txn, keys, erased); rc != 0) return rc;
    if (int rc = lmdb::log_erased_group(txn, environment->dbs(), kind, tag); rc != 0) return rc;
    return lmdb::trim_log(txn, environment->dbs(), log_bytes_max());
  }

  // Does `work` in a transaction; where the map is full, makes room and does it again. For who holds
  // the writer lock.
  template <class Work>
  Result<void> write(WhenFull when_full, Deadline deadline, Work&& work) {
    auto written = try_write(when_full, deadline, work);
    // Having waited in vain says nothing about the store.
    if (written || written.error().code != Errc::timed_out) {
      write_failure.with(
          [&](std::string& last) { last = written ? std::string() : written.error().message; });
    }
    return written;
  }

  template <class Work>
  Result<void> try_write(WhenFull when_full, Deadline deadline, Work& work) {
    std::uint64_t limit = live_bytes_max();
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      const auto rc = transact(deadline, work);
      if (!rc) return std::unexpected(rc.error());
      if (*rc == 0) return {};
      if (*rc != MDB_MAP_FULL) return environment->failed("can't write", *rc);
      limit = limit / 4 * 3;
      environment->clean_readers();
      auto room =
          when_full == WhenFull::evict ? make_room(limit, deadline) : environment->grow(deadline);
      if (!room) return room;
    }
    return environment->failed("is full, pages that readers hold included", MDB_MAP_FULL);
  }

  template <class Work>
  Result<int> transact(Deadline deadline, Work& work) {
    if (closing) return fail(Errc::unavailable, "the store is being closed");
    auto txn = environment->begin(Environment::Access::write, deadline);
    if (!txn) return std::unexpected(txn.error());
    const int rc = work(txn->get());
    if (rc != 0) return rc;
    if (deadline.passed()) return fail(Errc::timed_out, "the store took too long to write");
    return txn->commit();
  }

  // For a full map. Freed pages can be used again only by the transaction after the next, and not
  // while a reader may still see them, and evicting takes pages itself: so in small transactions,
  // and where even these find no page (all are pinned by readers, or the file had a larger capacity
  // before) in a map that grows.
  Result<void> make_room(std::uint64_t limit_bytes, Deadline deadline) {
    for (bool enough = false; !enough;) {
      auto evict_few = [&](MDB_txn* txn) {
        Tables tables(txn, environment->dbs());
        return lmdb::evict_down_to(tables, limit_bytes, kEvictedPerStep, enough);
      };
      const auto rc = transact(deadline, evict_few);
      if (!rc) return std::unexpected(rc.error());
      if (*rc == 0) continue;
      enough = false;
      if (*rc != MDB_MAP_FULL) return environment->failed("can't make room", *rc);
      if (auto grown = environment->grow(deadline); !grown) return grown;
    }
    return {};
  }

  void wake_follower() {
    follower.with([](auto& each) {
      if (each) each->wake();
    });
  }

  const LmdbStoreOptions options;
  const Clock& clock;
  std::unique_ptr<WriterLock> writer;
  std::unique_ptr<Environment> environment;  // Null once closed.
  Gate calls;                                // Inside it the two above are there.
  std::atomic<bool> closing{false};
  Guarded<std::string> write_failure;  // Of the last write; empty when it went well.
  std::mutex listening;                // One listen() or close() at a time.
  Guarded<std::unique_ptr<lmdb::LogFollower>> follower;
};

Result<void> LmdbStoreOptions::check() const {
  if (folder.empty()) return fail(Errc::invalid_argument, "folder must not be empty");
  if (capacity_bytes < 4 * MiB || capacity_bytes > 16 * 1024 * GiB) {
    return fail(Errc::invalid_argument, "capacity_bytes must be 4 MiB to 16 TiB, not {}",
                capacity_bytes);
  }
  if (ttl.count() < 0 || ttl > kTtlMax) {
    return fail(Errc::invalid_argument, "ttl must be 0 to {} s, not {} s", kTtlMax.count(),
                ttl.count());
  }
  return {};
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const LmdbStoreOptions& options,
                                                   const Clock& clock) {
  if (auto checked = options.check(); !checked) return std::unexpected(checked.error());
  auto folder = lmdb::Folder::claim(options.folder);
  if (!folder) return std::unexpected(folder.error());
  auto state = std::make_unique<State>(options, clock);
  auto writer = WriterLock::open(options.folder / "writer.lock");
  if (!writer) return std::unexpected(writer.error());
  state->writer = std::move(*writer);
  auto held = state->writer->hold(Deadline::after(kOpenTimeout));
  if (!held) return std::unexpected(held.error());
  auto environment = Environment::open(std::move(*folder), options.capacity_bytes, clock);
  if (!environment) return std::unexpected(environment.error());
  state->environment = std::move(*environment);
  return std::unique_ptr<LmdbStore>(new LmdbStore(std::move(state)));
}

LmdbStore::LmdbStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LmdbStore::~LmdbStore() { close(); }

Result<std::vector<std::optional<Bytes>>> LmdbStore::find_many(std::span<const BlockKey> keys,
                                                               Deadline deadline) {
  std::vector<std::optional<Bytes>> out(keys.size());
  if (keys.empty()) return out;
  auto pass = state_->enter(deadline, "read from");
  if (!pass) return std::unexpected(pass.error());
  auto txn = state_->environment->begin(Environment::Access::read, deadline);
  if (!txn) return std::unexpected(txn.error());
  const Tables tables(txn->get(), state_->environment->dbs());
  const std::int64_t now = state_->now_s();
  std::optional<Tables::Entry> entry;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (int rc = tables.find(keys[i], entry); rc != 0) {
      return state_->environment->failed("can't read", rc);
    }
    if (entry && entry->header.is_live(now)) {
      out[i].emplace(entry->value.begin(), entry->value.end());
    }
    if (deadline.passed()) return fail(Errc::timed_out, "the store took too long to read");
  }
  return out;
}

Result<void> LmdbStore::put_many(std::span<const StoreEntry> entries, Deadline deadline) {
  for (const StoreEntry& entry : entries) {
    if (entry.value.size() > state_->options.value_bytes_max()) {
      return fail(Errc::invalid_argument, "a value of {} bytes is over the store's limit of {}",
                  entry.value.size(), state_->options.value_bytes_max());
    }
    if (entry.ttl.count() < 0 || entry.ttl > kTtlMax) {
      return fail(Errc::invalid_argument, "a time to live must be 0 to {} s, not {} s",
                  kTtlMax.count(), entry.ttl.count());
    }
  }
  if (entries.empty()) return {};
  auto pass = state_->enter(deadline, "write to");
  if (!pass) return std::unexpected(pass.error());
  auto held = state_->writer->hold(deadline);
  if (!held) return std::unexpected(held.error());
  const std::uint64_t chunk_bytes_max = state_->chunk_bytes_max();
  for (std::size_t begin = 0; begin < entries.size();) {
    std::size_t end = begin;
    std::uint64_t bytes = 0;
    do {
      const std::uint64_t value_bytes = entries[end++].value.size() + lmdb::EntryHeader::kSize;
      bytes += (value_bytes / lmdb::kPage + kPagesPerPut) * lmdb::kPage;
    } while (end < entries.size() && bytes < chunk_bytes_max);
    const auto chunk = entries.subspan(begin, end - begin);
    auto put = state_->write(WhenFull::evict, deadline,
                             [&](MDB_txn* txn) { return state_->put_all(txn, chunk); });
    if (!put) return put;
    begin = end;
  }
  return {};
}

Result<std::uint64_t> LmdbStore::erase_many(std::span<const BlockKey> keys, Deadline deadline) {
  if (keys.empty()) return 0;
  auto pass = state_->enter(deadline, "erase from");
  if (!pass) return std::unexpected(pass.error());
  auto held = state_->writer->hold(deadline);
  if (!held) return std::unexpected(held.error());
  const std::size_t count_max = state_->erased_per_chunk();
  std::uint64_t erased = 0;
  for (std::size_t begin = 0; begin < keys.size(); begin += count_max) {
    const auto chunk = keys.subspan(begin, std::min(count_max, keys.size() - begin));
    std::uint64_t part = 0;
    auto written = state_->write(WhenFull::grow, deadline, [&](MDB_txn* txn) {
      return state_->erase_keys(txn, chunk, part);
    });
    if (!written) return std::unexpected(written.error());
    erased += part;
    state_->wake_follower();
  }
  return erased;
}

Result<std::uint64_t> LmdbStore::erase_group(GroupKind kind, const GroupTag& tag,
                                             Deadline deadline) {
  auto pass = state_->enter(deadline, "erase from");
  if (!pass) return std::unexpected(pass.error());
  std::uint64_t sequence_end = 0;  // Known after the first transaction.
  std::uint64_t erased = 0;
  for (bool more = true; more;) {
    // Others may write in between.
    auto held = state_->writer->hold(deadline);
    if (!held) return std::unexpected(held.error());
    std::uint64_t part = 0;
    auto written = state_->write(WhenFull::grow, deadline, [&](MDB_txn* txn) {
      return state_->erase_some_of(txn, kind, tag, sequence_end, part, more);
    });
    if (!written) return std::unexpected(written.error());
    erased += part;
    state_->wake_follower();
  }
  return erased;
}

void LmdbStore::listen(StoreListener* listener) {
  std::lock_guard lock(state_->listening);
  // Ended outside of `follower`'s lock: it may be in a call that lasts.
  auto ended = state_->follower.with([](auto& each) { return std::exchange(each, nullptr); });
  ended.reset();
  if (listener == nullptr || state_->closing) return;
  auto begun = std::make_unique<lmdb::LogFollower>(*state_->environment, *listener);
  state_->follower.with([&](auto& each) { each = std::move(begun); });
}

StoreHealth LmdbStore::health() const {
  if (state_->closing) return {StoreState::off, "the store is closed"};
  auto pass = state_->calls.enter(Deadline::never());
  if (!pass) return {StoreState::off, "the store is closed"};
  if (const auto why = state_->environment->why_off(); !why.empty()) {
    return {StoreState::off, std::string(why)};
  }
  const std::string failure =
      state_->write_failure.with([](const std::string& last) { return last; });
  if (!failure.empty()) return {StoreState::degraded, "writes fail: " + failure};
  return {};
}

void LmdbStore::close() {
  state_->closing = true;
  listen(nullptr);
  std::lock_guard lock(state_->listening);
  if (state_->environment == nullptr) return;
  state_->writer->refuse();
  state_->calls.close();
  state_->environment.reset();
  state_->writer.reset();
}

Result<StoreUsage> LmdbStore::usage(Deadline deadline) {
  auto pass = state_->enter(deadline, "measure");
  if (!pass) return std::unexpected(pass.error());
  auto txn = state_->environment->begin(Environment::Access::read, deadline);
  if (!txn) return std::unexpected(txn.error());
  const Tables tables(txn->get(), state_->environment->dbs());
  StoreUsage out;
  int rc = tables.entry_count(out.entries);
  if (rc == 0) rc = tables.live_bytes(out.bytes_used);
  if (rc != 0) return state_->environment->failed("can't be measured", rc);
  out.bytes_budget = state_->options.capacity_bytes;
  return out;
}

Result<StoreUsage> LmdbStore::tenant_usage(const GroupTag& tenant, Deadline deadline) {
  auto pass = state_->enter(deadline, "measure");
  if (!pass) return std::unexpected(pass.error());
  auto txn = state_->environment->begin(Environment::Access::read, deadline);
  if (!txn) return std::unexpected(txn.error());
  lmdb::Tally tally;
  const int rc = Tables(txn->get(), state_->environment->dbs()).tally_of(tenant, tally);
  if (rc != 0) return state_->environment->failed("can't be measured", rc);
  return StoreUsage{tally.entries, tally.bytes, state_->options.tenant_quota_bytes};
}

}  // namespace leyden::cache
