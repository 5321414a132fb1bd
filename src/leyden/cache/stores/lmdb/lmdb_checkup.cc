#include "leyden/cache/stores/lmdb/lmdb_checkup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "leyden/cache/stores/lmdb/folder.h"
#include "leyden/cache/stores/lmdb/handles.h"
#include "leyden/cache/stores/lmdb/layout.h"
#include "leyden/cache/stores/lmdb/writer_lock.h"

namespace leyden::cache {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using lmdb::DiskKind;

constexpr std::uint64_t kRoomMin = 16 * MiB;
constexpr std::uint64_t kGapPagesMax = 256;  // As in environment.cc: a file may end so much early.
constexpr std::size_t kProbeBytes = 10 * 1000;
constexpr int kProbeReads = 100;
constexpr double kSlowWriteMs = 200;
constexpr std::uint64_t kOldReader = 1000;  // Transactions that a reader may be behind.

std::string reason(int error) { return std::generic_category().message(error); }

std::string mib(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(MiB));
}

bool may(const fs::path& path, int rights) {
  return ::faccessat(AT_FDCWD, path.c_str(), rights, AT_EACCESS) == 0;
}

// The folder or, where it is not there, the one in which it would be made.
fs::path nearest(fs::path path) {
  std::error_code ignored;
  path = fs::absolute(path, ignored);
  while (path.has_parent_path() && path != path.parent_path() && !fs::exists(path, ignored))
    path = path.parent_path();
  return path;
}

void check_file_system(const fs::path& place, Findings& out) {
  struct statfs status{};
  if (::statfs(place.c_str(), &status) != 0) {
    out.note("file_system", "can't be seen: " + reason(errno), "use a local disk");
    return;
  }
  const auto found = lmdb::file_system_of(static_cast<std::uint64_t>(status.f_type) & 0xffffffffU);
  const std::string name(found.name.empty() ? "a local disk" : found.name);
  switch (found.kind) {
    case DiskKind::local:
      out.ok("file_system", name);
      break;
    case DiskKind::memory:
      out.note("file_system", name + ": the cache does not survive a reboot",
               "put the data folder (XDG_DATA_HOME) on a disk if it should");
      break;
    case DiskKind::layer:
      out.note("file_system", name + ": the cache goes with the container",
               "put the data folder (XDG_DATA_HOME) on a volume if it should stay");
      break;
    case DiskKind::network:
      out.problem(
          "file_system", name + ": the store maps its file and locks it, which is not safe there",
          "put the data folder (XDG_DATA_HOME) on a local disk; to share between machines use "
          "REDIS_URL");
      break;
  }
}

void check_disk(const fs::path& place, const LmdbStoreOptions& options, Findings& out) {
  struct statvfs disk{};
  if (::statvfs(place.c_str(), &disk) != 0) {
    out.note("disk", "can't be seen: " + reason(errno), "keep a gigabyte free");
    return;
  }
  const std::uint64_t room = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  struct stat data{};
  std::uint64_t taken = 0;
  if (::stat((options.folder / "data.mdb").c_str(), &data) == 0)
    taken = static_cast<std::uint64_t>(data.st_blocks) * 512;
  const std::uint64_t wanted = options.capacity_bytes - std::min(options.capacity_bytes, taken);
  std::string seen = fmt::format("{} free; the data file takes {} and may take {} more", mib(room),
                                 mib(taken), mib(wanted));
  if (room < kRoomMin) {
    out.problem("disk", std::move(seen), "free some of the disk: writes fail");
  } else if (room < wanted) {
    out.warning("disk", std::move(seen),
                "free some of the disk, or set a smaller store_budget_mb: writes will fail");
  } else {
    out.ok("disk", std::move(seen));
  }
}

