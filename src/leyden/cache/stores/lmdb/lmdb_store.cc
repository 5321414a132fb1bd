#include "leyden/cache/stores/lmdb/lmdb_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leyden/base/guarded.h"
#include "leyden/cache/gate.h"
#include "leyden/cache/stores/lmdb/writer_lock.h"
#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::uint32_t kFormat = 1;     // docs/formats/lmdb.md
constexpr std::size_t kHeaderSize = 16;  // Sequence and expiry, before each value.
constexpr std::uint64_t kPage = 4096;    // For estimates; LMDB's own size is asked where it counts.
constexpr std::uint64_t kUnwrittenPagesMax = 256;  // See extend_file().
constexpr unsigned kReadersMax = 510;
constexpr int kAttemptsMax = 4;
constexpr std::uint64_t kEvictedPerStep = 8;
constexpr int kSweptPerWrite = 64;  // Expired entries that one transaction removes on the side.
constexpr auto kOpenTimeout = 10s;

// LMDB may be open once per process: closing a second one drops the file locks of the first. So
// this one piece of state belongs to the process.
using FolderId = std::pair<dev_t, ino_t>;
Guarded<std::set<FolderId>>& open_folders() {
  static Guarded<std::set<FolderId>> folders;
  return folders;
}

class OpenFolder {
 public:
  explicit OpenFolder(FolderId id) : id_(id) {}
  OpenFolder(OpenFolder&& other) noexcept
      : id_(other.id_), mine_(std::exchange(other.mine_, false)) {}
  OpenFolder& operator=(OpenFolder&&) = delete;
  ~OpenFolder() {
    if (mine_) open_folders().with([&](auto& folders) { folders.erase(id_); });
  }

 private:
  FolderId id_;
  bool mine_ = true;
};

Errc code_of(int rc) {
  switch (rc) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND:  // Only where something must be there.
      return Errc::corrupt;
    case MDB_BAD_TXN:
    case MDB_BAD_VALSIZE:
    case MDB_BAD_DBI:
    case EINVAL:
      return Errc::internal;
    default:
      return Errc::unavailable;
  }
}

std::unexpected<Error> lmdb_error(std::string_view what, int rc) {
  return fail(code_of(rc), "the store {}: {}", what, mdb_strerror(rc));
}

MDB_val value_of(BytesView bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};  // LMDB does not write through it.
}
BytesView view_of(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

template <class T>
T load(const std::byte* from, std::endian order = std::endian::little) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return order == std::endian::native ? value : std::byteswap(value);
}
template <class T>
void save(std::byte* to, T value, std::endian order = std::endian::little) {
  if (order != std::endian::native) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof(value));
}

using SequenceKey =
    std::array<std::byte, 8>;  // Big-endian, so that LMDB's order of bytes is the order of numbers.
SequenceKey sequence_key(std::uint64_t sequence) {
  SequenceKey out{};
  save(out.data(), sequence, std::endian::big);
  return out;
}

struct ValueHeader {
  std::uint64_t sequence = 0;
  std::int64_t expires_s = 0;  // Wall clock, seconds since 1970; 0: never.
};
std::optional<ValueHeader> header_of(const MDB_val& value) {
  const BytesView bytes = view_of(value);
  if (bytes.size() < kHeaderSize) return std::nullopt;
  return ValueHeader{load<std::uint64_t>(bytes.data()), load<std::int64_t>(bytes.data() + 8)};
}

struct EnvCloser {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};
using Env = std::unique_ptr<MDB_env, EnvCloser>;

struct Databases {
  MDB_dbi values = 0;  // Key -> header and value.
  MDB_dbi order = 0;   // Sequence -> key: the oldest written first.
  MDB_dbi meta = 0;    // "format" -> kFormat.
};

// Aborts unless committed. A write transaction stays on its thread.
class Transaction {
 public:
  Transaction(MDB_txn* txn, Gate::Pass pass) : txn_(txn), pass_(std::move(pass)) {}
  Transaction(Transaction&& other) noexcept
      : txn_(std::exchange(other.txn_, nullptr)), pass_(std::move(other.pass_)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  [[nodiscard]] MDB_txn* get() const { return txn_; }
  [[nodiscard]] int commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }

