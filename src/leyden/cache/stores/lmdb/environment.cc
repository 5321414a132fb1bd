#include "leyden/cache/stores/lmdb/environment.h"

#include <array>
#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace leyden::cache::lmdb {
namespace {

constexpr unsigned kReadersMax = 510;
constexpr unsigned kDatabasesMax = 8;
constexpr int kAttemptsMax = 4;
constexpr std::uint64_t kUnwrittenPagesMax = 256;  // See extend_file().
constexpr int kOtherFormat = MDB_VERSION_MISMATCH;

}  // namespace

Result<std::unique_ptr<Environment>> Environment::open(Folder folder, std::uint64_t capacity_bytes,
                                                       const Clock& clock) {
  std::unique_ptr<Environment> out(new Environment(std::move(folder), capacity_bytes));
  if (auto reserved = out->folder_.reserve_lock_file(kReadersMax); !reserved) {
    return std::unexpected(reserved.error());
  }
  int rc = out->folder_.is_marked_broken() ? MDB_CORRUPTED : out->open_env();
  if (rc != 0 && code_of(rc) == Errc::corrupt) {
    out->env_.reset();
    auto cleared =
        rc == kOtherFormat ? out->folder_.remove_data() : out->folder_.move_data_aside(clock);
    if (cleared) cleared = out->folder_.reserve_lock_file(kReadersMax);
    if (!cleared) return std::unexpected(cleared.error());
    rc = out->open_env();
  }
  if (rc != 0) {
    return fail(Errc::unavailable, "can't open the store {}: {}", out->folder_.path().string(),
                mdb_strerror(rc));
  }
  return out;
}

// MDB_NOMETASYNC: a commit syncs its pages but not the page that makes them the current ones; the
// next commit does. A killed process loses nothing (the kernel has the pages), a machine without
// power loses the last transactions at most, and the file is whole in both cases: right for a
// cache, at half the syncs. MDB_NOSYNC would not be: it lets the disk have the new root before what
// it points to. MDB_NOTLS: readers belong to their transactions, so any thread may read.
// MDB_NORDAHEAD: keys are random.
int Environment::open_env() {
  MDB_env* raw = nullptr;
  if (int rc = mdb_env_create(&raw); rc != 0) return rc;
  env_.reset(raw);
  if (int rc = mdb_env_set_maxdbs(raw, kDatabasesMax); rc != 0) return rc;
  if (int rc = mdb_env_set_maxreaders(raw, kReadersMax); rc != 0) return rc;
  if (int rc = mdb_env_set_mapsize(raw, capacity_bytes_ / kPage * kPage); rc != 0) return rc;
  constexpr unsigned kFlags = MDB_NOTLS | MDB_NOMETASYNC | MDB_NORDAHEAD;
  if (int rc = mdb_env_open(raw, folder_.path().c_str(), kFlags, 0600); rc != 0) return rc;
  int dead = 0;
  if (int rc = mdb_reader_check(raw, &dead); rc != 0) return rc;
  if (int rc = extend_file(); rc != 0) return rc;
  if (int rc = open_databases(); rc != 0) return rc;
  MDB_envinfo info{};
  if (int rc = mdb_env_info(raw, &info); rc != 0) return rc;
  map_bytes_at_open_ = info.me_mapsize;
  return 0;
}

// A transaction never writes pages that it took and gave back, so the file may end a little before
// its last page number. Reading there would kill the process (SIGBUS), and so would a file that was
// cut: a small gap is filled with zeros, which LMDB reports as corrupt where they matter; a large
// one is a cut file.
int Environment::extend_file() {
  MDB_envinfo info{};
  MDB_stat stat{};
  struct stat status{};
  int fd = -1;
  if (int rc = mdb_env_info(env_.get(), &info); rc != 0) return rc;
  if (int rc = mdb_env_stat(env_.get(), &stat); rc != 0) return rc;
  if (int rc = mdb_env_get_fd(env_.get(), &fd); rc != 0) return rc;
  if (::fstat(fd, &status) != 0) return errno;
  const std::uint64_t expected = (info.me_last_pgno + 1) * stat.ms_psize;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size >= expected) return 0;
  if (expected - size > kUnwrittenPagesMax * stat.ms_psize) return MDB_CORRUPTED;
  return ::ftruncate(fd, static_cast<off_t>(expected)) == 0 ? 0 : errno;
}

