#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <sys/types.h>

#include "leyden/base/result.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::retrieval::testing {

// Whether ./dev setup has brought PostgreSQL.
[[nodiscard]] bool have_postgres();

// A real server with pgvector, on a unix socket and at a free port of 127.0.0.1, with a folder of its own; as "nobody" where the test runs as root, which
// it refuses. Over the socket everyone is let in, over TCP with a password only. Killed when this object or this process ends.
class PostgresServer {
 public:
  // Returns when it answers.
  [[nodiscard]] static Result<std::unique_ptr<PostgresServer>> start();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Of the superuser, over the socket.
  [[nodiscard]] std::string url(const std::string& database = "postgres") const;
  // Over TCP.
  [[nodiscard]] std::string url(const std::string& user, const std::string& password,
                                const std::string& database) const;
  // Makes an empty database and gives its name.
  [[nodiscard]] std::string make_database();
  void execute(const std::string& sql, const std::string& database = "postgres") const;

  void signal(int number) const;  // To all of its processes.
  void kill();                    // -9, all of them.
  Result<void> restart();         // With the same folder.

 private:
  PostgresServer() = default;
  Result<void> launch();

  TemporaryFolder folder_;
  std::filesystem::path programs_;
  int port_ = 0;
  pid_t pid_ = -1;  // And that of its process group.
  int databases_ = 0;
};

}  // namespace leyden::retrieval::testing
