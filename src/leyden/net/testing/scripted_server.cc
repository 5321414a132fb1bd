#include "leyden/net/testing/scripted_server.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace leyden::net::testing {

Peer::~Peer() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
}

std::string Peer::receive() {
  if (!received_.empty()) return std::exchange(received_, {});
  char buffer[65536];
  const ssize_t size = tls_ != nullptr ? SSL_read(tls_.get(), buffer, sizeof(buffer))
                                       : ::recv(fd_, buffer, sizeof(buffer), 0);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : "";
}

std::string Peer::receive_request() {
  std::string have;
  while (true) {
    if (const std::size_t head = have.find("\r\n\r\n"); head != std::string::npos) {
      constexpr std::string_view kLength = "\r\ncontent-length:";
      std::string fields = have.substr(0, head);
      std::ranges::transform(fields, fields.begin(), [](char c) { return std::tolower(c); });
      const std::size_t length = fields.find(kLength);
      std::size_t size = head + 4;
      if (length < head) size += std::stoul(fields.substr(length + kLength.size()));
      if (have.size() >= size) {
        received_ = have.substr(size);
        have.resize(size);
        return have;
      }
    }
    const std::string more = receive();
    if (more.empty()) return "";
    have += more;
  }
}

bool Peer::say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size =
        tls_ != nullptr ? SSL_write(tls_.get(), text.data(),
                                    static_cast<int>(std::min<std::size_t>(text.size(), 1 << 20)))
                        : ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

bool Peer::drip(std::string_view text) {
  return std::ranges::all_of(text, [&](const char& c) { return say({&c, 1}); });
}

void Peer::wait_for_end() {
  while (!receive().empty()) {
  }
}

bool Peer::secure(const std::shared_ptr<ssl_ctx_st>& tls) {
  tls_ = {SSL_new(tls.get()), &SSL_free};
  SSL_set_fd(tls_.get(), fd_);
  return SSL_accept(tls_.get()) == 1;
}

std::string Peer::server_name() const {
  const char* name =
      tls_ == nullptr ? nullptr : SSL_get_servername(tls_.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

void Peer::close() { ::shutdown(fd_, SHUT_RDWR); }

void Peer::goodbye() {
  if (tls_ != nullptr) SSL_shutdown(tls_.get());
}

void Peer::reset() {
  std::lock_guard lock(closing_);
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  ::close(std::exchange(fd_, -1));
}

bool Peer::left() const {
  char next = 0;
  const ssize_t size = ::recv(fd_, &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void Peer::interrupt() {
  std::lock_guard lock(closing_);
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, std::shared_ptr<ssl_ctx_st> tls,
                               std::string path)
    : scripts_(std::move(scripts)), tls_(std::move(tls)), path_(std::move(path)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets whose other end is gone.
  sockaddr_in tcp{};
  tcp.sin_family = AF_INET;
  tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_un unix_socket{};
  unix_socket.sun_family = AF_UNIX;
  path_.copy(unix_socket.sun_path, sizeof(unix_socket.sun_path) - 1);
  auto* const address =
      path_.empty() ? reinterpret_cast<sockaddr*>(&tcp) : reinterpret_cast<sockaddr*>(&unix_socket);
  socklen_t size = path_.empty() ? sizeof(tcp) : sizeof(unix_socket);
  listener_ = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener_, address, size) != 0 || ::listen(listener_, 512) != 0 ||
      (path_.empty() && ::getsockname(listener_, address, &size) != 0)) {
    std::abort();
  }
  port_ = ntohs(tcp.sin_port);
  accepting_ = std::jthread([this] { accept_all(); });
}

void ScriptedServer::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && errno == ECONNABORTED) continue;
    if (fd < 0) return;
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    // Those that are over are cleared away here, so that a server that lives long does not run out of files.
    talks_.remove_if([](const Talk& talk) { return talk.over.load(); });
    Talk& talk = talks_.emplace_back(fd);
    const Script& script =
        scripts_[std::min(static_cast<std::size_t>(accepted_++), scripts_.size() - 1)];
    talk.thread = std::jthread([this, &talk, &script] {
      if (tls_ == nullptr || talk.peer.secure(tls_)) script(talk.peer);
      talk.peer.interrupt();
      talk.over = true;  // Closed by the accepting thread: no other file takes its number before.
    });
  }
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (Talk& talk : talks_) talk.peer.interrupt();
  talks_.clear();
  ::close(listener_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace leyden::net::testing
