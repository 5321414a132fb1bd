#include "leyden/cache/stores/lmdb/log_follower.h"

#include "leyden/cache/stores/lmdb/invalidation_log.h"

namespace leyden::cache::lmdb {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kRecordsPerRead = 64;

Deadline soon() { return Deadline::after(LogFollower::kPeriod); }

std::optional<std::uint64_t> newest_position(Environment& environment) {
  auto txn = environment.begin(Environment::Access::read, soon());
  std::uint64_t position = 0;
  if (!txn || log_position(txn->get(), environment.dbs(), position) != 0) return std::nullopt;
  return position;
}

}  // namespace

LogFollower::LogFollower(Environment& environment, StoreListener& listener)
    : environment_(environment),
      listener_(listener),
      position_(newest_position(environment)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LogFollower::~LogFollower() = default;

void LogFollower::wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void LogFollower::run(const std::stop_token& stop) {
  auto last_success = SteadyClock::now();
  bool told_lost = false;
  while (!stop.stop_requested()) {
    if (follow(stop)) {
      last_success = SteadyClock::now();
      told_lost = false;
    } else if (!told_lost && SteadyClock::now() - last_success >= kSilenceMax) {
      listener_.lost();
      told_lost = true;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kPeriod, [&] { return woken_; });
    woken_ = false;
  }
}

bool LogFollower::follow(const std::stop_token& stop) {
  if (environment_.check_replaced()) return false;
  const auto transaction = environment_.last_transaction(soon());
  if (!transaction) return false;
  if (position_ && transaction == last_transaction_) return true;
  if (!position_) {
    position_ = newest_position(environment_);
    if (!position_) return false;
    listener_.lost();
  }
  LogRecords read;
  do {
    {
      auto txn = environment_.begin(Environment::Access::read, soon());
      if (!txn) return false;
      const int rc = read_log(txn->get(), environment_.dbs(), *position_, kRecordsPerRead, read);
      if (rc != 0) {
        (void)environment_.failed("can't read its log", rc);
        return false;
      }
    }
    // Outside the transaction: a listener that takes its time must not pin pages.
    bool understood = !read.missed;
    for (const Bytes& record : read.records) {
      if (stop.stop_requested()) return true;
      understood = tell(record, listener_) && understood;
    }
    if (!understood) listener_.lost();
    position_ = read.position;
  } while (read.records.size() == kRecordsPerRead);
  last_transaction_ = transaction;
  return true;
}

}  // namespace leyden::cache::lmdb
