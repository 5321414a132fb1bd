#include "leyden/cache/stores/lmdb/lmdb_checkup.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/handles.h"
#include "leyden/cache/stores/lmdb/layout.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const SystemClock kClock;
constexpr ::uid_t kNobody = 65534;

LmdbStoreOptions options_in(const fs::path& folder) {
  LmdbStoreOptions options;
  options.folder = folder;
  options.capacity_bytes = 16 * MiB;
  return options;
}

// A store with one passage, closed again.
void fill(const LmdbStoreOptions& options) {
  auto store = LmdbStore::open(options, kClock);
  ASSERT_TRUE(store) << store.error().message;
  StoreEntry entry;
  entry.key.bytes[0] = std::byte{1};
  entry.value.assign(100, std::byte{2});
  ASSERT_TRUE((*store)->put_many(std::span(&entry, 1), Deadline::after(10s)));
}

struct Look {
  std::vector<Finding> findings;
  [[nodiscard]] Finding of(const std::string& id) const {
    const auto at = std::ranges::find(findings, id, &Finding::id);
    if (at != findings.end()) return *at;
    ADD_FAILURE() << "nothing about " << id << "\n" << text();
    return {};
  }
  [[nodiscard]] bool has(const std::string& id) const {
    return std::ranges::find(findings, id, &Finding::id) != findings.end();
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Finding& finding : findings)
      out += fmt::format("{} {}: {} -> {}\n", finding.id, static_cast<int>(finding.severity),
                         finding.seen, finding.advice);
    return out;
  }
};

Look look(const LmdbStoreOptions& options, std::chrono::milliseconds patience = 20s) {
  Look out{check_lmdb(options, kClock, Deadline::after(patience))};
  for (const Finding& finding : out.findings)
    EXPECT_EQ(finding.advice.empty(), finding.severity == Severity::ok) << out.text();
  return out;
}

// As a user whom permissions stop: root is none.
class AsSomeoneElse {
 public:
  AsSomeoneElse() {
    if (::geteuid() == 0) changed_ = ::seteuid(kNobody) == 0;
  }
  ~AsSomeoneElse() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool changed_ = false;
};

TEST(LmdbCheckup, AGoodStoreHasNothingWrongAndKeepsItsEntries) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  for (int i = 0; i < 2; ++i) {
    const Look found = look(options);
    for (const char* id : {"folder", "permissions", "access", "layout", "entries", "readers"})
      EXPECT_EQ(found.of(id).severity, Severity::ok) << found.text();
    EXPECT_LE(found.of("write").severity, Severity::note) << found.text();
    EXPECT_TRUE(found.has("file_system") && found.has("disk"));
    EXPECT_TRUE(found.of("entries").seen.starts_with("1 passages")) << found.text();
  }
  struct stat lock{};
  ASSERT_EQ(::stat((options.folder / "lock.mdb").c_str(), &lock), 0);
  EXPECT_GT(lock.st_size, 64 * 500);
}

TEST(LmdbCheckup, AFolderThatIsNotThereIsNotMade) {
  const TemporaryFolder folder;
  const Look found = look(options_in(folder.path() / "data" / "tokens"));
  EXPECT_EQ(found.of("folder").severity, Severity::ok);
  EXPECT_FALSE(found.has("write"));
  EXPECT_FALSE(fs::exists(folder.path() / "data"));
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_EQ(look(options_in(folder.path() / "file")).of("folder").severity, Severity::problem);
  EXPECT_EQ(look(options_in(folder.path() / "file" / "in")).of("folder").severity,
            Severity::problem);
}

TEST(LmdbCheckup, OthersMayReadIt) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  fs::permissions(options.folder, fs::perms(0755));
  fs::permissions(options.folder / "data.mdb", fs::perms(0644));
  const Finding found = look(options).of("permissions");
  EXPECT_EQ(found.severity, Severity::warning);
  EXPECT_NE(found.seen.find("the folder (0755), data.mdb (0644)"), std::string::npos) << found.seen;
  EXPECT_EQ(found.advice, "chmod -R go= " + options.folder.string());
}

TEST(LmdbCheckup, AFolderThatMayNotBeWritten) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(options.folder, fs::perms(0555));
  for (const auto& file : fs::directory_iterator(options.folder))
    fs::permissions(file.path(), fs::perms(0444));
  Look found;
  {
    const AsSomeoneElse someone;
    found = look(options);
  }
  fs::permissions(options.folder, fs::perms(0755));
  EXPECT_EQ(found.of("access").severity, Severity::problem) << found.text();
  EXPECT_EQ(found.of("layout").severity, Severity::ok) << found.text();
  EXPECT_TRUE(found.of("entries").seen.starts_with("1 passages")) << found.text();
  EXPECT_FALSE(found.has("write"));
}

TEST(LmdbCheckup, AFileSystemInMemory) {
  if (!fs::exists("/dev/shm")) GTEST_SKIP() << "no tmpfs here";
  const TemporaryFolder folder("/dev/shm");
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  const Look found = look(options);
  EXPECT_EQ(found.of("file_system").severity, Severity::note) << found.text();
  EXPECT_NE(found.of("file_system").seen.find("reboot"), std::string::npos);
}

TEST(LmdbCheckup, FileSystemsByNumber) {
  EXPECT_EQ(lmdb::file_system_of(0x6969).kind, lmdb::DiskKind::network);
  EXPECT_EQ(lmdb::file_system_of(0x01021997).name, "9p");
  EXPECT_EQ(lmdb::file_system_of(0x65735546).kind, lmdb::DiskKind::network);
  EXPECT_EQ(lmdb::file_system_of(0xEF53).kind, lmdb::DiskKind::local);
  EXPECT_EQ(lmdb::file_system_of(0x01021994).kind, lmdb::DiskKind::memory);
  EXPECT_EQ(lmdb::file_system_of(1).name, "");
}