 private:
  MDB_txn* txn_;
  Gate::Pass pass_;
};

// In a write transaction it must end before the commit, which frees it, too.
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  [[nodiscard]] int open(MDB_txn* txn, MDB_dbi dbi) { return mdb_cursor_open(txn, dbi, &cursor_); }
  [[nodiscard]] MDB_cursor* get() const { return cursor_; }

 private:
  MDB_cursor* cursor_ = nullptr;
};

// Pages that hold something now, in bytes: what LMDB's free list has is not counted.
int live_bytes(MDB_txn* txn, const Databases& dbs, std::uint64_t& out) {
  out = 0;
  for (MDB_dbi dbi : {dbs.values, dbs.order, dbs.meta}) {
    MDB_stat stat{};
    if (int rc = mdb_stat(txn, dbi, &stat); rc != 0) return rc;
    out += (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
  }
  return 0;
}

// Removes the entry of that sequence and key; the order's record is left to the caller.
int remove_value(MDB_txn* txn, const Databases& dbs, MDB_val key, std::uint64_t sequence) {
  MDB_val value{};
  int rc = mdb_get(txn, dbs.values, &key, &value);
  if (rc == MDB_NOTFOUND) return 0;
  if (rc != 0) return rc;
  auto header = header_of(value);
  if (header && header->sequence != sequence) return 0;  // Written again since.
  return mdb_del(txn, dbs.values, &key, nullptr);
}

enum class Take { any, expired };

// Removes the entry that was written first. `taken` is false when there is none (of that kind).
int take_oldest(MDB_txn* txn, const Databases& dbs, MDB_cursor* order, Take which,
                std::int64_t now_s, bool& taken) {
  taken = false;
  MDB_val sequence{};
  MDB_val name{};
  int rc = mdb_cursor_get(order, &sequence, &name, MDB_FIRST);
  if (rc == MDB_NOTFOUND) return 0;
  if (rc != 0) return rc;
  BlockKey key;
  if (sequence.mv_size != sizeof(SequenceKey) || name.mv_size != key.bytes.size())
    return MDB_CORRUPTED;
  // Copied: the pages move under our feet once something is deleted.
  std::memcpy(key.bytes.data(), name.mv_data, key.bytes.size());
  const auto number =
      load<std::uint64_t>(static_cast<const std::byte*>(sequence.mv_data), std::endian::big);
  if (which == Take::expired) {
    MDB_val found = value_of(key.bytes);
    MDB_val value{};
    rc = mdb_get(txn, dbs.values, &found, &value);
    if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    auto header = rc == 0 ? header_of(value) : std::nullopt;
    const bool kept = header && header->sequence == number &&
                      (header->expires_s == 0 || header->expires_s > now_s);
    if (kept) return 0;
  }
  rc = remove_value(txn, dbs, value_of(key.bytes), number);
  if (rc != 0) return rc;
  taken = true;
  return mdb_cursor_del(order, 0);
}

int next_sequence(MDB_cursor* order, std::uint64_t& out) {
  MDB_val sequence{};
  MDB_val name{};
  const int rc = mdb_cursor_get(order, &sequence, &name, MDB_LAST);
  out = 1;
  if (rc == MDB_NOTFOUND) return 0;
  if (rc != 0) return rc;
  if (sequence.mv_size != sizeof(SequenceKey)) return MDB_CORRUPTED;
  out = load<std::uint64_t>(static_cast<const std::byte*>(sequence.mv_data), std::endian::big) + 1;
  return 0;
}

// A transaction never writes pages that it took and gave back, so the file may end a little before
// its last page number. Reading there would kill the process (SIGBUS), and so would a file that was
// cut: a small gap is filled with zeros, which LMDB reports as corrupt where they matter; a large
// one is a cut file.
int extend_file(MDB_env* env) {
  MDB_envinfo info{};
  MDB_stat stat{};
  struct stat status{};
  int fd = -1;
  if (int rc = mdb_env_info(env, &info); rc != 0) return rc;
  if (int rc = mdb_env_stat(env, &stat); rc != 0) return rc;
  if (int rc = mdb_env_get_fd(env, &fd); rc != 0) return rc;
  if (::fstat(fd, &status) != 0) return errno;
  const std::uint64_t expected = (info.me_last_pgno + 1) * stat.ms_psize;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size >= expected) return 0;
  if (expected - size > kUnwrittenPagesMax * stat.ms_psize) return MDB_CORRUPTED;
  return ::ftruncate(fd, static_cast<off_t>(expected)) == 0 ? 0 : errno;
}

