#include "leyden/llm/testing/llama_server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leyden/net/http_client.h"
#include "leyden/net/http_fetch.h"
#include "leyden/net/io_thread.h"

namespace leyden::llm::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kProgram = LEYDEN_LLAMA_SERVER;
constexpr auto kStartTimeout = 120s;  // Much is compiled or tested beside it at times.
constexpr auto kStep = 10ms;

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
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

std::vector<std::string> command(const LlamaServerOptions& options, std::uint16_t port) {
  std::vector<std::string> words{
      kProgram, "--model", options.model_file, "--host", "127.0.0.1", "--port",
      std::to_string(port), "--parallel", std::to_string(options.slots), "--ctx-size",
      // The slots share it.
      std::to_string(options.context_tokens * options.slots), "--metrics", "--no-warmup",
      // Several compute threads wait for each other by spinning, and crawl on a machine whose cores are busy.
      "--threads", "1"};
  if (!options.api_key.empty()) words.insert(words.end(), {"--api-key", options.api_key});
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  return words;
}

}  // namespace

bool have_llama_server() { return ::access(kProgram, X_OK) == 0; }

Result<std::unique_ptr<LlamaServer>> LlamaServer::start(LlamaServerOptions options) {
  std::unique_ptr<LlamaServer> server(new LlamaServer(std::move(options)));
  server->port_ = free_port();
  server->log_ = ::memfd_create("llama-server.log", MFD_CLOEXEC);
  if (server->log_ < 0) return fail(Errc::unavailable, "no file for llama-server's log");
  if (auto launched = server->launch(); !launched) return std::unexpected(launched.error());
  return server;
}

Result<void> LlamaServer::launch() {
  std::vector<std::string> words = command(options_, port_);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return fail(Errc::unavailable, "no /dev/null");
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(nothing, 0);
    for (const int fd : {1, 2}) ::dup2(log_, fd);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
  }
  ::close(nothing);
  if (pid_ < 0) return fail(Errc::unavailable, "no process for llama-server");

  const net::IoThread thread;
  net::HttpClientOptions to_server;
  to_server.endpoint = {"127.0.0.1", port_, ""};
  auto client = net::HttpClient::open(thread, to_server);
  if (!client) return std::unexpected(client.error());
  // Counted in steps: this machine may stand still for minutes.
  for (auto left = std::chrono::milliseconds(kStartTimeout); left.count() > 0; left -= kStep) {
    net::HttpRequest health;
    health.target = "/health";  // The one that asks for no key. 503 while the model is loaded.
    auto answer = net::http_fetch(**client, std::move(health));
    if (answer && answer->head.status == 200) return {};
    if (ended()) return std::unexpected(failure("ends as soon as it is started"));
    std::this_thread::sleep_for(kStep);
  }
  kill();
  return std::unexpected(failure("does not get ready"));
}

LlamaServer::~LlamaServer() {
  kill();
  ::close(log_);
}

bool LlamaServer::ended() {
  if (::waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

void LlamaServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void LlamaServer::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

Result<void> LlamaServer::restart() {
  kill();
  return launch();
}

Result<void> LlamaServer::restart(std::filesystem::path other_model) {
  options_.model_file = std::move(other_model);
  return restart();
}

std::string LlamaServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::string LlamaServer::log() const {
  std::string out;
  std::array<char, 4096> part{};
  for (ssize_t size = 0;
       (size = ::pread(log_, part.data(), part.size(), static_cast<off_t>(out.size()))) > 0;) {
    out.append(part.data(), static_cast<std::size_t>(size));
  }
  return out;
}

Error LlamaServer::failure(std::string_view what) const {
  const std::string said = log();
  return {Errc::unavailable,
          fmt::format("llama-server {}; its log ends with {}", what,
                      said.substr(said.size() - std::min<std::size_t>(said.size(), 500)))};
}

}  // namespace leyden::llm::testing