// Opening it as a store would move it aside: the doctor only says so.
TEST(LmdbCheckup, DamagedDataStaysWhereItIs) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  const fs::path data = options.folder / "data.mdb";
  std::ofstream(options.folder / "broken") << "";
  EXPECT_EQ(look(options).of("layout").severity, Severity::warning);
  fs::remove(options.folder / "broken");
  std::ofstream(data, std::ios::binary) << std::string(8192, '\0');
  const Look found = look(options);
  EXPECT_EQ(found.of("layout").severity, Severity::warning) << found.text();
  EXPECT_FALSE(found.has("write"));
  EXPECT_EQ(fs::file_size(data), 8192);
}

// Reading behind the end of a mapped file killed the doctor (SIGBUS).
TEST(LmdbCheckup, AFileThatIsCutIsSaidAndStaysAsItIs) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  const fs::path data = options.folder / "data.mdb";
  for (auto pages = fs::file_size(data) / 4096 - 1; pages >= 2; --pages) {
    fs::resize_file(data, pages * 4096);
    const Look found = look(options);
    EXPECT_EQ(found.of("layout").severity, Severity::note) << found.text();
    EXPECT_FALSE(found.has("write"));
    EXPECT_EQ(fs::file_size(data), pages * 4096);
  }
  fill(options);
  EXPECT_EQ(look(options).of("layout").severity, Severity::ok);
}

TEST(LmdbCheckup, WhatWasMovedAsideIsSaid) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  EXPECT_FALSE(look(options).has("moved_aside"));
  std::ofstream(options.folder / "broken") << "";
  fill(options);
  const Finding found = look(options).of("moved_aside");
  EXPECT_EQ(found.severity, Severity::note);
  EXPECT_NE(found.advice.find((folder.path() / "tokens.corrupt-").string()), std::string::npos)
      << found.advice;
}

TEST(LmdbCheckup, AnotherLayoutStaysWhereItIs) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi meta = 0;
    ASSERT_EQ(mdb_env_create(&env), 0);
    ASSERT_EQ(mdb_env_set_maxdbs(env, 8), 0);
    ASSERT_EQ(mdb_env_open(env, options.folder.c_str(), 0, 0600), 0);
    ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
    ASSERT_EQ(mdb_dbi_open(txn, "meta", 0, &meta), 0);
    std::array<std::byte, 4> format{};
    lmdb::save(format.data(), lmdb::kFormat + 1);
    MDB_val key = lmdb::value_of(as_bytes("format"));
    MDB_val value = lmdb::value_of(format);
    ASSERT_EQ(mdb_put(txn, meta, &key, &value, 0), 0);
    ASSERT_EQ(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
  }
  for (int i = 0; i < 2; ++i) {
    const Look found = look(options);
    EXPECT_EQ(found.of("layout").severity, Severity::warning);
    EXPECT_NE(found.of("layout").seen.find(std::to_string(lmdb::kFormat + 1)), std::string::npos);
    EXPECT_FALSE(found.has("write"));
  }
}

// A process that is in a read. Ends with this object, killed.
class Reader {
 public:
  explicit Reader(const fs::path& folder) {
    int pipe[2];
    if (::pipe(pipe) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      MDB_env* env = nullptr;
      MDB_txn* txn = nullptr;
      const bool well = mdb_env_create(&env) == 0 &&
                        mdb_env_open(env, folder.c_str(), MDB_RDONLY | MDB_NOTLS, 0600) == 0 &&
                        mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) == 0;
      const char said = well ? 'y' : 'n';
      if (::write(pipe[1], &said, 1) == 1) ::pause();
      ::_exit(1);
    }
    char said = 'n';
    reads_ = ::read(pipe[0], &said, 1) == 1 && said == 'y';
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
  ~Reader() { kill(); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
  [[nodiscard]] bool reads() const { return reads_; }

 private:
  pid_t pid_ = -1;
  bool reads_ = false;
};

TEST(LmdbCheckup, ReadersAndThoseThatDied) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  const Reader stays(options.folder);
  Reader goes(options.folder);
  ASSERT_TRUE(stays.reads() && goes.reads());
  Finding found = look(options).of("readers");
  EXPECT_EQ(found.severity, Severity::ok) << found.seen;
  EXPECT_TRUE(found.seen.starts_with("2 of")) << found.seen;
  goes.kill();
  found = look(options).of("readers");
  EXPECT_EQ(found.severity, Severity::note) << found.seen;
  EXPECT_NE(found.seen.find("1 of them"), std::string::npos) << found.seen;
  // The store that the look opened has freed the place.
  EXPECT_TRUE(look(options).of("readers").seen.starts_with("1 of"));
}

TEST(LmdbCheckup, AWriterThatHangsIsWaitedForUntilTheDeadline) {
  const TemporaryFolder folder;
  const auto options = options_in(folder.path() / "tokens");
  fill(options);
  const int fd = ::open((options.folder / "writer.lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  const Look found = look(options, 200ms);
  EXPECT_EQ(found.of("writer").severity, Severity::problem);
  EXPECT_FALSE(found.has("write"));
  ::close(fd);
  EXPECT_TRUE(look(options).has("write"));
}

}  // namespace
}  // namespace leyden::cache
