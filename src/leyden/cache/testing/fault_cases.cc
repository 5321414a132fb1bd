#include "leyden/cache/testing/fault_cases.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/cache/testing/fault_load.h"
#include "leyden/cache/testing/fault_proxy.h"
#include "leyden/cache/testing/tmpfs.h"

namespace leyden::cache::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* kPrefix = "leyden-test:";
constexpr unsigned kNobody = 65534;

template <class T>
using Made = Result<std::unique_ptr<T>>;

Made<RedisStore> open_redis(const std::string& url, const Clock& clock) {
  auto options = RedisStoreOptions::from_url(url);
  if (!options) return std::unexpected(options.error());
  options->prefix = kPrefix;
  return RedisStore::open(*options, clock);
}

// A redis-server of its own.
class ServerFault : public Fault {
 public:
  ServerFault(std::unique_ptr<RedisServer> server, std::unique_ptr<RedisStore> store)
      : server_(std::move(server)), store_(std::move(store)) {}
  Store& store() override { return *store_; }

 protected:
  RedisServer& server() { return *server_; }

 private:
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<RedisStore> store_;
};

template <class T>
Made<Fault> make_server_fault(const ServerOptions& options, const Clock& clock) {
  auto server = RedisServer::start(options);
  if (!server) return std::unexpected(server.error());
  auto store = open_redis((*server)->url(), clock);
  if (!store) return std::unexpected(store.error());
  return std::make_unique<T>(std::move(*server), std::move(*store));
}

// On the way to a server.
class ProxyFault final : public Fault {
 public:
  ProxyFault(std::unique_ptr<RedisServer> server, std::unique_ptr<FaultProxy> proxy,
             std::unique_ptr<RedisStore> store, const Toxics& toxics)
      : server_(std::move(server)),
        proxy_(std::move(proxy)),
        store_(std::move(store)),
        toxics_(toxics) {}
  Store& store() override { return *store_; }
  void begin(std::span<const BlockKey>) override {
    proxy_->set(toxics_);
    if (toxics_.refuse) proxy_->reset_all();  // Connections that are there would live on.
  }
  void end() override { proxy_->heal(); }
  std::uint64_t values_damaged() const override { return proxy_->corrupted(); }

 private:
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<RedisStore> store_;
  const Toxics toxics_;
};

Made<Fault> make_proxy_fault(const Toxics& toxics, const Clock& clock) {
  auto server = RedisServer::start({});
  if (!server) return std::unexpected(server.error());
  auto proxy = FaultProxy::start(static_cast<std::uint16_t>((*server)->port()));
  if (!proxy) return std::unexpected(proxy.error());
  auto store = open_redis("redis://127.0.0.1:" + std::to_string((*proxy)->port()), clock);
  if (!store) return std::unexpected(store.error());
  return std::make_unique<ProxyFault>(std::move(*server), std::move(*proxy), std::move(*store),
                                      toxics);
}

// Lists under the names of values, again and again, and of the groups that list them.
class WrongType final : public ServerFault {
 public:
  using ServerFault::ServerFault;
  void begin(std::span<const BlockKey> stored) override {
    spoil_groups();
    thread_ = std::jthread([this, stored](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        for (const BlockKey& key : stored) spoil(keys_.value(key));
        spoiled_all_ = true;
        spoiled_all_.notify_all();
      }
    });
    spoiled_all_.wait(false);
  }
  void end() override {
    thread_ = {};
    for (const std::string& name : groups()) server().ask({"UNLINK", name});
  }

 private:
  std::vector<std::string> groups() const {
    std::vector<std::string> out;
    for (unsigned bucket = 0; bucket < kRedisBuckets; ++bucket)
      out.push_back(keys_.group(GroupKind::tenant, load_scope().tenant, bucket));
    return out;
  }
  void spoil_groups() {
    for (const std::string& name : groups()) spoil(name);
  }
  void spoil(const std::string& name) {
    server().ask({"UNLINK", name});
    server().ask({"LPUSH", name, "someone else's"});
  }

  const RedisKeys keys_{kPrefix};
  std::atomic<bool> spoiled_all_{false};
  std::jthread thread_;
};