int open_databases(MDB_env* env, Databases& dbs) {
  MDB_txn* txn = nullptr;
  int rc = mdb_txn_begin(env, nullptr, 0, &txn);
  if (rc != 0) return rc;
  auto check_format = [&]() -> int {
    for (auto [name, dbi] :
         {std::pair{"values", &dbs.values}, {"order", &dbs.order}, {"meta", &dbs.meta}}) {
      if (int opened = mdb_dbi_open(txn, name, MDB_CREATE, dbi); opened != 0) return opened;
    }
    MDB_val key = value_of(as_bytes("format"));
    MDB_val value{};
    int found = mdb_get(txn, dbs.meta, &key, &value);
    if (found == MDB_NOTFOUND) {
      std::array<std::byte, 4> format{};
      save(format.data(), kFormat);
      value = value_of(format);
      return mdb_put(txn, dbs.meta, &key, &value, 0);
    }
    if (found != 0) return found;
    const BytesView format = view_of(value);
    const bool known = format.size() == 4 && load<std::uint32_t>(format.data()) == kFormat;
    return known ? 0 : MDB_VERSION_MISMATCH;
  };
  rc = check_format();
  if (rc != 0) {
    mdb_txn_abort(txn);
    return rc;
  }
  return mdb_txn_commit(txn);
}

// MDB_NOMETASYNC: a commit syncs its pages but not the page that makes them the current ones; the
// next commit does. A killed process loses nothing (the kernel has the pages), a machine without
// power loses the last transactions at most, and the file is whole in both cases: right for a
// cache, at half the syncs. MDB_NOSYNC would not be: it lets the disk have the new root before what
// it points to. MDB_NOTLS: readers belong to their transactions, so any thread may read.
// MDB_NORDAHEAD: keys are random.
int open_env(const LmdbStoreOptions& options, Env& env, Databases& dbs) {
  MDB_env* raw = nullptr;
  if (int rc = mdb_env_create(&raw); rc != 0) return rc;
  env.reset(raw);
  if (int rc = mdb_env_set_maxdbs(raw, 4); rc != 0) return rc;
  if (int rc = mdb_env_set_maxreaders(raw, kReadersMax); rc != 0) return rc;
  if (int rc = mdb_env_set_mapsize(raw, options.capacity_bytes / kPage * kPage); rc != 0) return rc;
  if (int rc = mdb_env_open(raw, options.folder.c_str(), MDB_NOTLS | MDB_NOMETASYNC | MDB_NORDAHEAD,
                            0600);
      rc != 0) {
    return rc;
  }
  int dead = 0;
  if (int rc = mdb_reader_check(raw, &dead); rc != 0) return rc;
  if (int rc = extend_file(raw); rc != 0) return rc;
  return open_databases(raw, dbs);
}

fs::path broken_mark(const fs::path& folder) { return folder / "broken"; }

Result<void> move_aside(const fs::path& folder, const Clock& clock) {
  const auto time =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch());
  fs::path aside = folder;
  aside += fmt::format(".corrupt-{}", time.count());
  for (int i = 2; fs::exists(aside) && i < 100; ++i) {
    aside = folder;
    aside += fmt::format(".corrupt-{}-{}", time.count(), i);
  }
  std::error_code error;
  fs::create_directory(aside, error);
  if (!error) fs::permissions(aside, fs::perms::owner_all, error);
  for (const char* name : {"data.mdb", "lock.mdb"}) {
    if (!error && fs::exists(folder / name)) fs::rename(folder / name, aside / name, error);
  }
  if (!error) fs::remove(broken_mark(folder), error);
  if (error) {
    return fail(Errc::unavailable, "can't move the broken store {} aside: {}", folder.string(),
                error.message());
  }
  return {};
}

