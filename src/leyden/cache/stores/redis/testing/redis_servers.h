#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "leyden/base/result.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/net/resp.h"

namespace leyden::cache::testing {

// "redis" or "valkey": whether its server is installed.
[[nodiscard]] bool have_server(const std::string& kind);

struct ServerOptions {
  std::string kind = "redis";
  bool tls = false;  // TLS only, on `port`; clients must show a certificate, too.
  bool acl =
      false;  // The default user is off; user "leyden", password "secret" has the least rights that the store needs.
  bool sentinel = false;  // A Sentinel; `configuration` is its file then.
  std::string configuration;
  std::vector<std::string> arguments;  // More of them.
};

// A real server on 127.0.0.1 at a free port and on a unix socket, with a folder of its own. It is killed when this object or
// this process ends, however it ends.
class RedisServer {
 public:
  // Returns when it answers.
  [[nodiscard]] static Result<std::unique_ptr<RedisServer>> start(ServerOptions options);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int cluster_port() const { return cluster_port_; }
  [[nodiscard]] std::string socket() const { return (folder_.path() / "socket").string(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  // "redis://127.0.0.1:port", or rediss:// with all it needs.
  [[nodiscard]] std::string url() const;

  void signal(int number) const;  // SIGSTOP, SIGCONT
  void kill();                    // -9, and waits for its end.
  Result<void> restart();         // At the same port, with the same folder.

  // As an administrator, over the unix socket. An error reply is a value, a dead server an error value of its own ("-GONE").
  net::RespValue ask(std::vector<std::string> arguments) const;
  // ask() until the reply says `want` (text, or a number); false after 20 s.
  [[nodiscard]] bool wait_for(const std::vector<std::string>& arguments,
                              const std::string& want) const;

 private:
  explicit RedisServer(ServerOptions options) : options_(std::move(options)) {}
  Result<void> launch();

  ServerOptions options_;
  TemporaryFolder folder_;
  int port_ = 0;
  int cluster_port_ = 0;
  pid_t pid_ = -1;
};

// A master, a replica and three Sentinels that call the master "main".
struct SentinelTrio {
  std::unique_ptr<RedisServer> master;
  std::unique_ptr<RedisServer> replica;
  std::vector<std::unique_ptr<RedisServer>> sentinels;
  [[nodiscard]] static Result<std::unique_ptr<SentinelTrio>> start();
  [[nodiscard]] std::string url() const;
};

// Three masters (the first three nodes at the beginning), each with a replica: node i + 3.
struct RedisCluster {
  std::vector<std::unique_ptr<RedisServer>> nodes;
  [[nodiscard]] static Result<std::unique_ptr<RedisCluster>> start(const std::string& kind);
  [[nodiscard]] std::string url() const;
};

}  // namespace leyden::cache::testing