// Reads are served, writes refused.
class ReadOnlyReplica final : public ServerFault {
 public:
  using ServerFault::ServerFault;
  void begin(std::span<const BlockKey>) override {
    server().ask({"REPLICAOF", "127.0.0.1", "1"});  // Nobody is there, so that it keeps its data.
  }
  void end() override { server().ask({"REPLICAOF", "NO", "ONE"}); }
};

class OutOfMemory final : public ServerFault {
 public:
  using ServerFault::ServerFault;
  void begin(std::span<const BlockKey>) override {
    server().ask({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
    server().ask({"CONFIG", "SET", "maxmemory", "1"});
  }
  void end() override { server().ask({"CONFIG", "SET", "maxmemory", "0"}); }
};

class Loading final : public ServerFault {
 public:
  using ServerFault::ServerFault;
  void begin(std::span<const BlockKey>) override {
    // Clients are answered once a kilobyte (see fault_cases): at each of these keys.
    server().ask({"DEBUG", "POPULATE", "20000", "filler", "1024"});
    server().ask({"CONFIG", "SET", "save", "3600 1"});
    server().ask({"SAVE"});
    server().ask({"CONFIG", "SET", "key-load-delay", "2000"});  // Microseconds a key.
    thread_ = std::jthread([this] { server().ask({"DEBUG", "RELOAD", "NOSAVE"}); });
    (void)server().wait_for({"GET", "x"}, "LOADING");
  }
  void end() override {
    server().ask({"CONFIG", "SET", "key-load-delay", "0"});
    (void)server().wait_for({"PING"}, "PONG");
    thread_ = {};
  }

 private:
  std::jthread thread_;
};

class Killed final : public ServerFault {
 public:
  using ServerFault::ServerFault;
  void begin(std::span<const BlockKey>) override { server().kill(); }
  void end() override { (void)server().restart(); }
};

class Stopped final : public ServerFault {
 public:
  using ServerFault::ServerFault;
  void begin(std::span<const BlockKey>) override { server().signal(SIGSTOP); }
  void end() override { server().signal(SIGCONT); }
};

class RightsTaken final : public ServerFault {
 public:
  using ServerFault::ServerFault;
  void begin(std::span<const BlockKey>) override {
    server().ask({"ACL", "SETUSER", "leyden", "-mget", "-set", "-unlink"});
  }
  void end() override { server().ask({"ACL", "SETUSER", "leyden", "+mget", "+set", "+unlink"}); }
};

// Ends when the Sentinels have made the replica a master.
class Failover final : public Fault {
 public:
  Failover(std::unique_ptr<SentinelTrio> trio, std::unique_ptr<RedisStore> store)
      : trio_(std::move(trio)), store_(std::move(store)) {}
  Store& store() override { return *store_; }
  void begin(std::span<const BlockKey>) override { trio_->master->kill(); }
  void end() override { (void)trio_->replica->wait_for({"INFO", "replication"}, "role:master"); }

 private:
  std::unique_ptr<SentinelTrio> trio_;
  std::unique_ptr<RedisStore> store_;
};

Made<Fault> make_failover(const Clock& clock) {
  auto trio = SentinelTrio::start();
  if (!trio) return std::unexpected(trio.error());
  auto store = open_redis((*trio)->url(), clock);
  if (!store) return std::unexpected(store.error());
  return std::make_unique<Failover>(std::move(*trio), std::move(*store));
}

class DiskFull final : public Fault {
 public:
  DiskFull() : tmpfs_(folder_.path() / "disk", "24m") {}
  Result<void> prepare(const Clock& clock) {
    if (!tmpfs_.mounted()) return fail(Errc::unsupported, "mounting a small tmpfs needs root");
    auto store = LmdbStore::open(
        {.folder = folder_.path() / "disk" / "store", .capacity_bytes = 16 * MiB}, clock);
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    return {};
  }
  Store& store() override { return *store_; }
  // The file has some pages left to write to: until they are used up all is well.
  void begin(std::span<const BlockKey>) override {
    tmpfs_.fill();
    const Deadline patience = Deadline::after(20s);
    while (store_->health().state == StoreState::on && !patience.passed())
      std::this_thread::sleep_for(1ms);
  }
  void end() override { tmpfs_.make_room(); }

 private:
  TemporaryFolder folder_;
  Tmpfs tmpfs_;
  std::unique_ptr<LmdbStore> store_;
};

Made<Fault> make_disk_full(const Clock& clock) {
  auto fault = std::make_unique<DiskFull>();
  if (auto prepared = fault->prepare(clock); !prepared) return std::unexpected(prepared.error());
  return fault;
}

// Of a user who is not root: this thread, and all that it starts, has nobody's rights to files as long as this lives.
class FolderRightsTaken final : public Fault {
 public:
  FolderRightsTaken() {
    fs::permissions(folder_.path(), fs::perms::all);
    ::setfsgid(kNobody);
    ::setfsuid(kNobody);
  }
  ~FolderRightsTaken() override {
    store_.reset();
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
  }
  Result<void> prepare(const Clock& clock) {
    auto store = LmdbStore::open({.folder = path(), .capacity_bytes = 16 * MiB}, clock);
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    return {};
  }
  Store& store() override { return *store_; }
  void begin(std::span<const BlockKey>) override { fs::permissions(path(), fs::perms::none); }
  void end() override { fs::permissions(path(), fs::perms::owner_all); }

 private:
  fs::path path() const { return folder_.path() / "store"; }
  TemporaryFolder folder_;
  std::unique_ptr<LmdbStore> store_;
};

Made<Fault> make_folder_rights_taken(const Clock& clock) {
  auto fault = std::make_unique<FolderRightsTaken>();
  if (auto prepared = fault->prepare(clock); !prepared) return std::unexpected(prepared.error());
  return fault;
}

FaultCase on_the_way(std::string name, bool opens_breaker, const Toxics& toxics) {
  return {.name = std::move(name),
          .opens_breaker = opens_breaker,
          .make = [toxics](const Clock& clock) { return make_proxy_fault(toxics, clock); }};
}

template <class T>
FaultCase on_server(std::string name, bool opens_breaker, const ServerOptions& options = {}) {
  return {.name = std::move(name),
          .opens_breaker = opens_breaker,
          .make = [options](const Clock& clock) { return make_server_fault<T>(options, clock); }};
}

}  // namespace

std::vector<FaultCase> fault_cases() {
  constexpr bool kOpens = true;
  constexpr std::uint64_t kHalfOfAReply = 3000;  // Six values are about 3.5 KB.
  ServerOptions slow_to_load;
  slow_to_load.arguments = {"--loading-process-events-interval-bytes", "1024"};
  ServerOptions with_acl;
  with_acl.acl = true;
  return {
      on_the_way("connection refused", kOpens, {.refuse = true}),
      on_the_way("accepted but silent", kOpens, {.silent = true}),
      on_the_way("slow (2 s)", kOpens, {.latency = 2000ms}),
      on_the_way("cut in mid-reply", kOpens, {.reset_after = kHalfOfAReply}),
      on_the_way("garbage bytes", kOpens, {.garbage = true}),
      on_server<WrongType>("wrong type", !kOpens),
      on_the_way("1 % of values corrupted", !kOpens, {.corrupt_share = 0.01}),
      on_server<ReadOnlyReplica>("read-only replica", !kOpens),
      on_server<OutOfMemory>("out of memory", !kOpens),
      on_server<Loading>("loading", kOpens, slow_to_load),
      {.name = "failover", .opens_breaker = kOpens, .make = make_failover},
      on_server<Killed>("kill -9 and restart", kOpens),
      on_server<Stopped>("SIGSTOP", kOpens),
      on_server<RightsTaken>("rights taken (ACL)", !kOpens, with_acl),
      {.name = "disk full (LMDB)", .is_shared = false, .make = make_disk_full},
      {.name = "rights taken (LMDB's folder)",
       .is_shared = false,
       .make = make_folder_rights_taken},
  };
}

}  // namespace leyden::cache::testing
