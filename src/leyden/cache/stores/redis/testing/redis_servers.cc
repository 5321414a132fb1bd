#include "leyden/cache/stores/redis/testing/redis_servers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace leyden::cache::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kStartTimeout = 20s;

// docs/redis.md lists these rights.
constexpr const char* kLeastRights =
    "resetchannels -@all +ping +mget +set +unlink +multi +exec +zadd +zcard +zrange +zrem "
    "+zremrangebyscore +pexpire +incrby "
    "+scan +strlen +client|tracking +eval +get +del +cluster|slots +asking";

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

// Runs a program to its end, its output to /dev/null. True: it ended well.
bool run(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command) line += "'" + word + "' ";
  return std::system((line + ">/dev/null 2>&1").c_str()) == 0;
}

// An authority, and a certificate of it for 127.0.0.1 and localhost.
bool make_certificates(const fs::path& folder) {
  const std::string ca_key = folder / "ca.key", ca = folder / "ca.pem", key = folder / "key.pem",
                    request = folder / "request.pem";
  std::ofstream(folder / "san") << "subjectAltName=IP:127.0.0.1,DNS:localhost\n";
  return run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
              "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=leyden-test-ca",
              "-keyout", ca_key, "-out", ca}) &&
         run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
              "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request}) &&
         run({"openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key,
              "-CAcreateserial", "-days", "2", "-extfile", folder / "san", "-out",
              folder / "cert.pem"});
}

net::RespValue error_value(std::string_view text) {
  net::RespValue out;
  out.type = net::RespValue::Type::error;
  const BytesView bytes = as_bytes(text);
  out.bytes.assign(bytes.begin(), bytes.end());
  return out;
}

template <class F>
bool until(F&& well, std::chrono::milliseconds step = 10ms) {
  // Counted in steps: this machine may stand still for minutes.
  for (auto left = std::chrono::milliseconds(kStartTimeout); left.count() > 0; left -= step) {
    if (well()) return true;
    std::this_thread::sleep_for(step);
  }
  return false;
}

}  // namespace

bool have_server(const std::string& kind) {
  return run({"sh", "-c", "command -v " + kind + "-server"});
}

Result<std::unique_ptr<RedisServer>> RedisServer::start(ServerOptions options) {
  std::unique_ptr<RedisServer> server(new RedisServer(std::move(options)));
  server->port_ = free_port();
  server->cluster_port_ = free_port();
  if (server->options_.tls && !make_certificates(server->folder_.path()))
    return fail(Errc::unavailable, "openssl made no certificates");
  if (server->options_.acl) {
    // The administrator comes over the unix socket.
    server->options_.configuration += std::string("user leyden on >secret ~leyden-test:* ") +
                                      kLeastRights +
                                      "\nuser admin on >admin ~* &* +@all\nuser default off\n";
  }
  std::ofstream(server->folder_.path() / "server.conf") << server->options_.configuration;
  if (auto launched = server->launch(); !launched) return std::unexpected(launched.error());
  return server;
}

Result<void> RedisServer::launch() {
  const fs::path& folder = folder_.path();
  const std::string port = std::to_string(port_);
  std::vector<std::string> words{options_.kind + "-server", folder / "server.conf"};
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  if (options_.sentinel) add({"--sentinel"});
  add({"--bind", "127.0.0.1", "--dir", folder, "--logfile", folder / "log", "--unixsocket",
       socket(), "--daemonize", "no"});
  if (options_.tls) {
    add({"--port", "0", "--tls-port", port, "--tls-cert-file", folder / "cert.pem",
         "--tls-key-file", folder / "key.pem", "--tls-ca-cert-file", folder / "ca.pem",
         "--tls-auth-clients", "yes"});
  } else {
    add({"--port", port});
  }
  if (!options_.sentinel)
    add({"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0",
         "--enable-debug-command", "local"});
  for (const std::string& argument : options_.arguments) {
    words.push_back(argument == "CLUSTER_PORT" ? std::to_string(cluster_port_) : argument);
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  ::unlink(socket().c_str());
  // A thread's end would count as the parent's (PR_SET_PDEATHSIG): tests start servers from their main thread.
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int nothing = ::open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) ::dup2(nothing, fd);
    ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
  }
  if (pid_ < 0) return fail(Errc::unavailable, "no process for {}", words.front());
  const bool up = until(
      [&] {
        const net::RespValue pong = ask({"PING"});
        return pong.text() == "PONG";
      },
      5ms);
  if (!up) {
    std::ifstream log(folder / "log");
    const std::string text{std::istreambuf_iterator<char>(log), {}};
    return fail(Errc::unavailable, "{} does not answer; its log ends with {}", words.front(),
                text.substr(text.size() - std::min<std::size_t>(text.size(), 500)));
  }
  return {};
}

RedisServer::~RedisServer() { kill(); }

void RedisServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void RedisServer::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

Result<void> RedisServer::restart() {
  kill();
  return launch();
}

std::string RedisServer::url() const {
  const std::string user = options_.acl ? "leyden:secret@" : "";
  const std::string place = user + "127.0.0.1:" + std::to_string(port_);
  if (!options_.tls) return "redis://" + place;
  const std::string folder = folder_.path().string();
  return "rediss://" + place + "?ca_file=" + folder + "/ca.pem&cert_file=" + folder +
         "/cert.pem&key_file=" + folder + "/key.pem";
}