Result<OpenFolder> claim(const fs::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
  if (error) {
    return fail(Errc::unavailable, "can't make {}: {}", folder.parent_path().string(),
                error.message());
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Errc::unavailable, "can't make {}: {}", folder.string(),
                std::strerror(errno));  // NOLINT
  }
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return fail(Errc::unavailable, "{} is not a folder", folder.string());
  }
  const FolderId id{status.st_dev, status.st_ino};
  if (!open_folders().with([&](auto& folders) { return folders.insert(id).second; })) {
    return fail(Errc::unavailable, "the store {} is open already in this process: share that one",
                folder.string());
  }
  return OpenFolder(id);
}

}  // namespace

struct LmdbStore::State {
  State(const LmdbStoreOptions& options_, const Clock& clock_, OpenFolder claimed_)
      : options(options_), clock(clock_), claimed(std::move(claimed_)) {}
  ~State() { gate.close(); }

  [[nodiscard]] std::uint64_t live_bytes_max() const { return options.capacity_bytes / 4 * 3; }
  // Of pages that one transaction may dirty: they come on top of the live ones.
  [[nodiscard]] std::uint64_t chunk_bytes_max() const {
    return std::min<std::uint64_t>(8 * MiB, options.capacity_bytes / 64);
  }
  [[nodiscard]] std::int64_t now_s() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch())
        .count();
  }

  // What LMDB says, for the caller. Corruption is remembered in the folder: the next open starts
  // anew.
  std::unexpected<Error> failed(std::string_view what, int rc) {
    auto error = lmdb_error(what, rc);
    if (error.error().code == Errc::corrupt && !broken.exchange(true)) {
      const int fd =
          ::open(broken_mark(options.folder).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      if (fd >= 0) ::close(fd);
    }
    return error;
  }

  Result<Transaction> begin(unsigned flags, Deadline deadline) {
    if (broken)
      return fail(Errc::unavailable, "the store is corrupt: it is made anew at the next start");
    int rc = 0;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      auto pass = gate.enter(deadline);
      if (!pass) return fail(Errc::timed_out, "the store is being resized");
      MDB_txn* txn = nullptr;
      rc = mdb_txn_begin(env.get(), nullptr, flags, &txn);
      if (rc == 0) return Transaction(txn, std::move(*pass));
      pass.reset();
      if (rc == MDB_MAP_RESIZED) {
        // Another process opened the file with a larger capacity: map as much as it did, with
        // nobody inside.
        int resized = 0;
        if (!gate.alone(deadline, [&] { resized = mdb_env_set_mapsize(env.get(), 0); })) {
          return fail(Errc::timed_out, "the store waits for readers before it is resized");
        }
        if (resized != 0) return failed("can't be resized", resized);
      } else if (rc == MDB_READERS_FULL) {
        int dead = 0;
        (void)mdb_reader_check(env.get(), &dead);
        if (dead == 0) break;
      } else {
        break;
      }
    }
    return failed("can't begin a transaction", rc);
  }

  int put_one(MDB_txn* txn, const StoreEntry& entry, std::uint64_t sequence, std::int64_t now) {
    MDB_val key = value_of(entry.key.bytes);
    MDB_val old{};
    int rc = mdb_get(txn, dbs.values, &key, &old);
    if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    if (auto header = rc == 0 ? header_of(old) : std::nullopt) {
      const SequenceKey place = sequence_key(header->sequence);
      MDB_val at = value_of(place);
      rc = mdb_del(txn, dbs.order, &at, nullptr);
      if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    }
    MDB_val value{kHeaderSize + entry.value.size(), nullptr};
    rc = mdb_put(txn, dbs.values, &key, &value, MDB_RESERVE);
    if (rc != 0) return rc;
    auto* to = static_cast<std::byte*>(value.mv_data);
    std::int64_t expires = 0;
    if (options.ttl.count() > 0) {
      expires = now + std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(
                                                    jittered_ttl(options.ttl, entry.key))
                                                    .count());
    }
    save(to, sequence);
    save(to + 8, expires);
    std::ranges::copy(entry.value, to + kHeaderSize);
    const SequenceKey place = sequence_key(sequence);
    MDB_val at = value_of(place);
    return mdb_put(txn, dbs.order, &at, &key, MDB_APPEND);
  }

  // Evicts, oldest first, until the live pages are at most `limit_bytes`, or `count_max` entries
  // are gone. `enough` says which.
  int evict_down_to(MDB_txn* txn, MDB_cursor* order, std::uint64_t limit_bytes,
                    std::uint64_t count_max, bool& enough) {
    for (std::uint64_t count = 0;; ++count) {
      std::uint64_t live = 0;
      if (int rc = live_bytes(txn, dbs, live); rc != 0) return rc;
      enough = live <= limit_bytes;
      if (enough || count == count_max) return 0;
      bool taken = false;
      if (int rc = take_oldest(txn, dbs, order, Take::any, 0, taken); rc != 0) return rc;
      if (!taken) {
        enough = true;  // Nothing is left to evict.
        return 0;
      }
    }
  }

  // One transaction's work, not committed yet.
  int put_all(MDB_txn* txn, std::span<const StoreEntry> entries) {
    const std::int64_t now = now_s();
    Cursor order;
    if (int rc = order.open(txn, dbs.order); rc != 0) return rc;
    bool taken = true;
    for (int i = 0; i < kSweptPerWrite && taken; ++i) {
      if (int rc = take_oldest(txn, dbs, order.get(), Take::expired, now, taken); rc != 0)
        return rc;
    }
    std::uint64_t sequence = 0;
    if (int rc = next_sequence(order.get(), sequence); rc != 0) return rc;
    std::unordered_map<BlockKey, const StoreEntry*, BlockKeyHash>
        last;  // Of one key twice, the last one counts.
    for (const StoreEntry& entry : entries) last[entry.key] = &entry;
    for (const StoreEntry& entry : entries) {
      if (last[entry.key] != &entry) continue;
      if (int rc = put_one(txn, entry, sequence++, now); rc != 0) return rc;
      bool enough = false;
      if (int rc = evict_down_to(txn, order.get(), live_bytes_max(), ~std::uint64_t{0}, enough);
          rc != 0) {
        return rc;
      }
    }
    return 0;
  }

  // One transaction's work, not committed yet. `changed` is false when there is nothing to commit.
  int erase_all(MDB_txn* txn, std::span<const BlockKey> keys, std::uint64_t& erased,
                bool& changed) {
    const std::int64_t now = now_s();
    erased = 0;
    changed = false;
    for (const BlockKey& each : keys) {
      MDB_val key = value_of(each.bytes);
      MDB_val value{};
      int rc = mdb_get(txn, dbs.values, &key, &value);
      if (rc == MDB_NOTFOUND) continue;
      if (rc != 0) return rc;
      if (const auto header = header_of(value)) {
        if (header->expires_s == 0 || header->expires_s > now) ++erased;
        const SequenceKey place = sequence_key(header->sequence);
        MDB_val at = value_of(place);
        rc = mdb_del(txn, dbs.order, &at, nullptr);
        if (rc != 0 && rc != MDB_NOTFOUND) return rc;
      }
      if (rc = mdb_del(txn, dbs.values, &key, nullptr); rc != 0) return rc;
      changed = true;
    }
    return 0;
  }

  Result<std::uint64_t> erase_chunk(std::span<const BlockKey> keys, Deadline deadline) {
    std::uint64_t erased = 0;
    auto work = [&](MDB_txn* txn, bool& changed) { return erase_all(txn, keys, erased, changed); };
    if (auto written = write(work, deadline); !written) return std::unexpected(written.error());
    return erased;
  }

  Result<void> put_chunk(std::span<const StoreEntry> entries, Deadline deadline) {
    return write(
        [&](MDB_txn* txn, bool& changed) {
          changed = true;
          return put_all(txn, entries);
        },
        deadline);
  }

  // Does `work` in a transaction; where the map is full, makes room and does it again.
  template <class Work>
  Result<void> write(Work&& work, Deadline deadline) {
    int rc = 0;
    std::uint64_t limit = live_bytes_max();
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      {
        auto txn = begin(0, deadline);
        if (!txn) return std::unexpected(txn.error());
        bool changed = false;
        rc = work(txn->get(), changed);
        if (rc == 0 && !changed) return {};
        if (rc == 0) {
          if (deadline.passed()) return fail(Errc::timed_out, "the store took too long to write");
          rc = txn->commit();
        }
      }
      if (rc == 0) return {};
      if (rc != MDB_MAP_FULL) return failed("can't write", rc);
      limit = limit / 4 * 3;
      if (auto room = make_room(limit, deadline); !room) return room;
    }
    return failed("is full, pages that readers hold included", MDB_MAP_FULL);
  }

  // For a full map. Freed pages can be used again only by the transaction after the next, and not
  // while a reader may still see them, and evicting takes pages itself: so in small transactions,
  // and where even these find no page (all are pinned by readers, or the file had a larger capacity
  // before) in a map that grows by an eighth.
  Result<void> make_room(std::uint64_t limit_bytes, Deadline deadline) {
    int dead = 0;
    (void)mdb_reader_check(env.get(), &dead);
    for (bool enough = false; !enough;) {
      if (deadline.passed()) return fail(Errc::timed_out, "the store took too long to make room");
      int rc = 0;
      {
        auto txn = begin(0, deadline);
        if (!txn) return std::unexpected(txn.error());
        rc = evict_few(txn->get(), limit_bytes, enough);
        if (rc == 0) rc = txn->commit();
      }
      if (rc == 0) continue;
      enough = false;
      if (rc != MDB_MAP_FULL) return failed("can't make room", rc);
      if (auto grown = grow(deadline); !grown) return grown;
    }
    return {};
  }

  int evict_few(MDB_txn* txn, std::uint64_t limit_bytes, bool& enough) {
    Cursor order;
    const int rc = order.open(txn, dbs.order);
    return rc != 0 ? rc : evict_down_to(txn, order.get(), limit_bytes, kEvictedPerStep, enough);
  }

  Result<void> grow(Deadline deadline) {
    MDB_envinfo info{};
    if (int rc = mdb_env_info(env.get(), &info); rc != 0) return failed("can't be measured", rc);
    const std::uint64_t larger = (info.me_mapsize + options.capacity_bytes / 8) / kPage * kPage;
    if (larger > map_bytes_at_open / 2 * 3)
      return failed("is full of pages that readers hold", MDB_MAP_FULL);
    int rc = 0;
    if (!gate.alone(deadline, [&] { rc = mdb_env_set_mapsize(env.get(), larger); })) {
      return fail(Errc::timed_out, "the store waits for readers before it is resized");
    }
    if (rc != 0) return failed("can't be resized", rc);
    return {};
  }

  const LmdbStoreOptions options;
  const Clock& clock;
  OpenFolder claimed;  // Last to go but for the options.
  std::unique_ptr<WriterLock> writer;
  Env env;
  Databases dbs;
  std::uint64_t map_bytes_at_open = 0;
  Gate gate;
  std::atomic<bool> broken{false};
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
  auto claimed = claim(options.folder);
  if (!claimed) return std::unexpected(claimed.error());
  auto state = std::make_unique<State>(options, clock, std::move(*claimed));
  auto writer = WriterLock::open(options.folder / "writer.lock");
  if (!writer) return std::unexpected(writer.error());
  state->writer = std::move(*writer);

  // Alone, so that nobody moves aside what another process has just made.
  auto held = state->writer->hold(Deadline::after(kOpenTimeout));
  if (!held) return std::unexpected(held.error());
  int rc = fs::exists(broken_mark(options.folder)) ? MDB_CORRUPTED
                                                   : open_env(options, state->env, state->dbs);
  if (rc != 0 && code_of(rc) == Errc::corrupt) {
    state->env.reset();
    if (auto moved = move_aside(options.folder, clock); !moved)
      return std::unexpected(moved.error());
    rc = open_env(options, state->env, state->dbs);
  }
  if (rc != 0) {
    return fail(Errc::unavailable, "can't open the store {}: {}", options.folder.string(),
                mdb_strerror(rc));
  }
  MDB_envinfo info{};
  if (mdb_env_info(state->env.get(), &info) == 0) state->map_bytes_at_open = info.me_mapsize;
  return std::unique_ptr<LmdbStore>(new LmdbStore(std::move(state)));
}