// False: the store can't be written.
bool check_access(const fs::path& folder, Findings& out) {
  std::vector<std::string> open;
  std::vector<std::string> closed;
  struct stat status{};
  if (::stat(folder.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    open.push_back(fmt::format("the folder ({:04o})", status.st_mode & 07777));
  if (!may(folder, R_OK | W_OK | X_OK)) closed.emplace_back("the folder");
  for (const char* name : {"data.mdb", "lock.mdb", "writer.lock"}) {
    const fs::path file = folder / name;
    if (::stat(file.c_str(), &status) != 0) continue;
    if ((status.st_mode & 077) != 0)
      open.push_back(fmt::format("{} ({:04o})", name, status.st_mode & 07777));
    if (!may(file, R_OK | W_OK)) closed.emplace_back(name);
  }
  if (open.empty()) {
    out.ok("permissions", "only its owner reads and writes it");
  } else {
    out.warning("permissions",
                fmt::format("others may open {}: token IDs are text", fmt::join(open, ", ")),
                fmt::format("chmod -R go= {}", folder.string()));
  }
  if (closed.empty()) {
    out.ok("access", "may be written");
  } else {
    out.problem("access", fmt::format("this user may not write {}", fmt::join(closed, ", ")),
                fmt::format("run as its owner, or: chown -R $(id -u) {0} && chmod -R u+rwX {0}; a "
                            "read-only mount must be writable",
                            folder.string()));
  }
  return closed.empty();
}

struct Readers {
  std::size_t used = 0;
  std::size_t dead = 0;
  std::uint64_t oldest = ~std::uint64_t{0};  // The transaction that one of them still reads.
  int oldest_pid = 0;
};

// A line of mdb_reader_list: "pid thread transaction", "-" for none.
int take_reader(const char* line, void* context) {
  auto& readers = *static_cast<Readers*>(context);
  int pid = 0;
  char thread[40];
  char transaction[40] = "-";
  if (std::sscanf(line, "%d %39s %39s", &pid, thread, transaction) < 2 || pid <= 0) return 0;
  if (pid == ::getpid()) return 0;
  ++readers.used;
  if (::kill(pid, 0) != 0 && errno == ESRCH) ++readers.dead;
  const std::uint64_t number = std::strtoull(transaction, nullptr, 10);
  if (number > 0 && number < readers.oldest) {
    readers.oldest = number;
    readers.oldest_pid = pid;
  }
  return 0;
}

void check_readers(MDB_env* env, const MDB_envinfo& info, Findings& out) {
  Readers readers;
  (void)mdb_reader_list(env, take_reader, &readers);
  const std::string seen =
      fmt::format("{} of {} readers' places taken", readers.used, info.me_maxreaders);
  if (readers.dead > 0) {
    out.note("readers", fmt::format("{}, {} of them by processes that ended", seen, readers.dead),
             "nothing: the next program that opens the store frees them");
  } else if (info.me_last_txnid > readers.oldest &&
             info.me_last_txnid - readers.oldest > kOldReader) {
    out.warning("readers",
                fmt::format("{}; process {} has been in one read for {} transactions: room of what "
                            "was erased since is not used again",
                            seen, readers.oldest_pid, info.me_last_txnid - readers.oldest),
                "see why that process hangs, or end it");
  } else if (readers.used * 10 > static_cast<std::size_t>(info.me_maxreaders) * 9) {
    out.warning("readers", seen, "run fewer processes on one folder, or share by REDIS_URL");
  } else {
    out.ok("readers", seen);
  }
}

struct EnvCloser {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};
using Env = std::unique_ptr<MDB_env, EnvCloser>;
struct TxnAborter {
  void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
};
using Txn = std::unique_ptr<MDB_txn, TxnAborter>;

// False: what is there is of no use to this program, and would be replaced by opening it.
bool check_tables(MDB_env* env, const LmdbStoreOptions& options, const MDB_envinfo& info,
                  Findings& out) {
  const char* const made_anew = "nothing: it is moved aside and begun anew by the next use";
  MDB_txn* raw = nullptr;
  if (const int rc = mdb_txn_begin(env, nullptr, MDB_RDONLY, &raw); rc != 0) {
    out.warning("layout", std::string("can't be read: ") + mdb_strerror(rc), made_anew);
    return false;
  }
  const Txn txn(raw);
  MDB_dbi meta = 0;
  MDB_dbi values = 0;
  int rc = mdb_dbi_open(txn.get(), "meta", 0, &meta);
  if (rc == MDB_NOTFOUND) {
    out.ok("layout", "empty");
    return true;
  }
  MDB_val key = lmdb::value_of(as_bytes("format"));
  MDB_val value{};
  if (rc == 0) rc = mdb_get(txn.get(), meta, &key, &value);
  if (rc != 0) {
    out.warning("layout", std::string("can't be read: ") + mdb_strerror(rc), made_anew);
    return false;
  }
  const std::uint32_t format =
      value.mv_size == 4 ? lmdb::load<std::uint32_t>(lmdb::view_of(value).data()) : 0;
  if (format != lmdb::kFormat) {
    out.warning("layout", fmt::format("{}; this program has {}", format, lmdb::kFormat),
                "run one version of Leyden on a folder: the next use of this one begins it anew");
    return false;
  }
  out.ok("layout", fmt::format("{}", format));
  MDB_stat stat{};
  if (mdb_dbi_open(txn.get(), "values", 0, &values) == 0) (void)mdb_stat(txn.get(), values, &stat);
  const std::uint64_t file = (info.me_last_pgno + 1) * stat.ms_psize;
  std::string seen = fmt::format("{} passages; {} of {} taken", stat.ms_entries, mib(file),
                                 mib(options.capacity_bytes));
  if (file > options.capacity_bytes) {
    out.note("entries", std::move(seen),
             "nothing at once: it grew past its budget where readers held old pages");
  } else {
    out.ok("entries", std::move(seen));
  }
  return true;
}

// Reads what is there without opening it as a store, which could replace it. False as in check_tables.
bool check_data(const LmdbStoreOptions& options, Findings& out) {
  const fs::path lock = options.folder / "lock.mdb";
  std::error_code ignored;
  if (fs::exists(options.folder / "broken", ignored)) {
    out.warning("layout", "marked as damaged by a process that found it so",
                "nothing: it is moved aside and begun anew by the next use");
    return false;
  }
  struct stat data{};
  if (::stat((options.folder / "data.mdb").c_str(), &data) != 0 || data.st_size == 0) {
    out.ok("layout", "no data yet");
    return true;
  }
  MDB_env* raw = nullptr;
  if (mdb_env_create(&raw) != 0) return false;
  const Env env(raw);
  (void)mdb_env_set_maxdbs(raw, 8);
  // Without its lock file LMDB would make one, of another size than the store's.
  const unsigned lockless = may(lock, R_OK | W_OK) ? 0 : MDB_NOLOCK;
  const int rc = mdb_env_open(raw, options.folder.c_str(), MDB_RDONLY | MDB_NOTLS | lockless, 0600);
  MDB_envinfo info{};
  MDB_stat stat{};
  int fd = -1;
  if (rc == 0) {
    (void)mdb_env_info(raw, &info);
    (void)mdb_env_stat(raw, &stat);
    // After the number of pages: a process that writes meanwhile lets the file grow first.
    if (mdb_env_get_fd(raw, &fd) == 0) (void)::fstat(fd, &data);
  }
  const std::uint64_t expected = (info.me_last_pgno + 1) * stat.ms_psize;
  const auto size = static_cast<std::uint64_t>(data.st_size);
  const bool cut = rc == 0 && size + kGapPagesMax * stat.ms_psize < expected;
  if (rc == EACCES || rc == EAGAIN || rc == EROFS) {
    out.problem("layout", std::string("can't be read: ") + mdb_strerror(rc),
                "run as the owner of the folder");
    return false;
  }
  if (rc != 0 || cut) {
    out.warning("layout",
                cut ? fmt::format("the data file is cut: {} of {}", mib(size), mib(expected))
                    : std::string("can't be read: ") + mdb_strerror(rc),
                "nothing: it is moved aside and begun anew by the next use");
    return false;
  }
  // Where a page that is used lay behind the end, reading it through the map would kill this process.
  if (size < expected) {
    out.note("layout",
             fmt::format("the data file ends {} pages early: pages that were never used, or a cut",
                         (expected - size + stat.ms_psize - 1) / stat.ms_psize),
             "use the store once, which fills the gap or begins anew, then look again");
    return false;
  }
  if (!check_tables(raw, options, info, out)) return false;
  if (lockless == 0) check_readers(raw, info, out);
  return true;
}

// What earlier uses moved aside: nobody reads it any more, and nobody removes it.
void check_moved_aside(const fs::path& folder, Findings& out) {
  const std::string begin = folder.filename().string() + ".corrupt-";
  std::error_code error;
  std::uint64_t bytes = 0;
  std::vector<std::string> names;
  for (fs::directory_iterator at(nearest(folder).parent_path(), error), end; !error && at != end;
       at.increment(error)) {
    if (!at->path().filename().string().starts_with(begin)) continue;
    names.push_back(at->path().string());
    std::error_code none;
    const std::uint64_t size = fs::file_size(at->path() / "data.mdb", none);
    if (!none) bytes += size;
  }
  if (names.empty()) return;
  std::ranges::sort(names);
  out.note(
      "moved_aside", fmt::format("{} of damaged data: {}", mib(bytes), fmt::join(names, ", ")),
      fmt::format("see whether the disk fails or was full, then: rm -r {}", fmt::join(names, " ")));
}

// Opening waits for the writer lock without asking us how long.
bool check_writer(const LmdbStoreOptions& options, Deadline deadline, Findings& out) {
  auto lock = WriterLock::open(options.folder / "writer.lock");
  if (!lock) {
    out.problem("writer", lock.error().message, "mend the folder's permissions");
    return false;
  }
  const auto held = (*lock)->hold(deadline);
  if (!held) {
    out.problem("writer", held.error().message,
                fmt::format("see which process holds it and hangs: fuser {}",
                            (options.folder / "writer.lock").string()));
    return false;
  }
  return true;
}

void check_use(const LmdbStoreOptions& options, const Clock& clock, Deadline deadline,
               Findings& out) {
  auto store = LmdbStore::open(options, clock);
  if (!store) {
    out.problem("write", store.error().message, "mend what it says");
    return;
  }
  std::random_device random;
  StoreEntry entry;
  for (std::byte& byte : entry.key.bytes) byte = static_cast<std::byte>(random());
  entry.value.assign(kProbeBytes, std::byte{1});
  entry.ttl = 60s;
  const std::array keys{entry.key};
  const auto began = Deadline::SteadyClock::now();
  if (auto put = (*store)->put_many(std::span(&entry, 1), deadline); !put) {
    out.problem("write", put.error().message, "free some of the disk, or mend what it says");
    return;
  }
  const double write_ms = ms_between(began, Deadline::SteadyClock::now());
  std::vector<double> reads_ms;
  std::string failure;
  while (reads_ms.size() < kProbeReads && failure.empty()) {
    const auto at = Deadline::SteadyClock::now();
    auto found = (*store)->find_many(keys, deadline);
    reads_ms.push_back(ms_between(at, Deadline::SteadyClock::now()));
    if (!found) {
      failure = found.error().message;
    } else if (!found->front() || *found->front() != entry.value) {
      failure = "a value that was written is not there afterwards";
    }
  }
  // Whether or not there is time left: it is ours.
  (void)(*store)->erase_many(keys, Deadline::after(1s));
  if (!failure.empty()) {
    out.problem("write", failure, "give it more time (--timeout-s), or use another disk");
    return;
  }
  std::ranges::sort(reads_ms);
  std::string seen =
      fmt::format("10 kB written and synced in {:.2f} ms, read in p50 {:.4f} ms, p99 {:.4f} ms",
                  write_ms, reads_ms[reads_ms.size() / 2], reads_ms[reads_ms.size() * 99 / 100]);
  if (write_ms > kSlowWriteMs) {
    out.note("write", std::move(seen),
             "put the data folder (XDG_DATA_HOME) on a quicker disk if many passages are new");
  } else {
    out.ok("write", std::move(seen));
  }
}

}  // namespace

lmdb::FileSystem lmdb::file_system_of(std::uint64_t number) {
  struct Known {
    std::uint64_t number;
    FileSystem system;
  };
  // linux/magic.h and the file systems' own sources.
  static constexpr std::array<Known, 21> kKnown{{
      {0xEF53, {"ext4", DiskKind::local}},
      {0x58465342, {"XFS", DiskKind::local}},
      {0x9123683E, {"Btrfs", DiskKind::local}},
      {0xF2F52010, {"F2FS", DiskKind::local}},
      {0x2FC12FC1, {"ZFS", DiskKind::local}},
      {0xCA451A4E, {"bcachefs", DiskKind::local}},
      {0x01021994, {"tmpfs", DiskKind::memory}},
      {0x858458F6, {"ramfs", DiskKind::memory}},
      {0x794C7630, {"overlayfs", DiskKind::layer}},
      {0x6969, {"NFS", DiskKind::network}},
      {0x517B, {"SMB", DiskKind::network}},
      {0xFE534D42, {"SMB", DiskKind::network}},
      {0xFF534D42, {"CIFS", DiskKind::network}},
      {0x01021997, {"9p", DiskKind::network}},
      {0x65735546, {"FUSE", DiskKind::network}},
      {0x00C36400, {"Ceph", DiskKind::network}},
      {0x5346414F, {"AFS", DiskKind::network}},
      {0x73757245, {"Coda", DiskKind::network}},
      {0x0BD00BD0, {"Lustre", DiskKind::network}},
      {0x47504653, {"GPFS", DiskKind::network}},
      {0x786F4256, {"a folder of the host's (vboxsf)", DiskKind::network}},
  }};
  const auto* at = std::ranges::find(kKnown, number, &Known::number);
  return at == kKnown.end() ? FileSystem{} : at->system;
}

std::vector<Finding> check_lmdb(const LmdbStoreOptions& options, const Clock& clock,
                                Deadline deadline) {
  Findings out(options.folder.string());
  if (auto checked = options.check(); !checked) {
    out.problem("options", checked.error().message, "mend the settings");
    return std::move(out.all());
  }
  struct stat status{};
  const bool there = ::stat(options.folder.c_str(), &status) == 0;
  const int error = errno;
  const fs::path place = nearest(options.folder);
  if (!there && error != ENOENT) {
    out.problem("folder", reason(error), "let this user into the folders above it");
    return std::move(out.all());
  }
  if (there && !S_ISDIR(status.st_mode)) {
    out.problem("folder", "not a folder", "move it away, or set another XDG_DATA_HOME");
    return std::move(out.all());
  }
  if (!there && !may(place, W_OK | X_OK)) {
    out.problem("folder",
                fmt::format("not there, and this user may not make it in {}", place.string()),
                "make it, or set another XDG_DATA_HOME");
    return std::move(out.all());
  }
  out.ok("folder", there ? "there" : "not there yet: the first use makes it");
  check_file_system(place, out);
  check_disk(place, options, out);
  if (!there) return std::move(out.all());
  check_moved_aside(options.folder, out);
  const bool writable = check_access(options.folder, out);
  bool of_use = false;
  {
    auto claim = lmdb::Folder::claim(options.folder);
    if (!claim) {
      out.problem("folder", claim.error().message, "close it first");
      return std::move(out.all());
    }
    of_use = check_data(options, out);
  }
  if (writable && of_use && check_writer(options, deadline, out))
    check_use(options, clock, deadline, out);
  return std::move(out.all());
}

}  // namespace leyden::cache