int Environment::open_databases() {
  MDB_txn* txn = nullptr;
  if (int rc = mdb_txn_begin(env_.get(), nullptr, 0, &txn); rc != 0) return rc;
  auto open_all = [&]() -> int {
    if (int rc = mdb_dbi_open(txn, "meta", MDB_CREATE, &dbs_.meta); rc != 0) return rc;
    MDB_val key = value_of(as_bytes("format"));
    MDB_val value{};
    int rc = mdb_get(txn, dbs_.meta, &key, &value);
    if (rc == 0) {
      const bool known =
          value.mv_size == 4 && load<std::uint32_t>(view_of(value).data()) == kFormat;
      if (!known) return kOtherFormat;
    } else if (rc == MDB_NOTFOUND) {
      std::array<std::byte, 4> format{};
      save(format.data(), kFormat);
      value = value_of(format);
      if (rc = mdb_put(txn, dbs_.meta, &key, &value, 0); rc != 0) return rc;
    } else {
      return rc;
    }
    for (auto [name, dbi] : {std::pair{"values", &dbs_.values},
                             {"tenants", &dbs_.tenants},
                             {"tokenizers", &dbs_.tokenizers},
                             {"expiry", &dbs_.expiry},
                             {"tallies", &dbs_.tallies},
                             {"log", &dbs_.log}}) {
      if (rc = mdb_dbi_open(txn, name, MDB_CREATE, dbi); rc != 0) return rc;
    }
    return 0;
  };
  if (int rc = open_all(); rc != 0) {
    mdb_txn_abort(txn);
    return rc;
  }
  return mdb_txn_commit(txn);
}

Result<Transaction> Environment::begin(Access access, Deadline deadline) {
  if (const auto off = why_off(); !off.empty()) return fail(Errc::unavailable, "{}", off);
  int rc = 0;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto pass = gate_.enter(deadline);
    if (!pass) return fail(Errc::timed_out, "the store is being resized");
    MDB_txn* txn = nullptr;
    rc = mdb_txn_begin(env_.get(), nullptr, access == Access::read ? MDB_RDONLY : 0, &txn);
    if (rc == 0) return Transaction(txn, std::move(*pass));
    pass.reset();
    if (rc == MDB_MAP_RESIZED) {
      // Another process opened the file with a larger capacity: map as much as it did, with
      // nobody inside.
      int resized = 0;
      if (!gate_.alone(deadline, [&] { resized = mdb_env_set_mapsize(env_.get(), 0); })) {
        return fail(Errc::timed_out, "the store waits for readers before it is resized");
      }
      if (resized != 0) return failed("can't be resized", resized);
    } else if (rc == MDB_READERS_FULL) {
      int dead = 0;
      (void)mdb_reader_check(env_.get(), &dead);
      if (dead == 0) break;
    } else {
      break;
    }
  }
  return failed("can't begin a transaction", rc);
}

std::unexpected<Error> Environment::failed(std::string_view what, int rc) {
  auto error = lmdb_error(what, rc);
  if (error.error().code == Errc::corrupt && state_.exchange(State::broken) != State::broken) {
    folder_.mark_broken();
  }
  return error;
}

void Environment::clean_readers() {
  int dead = 0;
  (void)mdb_reader_check(env_.get(), &dead);
}

Result<void> Environment::grow(Deadline deadline) {
  MDB_envinfo info{};
  if (int rc = mdb_env_info(env_.get(), &info); rc != 0) return failed("can't be measured", rc);
  const std::uint64_t larger = (info.me_mapsize + capacity_bytes_ / 8) / kPage * kPage;
  if (larger > map_bytes_at_open_ / 2 * 3) {
    return failed("is full of pages that readers hold", MDB_MAP_FULL);
  }
  int rc = 0;
  if (!gate_.alone(deadline, [&] { rc = mdb_env_set_mapsize(env_.get(), larger); })) {
    return fail(Errc::timed_out, "the store waits for readers before it is resized");
  }
  if (rc != 0) return failed("can't be resized", rc);
  return {};
}

std::optional<std::uint64_t> Environment::last_transaction(Deadline deadline) {
  auto pass = gate_.enter(deadline);
  MDB_envinfo info{};
  if (!pass || mdb_env_info(env_.get(), &info) != 0) return std::nullopt;
  return info.me_last_txnid;
}

bool Environment::check_replaced() {
  int fd = -1;
  struct stat ours{};
  struct stat there{};
  if (mdb_env_get_fd(env_.get(), &fd) != 0 || ::fstat(fd, &ours) != 0) return false;
  if (::stat(folder_.data_file().c_str(), &there) != 0) {
    if (errno != ENOENT) return false;  // Not ours to see any more, but ours.
  } else if (ours.st_dev == there.st_dev && ours.st_ino == there.st_ino) {
    return false;
  }
  State well = State::well;
  state_.compare_exchange_strong(well, State::replaced);
  return true;
}

std::string_view Environment::why_off() const {
  switch (state_.load()) {
    case State::broken:
      return "the store is corrupt: it is made anew at the next start";
    case State::replaced:
      return "the store was made anew by another process: it is shared again after a restart";
    case State::well:
      break;
  }
  return {};
}

}  // namespace leyden::cache::lmdb