LmdbStore::LmdbStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LmdbStore::~LmdbStore() = default;

Result<std::vector<std::optional<Bytes>>> LmdbStore::find_many(std::span<const BlockKey> keys,
                                                               Deadline deadline) {
  std::vector<std::optional<Bytes>> out(keys.size());
  if (keys.empty()) return out;
  if (deadline.passed()) return fail(Errc::timed_out, "no time left to read from the store");
  auto txn = state_->begin(MDB_RDONLY, deadline);
  if (!txn) return std::unexpected(txn.error());
  const std::int64_t now = state_->now_s();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    MDB_val key = value_of(keys[i].bytes);
    MDB_val value{};
    const int rc = mdb_get(txn->get(), state_->dbs.values, &key, &value);
    if (rc == MDB_NOTFOUND) continue;
    if (rc != 0) return state_->failed("can't read", rc);
    const auto header = header_of(value);
    if (header && (header->expires_s == 0 || header->expires_s > now)) {
      const BytesView bytes = view_of(value).subspan(kHeaderSize);
      out[i].emplace(bytes.begin(), bytes.end());
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
  }
  if (entries.empty()) return {};
  if (deadline.passed()) return fail(Errc::timed_out, "no time left to write to the store");
  auto held = state_->writer->hold(deadline);
  if (!held) return std::unexpected(held.error());
  // Each entry may dirty a page of its own, however small it is.
  const std::uint64_t chunk_bytes_max = state_->chunk_bytes_max();
  for (std::size_t begin = 0; begin < entries.size();) {
    std::size_t end = begin;
    std::uint64_t bytes = 0;
    do {
      bytes += (entries[end++].value.size() + kHeaderSize + kPage) / kPage * kPage;
    } while (end < entries.size() && bytes < chunk_bytes_max);
    if (auto put = state_->put_chunk(entries.subspan(begin, end - begin), deadline); !put)
      return put;
    begin = end;
  }
  return {};
}