net::RespValue RedisServer::ask(std::vector<std::string> arguments) const {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
  const timeval patience{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  net::RespRequest request;
  if (options_.acl) request.add({"AUTH", "admin", "admin"});
  const std::vector<std::string_view> words(arguments.begin(), arguments.end());
  request.add(words);
  std::vector<net::RespValue> replies;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      ::send(fd, request.wire().data(), request.wire().size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.wire().size())) {
    net::RespParser parser;
    std::array<std::byte, 4096> buffer{};
    while (replies.size() < request.commands()) {
      const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (size <= 0 ||
          !parser.feed(BytesView(buffer).first(static_cast<std::size_t>(size)), replies))
        break;
    }
  }
  ::close(fd);
  return replies.size() == request.commands() ? replies.back() : error_value("GONE");
}

bool RedisServer::wait_for(const std::vector<std::string>& arguments,
                           const std::string& want) const {
  return until([&] {
    const net::RespValue reply = ask(arguments);
    if (reply.type == net::RespValue::Type::integer) return std::to_string(reply.integer) == want;
    return reply.text().find(want) != std::string_view::npos;
  });
}

Result<std::unique_ptr<SentinelTrio>> SentinelTrio::start() {
  auto trio = std::make_unique<SentinelTrio>();
  auto master = RedisServer::start({});
  if (!master) return std::unexpected(master.error());
  trio->master = std::move(*master);
  const std::string port = std::to_string(trio->master->port());
  ServerOptions of_replica;
  of_replica.arguments = {"--replicaof", "127.0.0.1 " + port};
  auto replica = RedisServer::start(of_replica);
  if (!replica) return std::unexpected(replica.error());
  trio->replica = std::move(*replica);
  // A Sentinel that asks a master without replicas would know none for ten seconds.
  if (!trio->replica->wait_for({"INFO", "replication"}, "master_link_status:up"))
    return fail(Errc::unavailable, "the replica does not follow");
  for (int i = 0; i < 3; ++i) {
    ServerOptions options;
    options.sentinel = true;
    options.configuration =
        "sentinel monitor main 127.0.0.1 " + port +
        " 2\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 3000\n";
    auto sentinel = RedisServer::start(options);
    if (!sentinel) return std::unexpected(sentinel.error());
    trio->sentinels.push_back(std::move(*sentinel));
  }
  for (const auto& sentinel : trio->sentinels) {
    if (!sentinel->wait_for({"INFO", "sentinel"}, "slaves=1,sentinels=3"))
      return fail(Errc::unavailable, "the Sentinels do not find each other");
  }
  return trio;
}

std::string SentinelTrio::url() const {
  std::string out = "redis+sentinel://";
  for (const auto& sentinel : sentinels)
    out += (sentinel == sentinels.front() ? "127.0.0.1:" : ",127.0.0.1:") +
           std::to_string(sentinel->port());
  return out + "/main";
}

Result<std::unique_ptr<RedisCluster>> RedisCluster::start(const std::string& kind) {
  auto cluster = std::make_unique<RedisCluster>();
  for (int i = 0; i < 6; ++i) {
    ServerOptions options;
    options.kind = kind;
    options.arguments = {"--cluster-enabled",
                         "yes",
                         "--cluster-node-timeout",
                         "1500",
                         "--cluster-port",
                         "CLUSTER_PORT",
                         "--cluster-replica-validity-factor",
                         "0"};
    auto node = RedisServer::start(options);
    if (!node) return std::unexpected(node.error());
    cluster->nodes.push_back(std::move(*node));
  }
  const auto& nodes = cluster->nodes;
  for (int i = 0; i < 6; ++i) nodes[i]->ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  const std::array<std::pair<int, int>, 3> ranges{{{0, 5460}, {5461, 10922}, {10923, 16383}}};
  for (int i = 0; i < 3; ++i)
    nodes[i]->ask({"CLUSTER", "ADDSLOTSRANGE", std::to_string(ranges[i].first),
                   std::to_string(ranges[i].second)});
  for (int i = 1; i < 6; ++i) {
    nodes[0]->ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes[i]->port()),
                   std::to_string(nodes[i]->cluster_port())});
  }
  for (const auto& node : nodes) {
    if (!node->wait_for({"CLUSTER", "INFO"}, "cluster_known_nodes:6"))
      return fail(Errc::unavailable, "the nodes do not find each other");
  }
  for (int i = 0; i < 3; ++i) {
    const std::string id(nodes[i]->ask({"CLUSTER", "MYID"}).text());
    if (!nodes[i + 3]->wait_for({"CLUSTER", "REPLICATE", id}, "OK"))
      return fail(Errc::unavailable, "no replica");
  }
  for (int i = 0; i < 6; ++i) {
    const bool ok = nodes[i]->wait_for({"CLUSTER", "INFO"}, "cluster_state:ok") &&
                    (i < 3 ? nodes[i]->wait_for({"INFO", "replication"}, "connected_slaves:1")
                           : nodes[i]->wait_for({"INFO", "replication"}, "master_link_status:up"));
    if (!ok) return fail(Errc::unavailable, "the cluster does not come up");
  }
  return cluster;
}

std::string RedisCluster::url() const {
  std::string out = "redis+cluster://";
  for (int i = 0; i < 3; ++i)
    out += (i == 0 ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(nodes[i]->port());
  return out;
}

}  // namespace leyden::cache::testing
