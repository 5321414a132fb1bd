#include "leyden/cache/write_back.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace leyden::cache {
namespace {

constexpr std::size_t kBatchBytes = 1 * MiB;
constexpr std::size_t kBatchChanges = 4096;

// An upper bound of what a change holds: the memory tier may share the block.
std::size_t bytes_of(const WriteBack::Change& change) {
  return sizeof(change) + (change.block ? change.block->capacity() * sizeof(TokenId) : 0);
}

auto among(std::span<const BlockKey> keys) {
  return [wanted = std::unordered_set<BlockKey, BlockKeyHash>(keys.begin(), keys.end())](
             const WriteBack::Change& change) { return wanted.contains(change.key); };
}

auto of_group(GroupKind kind, const GroupTag& tag) {
  return [kind, tag](const WriteBack::Change& change) {
    return change.block &&
           (kind == GroupKind::tenant ? change.scope.tenant : change.scope.tokenizer) == tag;
  };
}

}  // namespace

WriteBack::WriteBack(Store& store, const WriteBackOptions& options, const Integrity& integrity)
    : store_(store),
      options_(options),
      integrity_(integrity),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

WriteBack::~WriteBack() { close(); }

void WriteBack::add(std::vector<Change> changes) {
  {
    std::lock_guard lock(mutex_);
    for (Change& change : changes) {
      const std::size_t bytes = bytes_of(change);
      if (closed_ || usage_.bytes + bytes > options_.queue_bytes) {
        if (change.block) ++usage_.dropped;
        continue;
      }
      usage_.bytes += bytes;
      usage_.bytes_peak = std::max(usage_.bytes_peak, usage_.bytes);
      ++added_;
      queue_.push_back(std::move(change));
    }
  }
  waiting_.notify_one();
}

template <class IsMeant, class Taken>
void WriteBack::take_waiting(IsMeant&& is_meant, Taken&& taken) {
  for (auto at = queue_.begin(); at != queue_.end();) {
    if (!is_meant(*at)) {
      ++at;
      continue;
    }
    if (at->block) taken(*at);
    usage_.bytes -= bytes_of(*at);
    ++done_;
    at = queue_.erase(at);
  }
  written_.notify_all();  // Who flushes may have waited for what was taken out.
}

template <class IsMeant, class Taken>
Result<void> WriteBack::take_out(IsMeant&& is_meant, Taken&& taken, Deadline deadline) {
  std::unique_lock lock(mutex_);
  take_waiting(is_meant, taken);
  auto is_free = [&] { return std::ranges::none_of(batch_, is_meant); };
  // Batches are short: the deadline of one is write_timeout.
  const bool clear = deadline.when() == Deadline::never().when()
                         ? (written_.wait(lock, is_free), true)
                         : written_.wait_until(lock, deadline.when(), is_free);
  if (!clear) return fail(Errc::timed_out, "a value is still being written to the store");
  return {};
}

Result<std::vector<bool>> WriteBack::cancel(std::span<const BlockKey> keys, Deadline deadline) {
  std::unordered_set<BlockKey, BlockKeyHash> taken;
  auto done =
      take_out(among(keys), [&](const Change& change) { taken.insert(change.key); }, deadline);
  if (!done) return std::unexpected(done.error());
  std::vector<bool> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) found[i] = taken.contains(keys[i]);
  return found;
}

Result<std::uint64_t> WriteBack::cancel_group(GroupKind kind, const GroupTag& tag,
                                              Deadline deadline) {
  std::uint64_t taken = 0;
  auto done = take_out(of_group(kind, tag), [&](const Change&) { ++taken; }, deadline);
  if (!done) return std::unexpected(done.error());
  return taken;
}

void WriteBack::drop(std::span<const BlockKey> keys) {
  std::lock_guard lock(mutex_);
  take_waiting(among(keys), [](const Change&) {});
}

void WriteBack::drop_group(GroupKind kind, const GroupTag& tag) {
  std::lock_guard lock(mutex_);
  take_waiting(of_group(kind, tag), [](const Change&) {});
}

Result<void> WriteBack::flush(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const std::uint64_t target = added_;
  auto reached = [&] { return done_ >= target; };
  const bool done = deadline.when() == Deadline::never().when()
                        ? (written_.wait(lock, reached), true)
                        : written_.wait_until(lock, deadline.when(), reached);
  if (!done) return fail(Errc::timed_out, "{} values still wait for the store", added_ - done_);
  if (const std::uint64_t dropped = usage_.dropped - std::exchange(told_dropped_, usage_.dropped);
      dropped > 0 && !closed_) {
    return fail(Errc::unavailable, "{} values could not be written to the store", dropped);
  }
  return {};
}

void WriteBack::close() {
  {
    std::lock_guard lock(mutex_);
    if (!closed_) close_deadline_ = Deadline::after(options_.close_timeout);
    closed_ = true;
  }
  std::lock_guard lock(joining_);  // A second caller returns when it is closed, too, not before.
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
}

WriteBackUsage WriteBack::usage() const {
  std::lock_guard lock(mutex_);
  return usage_;
}

void WriteBack::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    waiting_.wait(lock, stop, [&] { return !queue_.empty(); });
    if (queue_.empty()) return;  // Stopped, and all is written.
    if (close_deadline_.passed()) {
      for (const Change& change : queue_) {
        usage_.bytes -= bytes_of(change);
        if (change.block) ++usage_.dropped;
        ++done_;
      }
      queue_.clear();
      written_.notify_all();
      return;
    }
    std::size_t bytes = 0;
    while (!queue_.empty() && bytes < kBatchBytes && batch_.size() < kBatchChanges) {
      bytes += bytes_of(queue_.front());
      batch_.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    const Deadline own = Deadline::after(options_.write_timeout);
    const Deadline deadline = Deadline::at(std::min(own.when(), close_deadline_.when()));
    lock.unlock();
    const Written written = write(batch_, deadline);  // Others only read it meanwhile.
    lock.lock();
    usage_.errors += written.errors;
    usage_.dropped += written.dropped;
    usage_.bytes -= bytes;
    done_ += batch_.size();
    batch_.clear();
    written_.notify_all();
  }
}

WriteBack::Written WriteBack::write(std::span<const Change> batch, Deadline deadline) {
  // Erasures first: what is put for the same key is right, whenever it came.
  std::vector<BlockKey> erased;
  std::vector<StoreEntry> put;
  for (const Change& change : batch) {
    if (!change.block) {
      erased.push_back(change.key);
    } else {
      put.push_back(
          {.key = change.key,
           .value = encode_block(change.key, *change.block, change.scope.codec, integrity_),
           .tenant = change.scope.tenant,
           .tokenizer = change.scope.tokenizer,
           .ttl = change.scope.ttl});
    }
  }
  Written out;
  if (!erased.empty() && !store_.erase_many(erased, deadline)) ++out.errors;
  if (put.empty()) return out;
  auto all = store_.put_many(put, deadline);
  for (const Change& change : batch) {
    if (change.lease) (void)store_.leases()->release_lease(change.key, *change.lease, deadline);
  }
  if (all) return out;
  ++out.errors;
  if (all.error().code != Errc::invalid_argument || put.size() == 1) {
    out.dropped += put.size();
    return out;
  }
  // One of them is too large for the store: the others shall not suffer for it.
  for (const StoreEntry& entry : put) {
    if (!store_.put_many(std::span(&entry, 1), deadline)) ++out.dropped;
  }
  return out;
}

}  // namespace leyden::cache