Result<std::uint64_t> LmdbStore::erase_many(std::span<const BlockKey> keys, Deadline deadline) {
  if (keys.empty()) return 0;
  if (deadline.passed()) return fail(Errc::timed_out, "no time left to erase from the store");
  auto held = state_->writer->hold(deadline);
  if (!held) return std::unexpected(held.error());
  // A key dirties a page of each database.
  const std::size_t chunk = state_->chunk_bytes_max() / kPage / 2;
  std::uint64_t erased = 0;
  for (std::size_t begin = 0; begin < keys.size(); begin += chunk) {
    auto part =
        state_->erase_chunk(keys.subspan(begin, std::min(chunk, keys.size() - begin)), deadline);
    if (!part) return part;
    erased += *part;
  }
  return erased;
}

Result<std::uint64_t> LmdbStore::erase_group(GroupKind, const GroupTag&, Deadline) {
  return fail(Errc::unsupported, "not yet");
}
void LmdbStore::listen(StoreListener*) {}
StoreHealth LmdbStore::health() const { return {}; }
void LmdbStore::close() {}

Result<StoreUsage> LmdbStore::usage(Deadline deadline) {
  auto txn = state_->begin(MDB_RDONLY, deadline);
  if (!txn) return std::unexpected(txn.error());
  MDB_stat stat{};
  StoreUsage out;
  int rc = mdb_stat(txn->get(), state_->dbs.values, &stat);
  if (rc == 0) rc = live_bytes(txn->get(), state_->dbs, out.bytes_used);
  if (rc != 0) return state_->failed("can't be measured", rc);
  out.entries = stat.ms_entries;
  out.bytes_budget = state_->options.capacity_bytes;
  return out;
}

}  // namespace leyden::cache
