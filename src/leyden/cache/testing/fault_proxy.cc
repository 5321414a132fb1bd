#include "leyden/cache/testing/fault_proxy.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <deque>
#include <list>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "leyden/cache/testing/resp_walker.h"

namespace leyden::cache::testing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr std::size_t kPendingMax = 1 << 20;  // Of one direction of one connection.
constexpr std::size_t kReadMax = 64 << 10;
constexpr auto kSliceGap = 1ms;
constexpr auto kIdle = 1h;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

Fd new_socket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

// Port 0: any.
Fd listen_on(std::uint16_t port) {
  Fd out = new_socket();
  const int yes = 1;
  const sockaddr_in address = loopback(port);
  if (!out || ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
      ::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(out.get(), 512) != 0) {
    return {};
  }
  return out;
}

void send_at_once(const Fd& fd) {
  const int yes = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// Pairs the replies of one connection with its requests, and damages values of GET and MGET.
class Corrupter {
 public:
  Corrupter(std::mt19937_64& random, std::atomic<std::uint64_t>& values,
            std::atomic<std::uint64_t>& corrupted)
      : random_(random), values_(values), corrupted_(corrupted) {}

  void see_request(std::span<char> bytes) { requests_.walk(bytes); }
  void see_reply(std::span<char> bytes, double share) {
    share_ = share;
    replies_.walk(bytes);
  }

 private:
  void request_part(std::span<char> part, bool begins, bool ends) {
    if (command_known_) return;
    if (begins) command_.clear();
    command_.append(part.begin(), part.end());
    command_known_ = ends;
  }
  void request_end() {
    std::ranges::transform(command_, command_.begin(),
                           [](unsigned char c) { return std::toupper(c); });
    has_values_.push_back(command_ == "GET" || command_ == "MGET");
    command_.clear();
    command_known_ = false;
  }
  // One bit of the part in which the value begins.
  void reply_part(std::span<char> part, bool begins) {
    if (!begins || has_values_.empty() || !has_values_.front()) return;
    ++values_;
    if (std::uniform_real_distribution(0.0, 1.0)(random_) >= share_) return;
    char& hit = part[random_() % part.size()];
    hit = static_cast<char>(hit ^ static_cast<char>(1U << (random_() % 8)));
    ++corrupted_;
  }
  void reply_end(bool is_push) {
    if (!is_push && !has_values_.empty()) has_values_.pop_front();
  }

  std::mt19937_64& random_;
  std::atomic<std::uint64_t>& values_;
  std::atomic<std::uint64_t>& corrupted_;
  double share_ = 0;
  std::string command_;
  bool command_known_ = false;
  std::deque<bool> has_values_;  // By request that has no reply yet.
  RespWalker requests_{{[this](std::span<char> p, bool b, bool e) { request_part(p, b, e); },
                        [this](bool) { request_end(); }}};
  RespWalker replies_{{[this](std::span<char> p, bool b, bool) { reply_part(p, b); },
                       [this](bool is_push) { reply_end(is_push); }}};
};

struct Piece {
  TimePoint due;
  std::vector<char> bytes;
  std::size_t sent = 0;
};

struct Connection {
  Fd client;
  Fd server;
  std::unique_ptr<Corrupter> corrupter;
  std::vector<char> requests;  // On their way to the server.
  std::deque<Piece> replies;   // On their way to the client.
  std::size_t reply_bytes = 0;
  bool server_ended = false;
  bool client_ended = false;
  bool requests_ended = false;  // The server knows that the client has ended.
  bool dead = false;
  TimePoint next_send{};          // No reply before that: slices, bandwidth.
  std::uint64_t toxics_seen = 0;  // Since when `delivered` counts.
  std::uint64_t delivered = 0;
};

}  // namespace

class FaultProxy::Loop {
 public:
  Loop(FaultProxy& proxy, Fd listener, std::uint16_t upstream_port, std::uint64_t seed)
      : proxy_(proxy),
        listener_(std::move(listener)),
        upstream_port_(upstream_port),
        random_(seed) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      obey();
      wait();
      if (listener_ && !orders_.toxics.refuse) accept_all();
      for (Connection& each : connections_) pump(each);
      std::erase_if(connections_, [](const Connection& each) { return each.dead; });
    }
    reset_all();
  }

 private:
  void obey() {
    const Orders now = proxy_.orders_.with([](const Orders& orders) { return orders; });
    if (now.resets != orders_.resets) reset_all();
    orders_ = now;
    if (orders_.toxics.refuse) {
      listener_ = Fd();
    } else if (!listener_) {
      listener_ = listen_on(proxy_.port_);
    }
    proxy_.obeyed_ = now.toxics_set + now.resets;
    proxy_.obeyed_.notify_all();
  }

  void reset(Connection& connection) {
    const linger now{1, 0};
    for (const Fd* fd : {&connection.client, &connection.server}) {
      ::setsockopt(fd->get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    connection.dead = true;
  }
  void reset_all() {
    for (Connection& each : connections_) reset(each);
    connections_.clear();
  }

  void wait() {
    const TimePoint now = SteadyClock::now();
    TimePoint next = now + kIdle;
    std::vector<pollfd> fds{{proxy_.wake_fd_, POLLIN, 0}};
    if (listener_) {
      fds.push_back({listener_.get(), POLLIN, 0});
    } else if (!orders_.toxics.refuse) {
      next = now + 5ms;  // The port could not be had at once.
    }
    const Toxics& toxics = orders_.toxics;
    for (const Connection& each : connections_) {
      unsigned from_client = 0;
      unsigned from_server = 0;
      if (!toxics.half_open) {
        if (!each.client_ended && each.requests.size() < kPendingMax) from_client |= POLLIN;
        if (!each.server_ended && each.reply_bytes < kPendingMax) from_server |= POLLIN;
        if (!each.requests.empty()) from_server |= POLLOUT;
        if (!each.replies.empty() && !toxics.silent) {
          const TimePoint due = std::max(each.replies.front().due, each.next_send);
          if (due <= now) {
            from_client |= POLLOUT;
          } else {
            next = std::min(next, due);
          }
        }
      }
      // A hang-up is always told, and would keep us awake where nobody wants to hear of it.
      if (from_client != 0) fds.push_back({each.client.get(), static_cast<short>(from_client), 0});
      if (from_server != 0) fds.push_back({each.server.get(), static_cast<short>(from_server), 0});
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
    ::poll(fds.data(), fds.size(), static_cast<int>(left.count()));
    std::uint64_t ignored = 0;
    if ((fds[0].revents & POLLIN) != 0) (void)!::read(proxy_.wake_fd_, &ignored, sizeof(ignored));
  }

  void accept_all() {
    while (true) {
      Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!client) return;
      ++proxy_.connections_;
      Connection& added = connections_.emplace_back();
      added.client = std::move(client);
      added.server = new_socket();
      added.corrupter = std::make_unique<Corrupter>(random_, proxy_.values_, proxy_.corrupted_);
      send_at_once(added.client);
      send_at_once(added.server);
      const sockaddr_in address = loopback(upstream_port_);
      if (::connect(added.server.get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)) != 0 &&
          errno != EINPROGRESS) {
        reset(added);
      }
    }
  }

  void pump(Connection& connection) {
    if (connection.dead || orders_.toxics.half_open) return;
    if (connection.toxics_seen != orders_.toxics_set) {
      connection.toxics_seen = orders_.toxics_set;
      connection.delivered = 0;
    }
    read_requests(connection);
    send_requests(connection);
    read_replies(connection);
    if (!orders_.toxics.silent) send_replies(connection);
    if (connection.server_ended && connection.replies.empty()) connection.dead = true;
  }

  void read_requests(Connection& connection) {
    if (connection.client_ended || connection.requests.size() >= kPendingMax) return;
    const ssize_t got = ::recv(connection.client.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      if (!would_block()) reset(connection);
    } else if (got == 0) {
      connection.client_ended = true;
    } else {
      const std::span<char> bytes(buffer_.data(), static_cast<std::size_t>(got));
      connection.corrupter->see_request(bytes);
      connection.requests.insert(connection.requests.end(), bytes.begin(), bytes.end());
    }
  }

  void send_requests(Connection& connection) {
    if (connection.dead) return;
    if (!connection.requests.empty()) {
      const ssize_t sent = ::send(connection.server.get(), connection.requests.data(),
                                  connection.requests.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != ENOTCONN && !would_block()) return reset(connection);
      if (sent > 0) {
        connection.requests.erase(connection.requests.begin(), connection.requests.begin() + sent);
      }
    }
    if (connection.client_ended && connection.requests.empty() && !connection.requests_ended) {
      connection.requests_ended = true;
      if (::shutdown(connection.server.get(), SHUT_WR) != 0) connection.dead = true;
    }
  }

  void read_replies(Connection& connection) {
    if (connection.dead || connection.server_ended || connection.reply_bytes >= kPendingMax) return;
    const ssize_t got = ::recv(connection.server.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      if (errno != ENOTCONN && !would_block()) reset(connection);
      return;
    }
    if (got == 0) {
      connection.server_ended = true;
      return;
    }
    const Toxics& toxics = orders_.toxics;
    const std::span<char> bytes(buffer_.data(), static_cast<std::size_t>(got));
    connection.corrupter->see_reply(bytes, toxics.corrupt_share);
    if (toxics.garbage) {
      for (char& c : bytes) c = static_cast<char>(random_());
    }
    auto delay = toxics.latency;
    if (toxics.jitter.count() > 0) {
      const auto most = toxics.jitter.count();
      delay += std::chrono::milliseconds(std::uniform_int_distribution(-most, most)(random_));
    }
    TimePoint due = SteadyClock::now() + std::max(delay, 0ms);
    if (!connection.replies.empty()) due = std::max(due, connection.replies.back().due);
    connection.replies.push_back({due, {bytes.begin(), bytes.end()}});
    connection.reply_bytes += bytes.size();
  }

  void send_replies(Connection& connection) {
    const Toxics& toxics = orders_.toxics;
    while (!connection.dead && !connection.replies.empty()) {
      const TimePoint now = SteadyClock::now();
      Piece& piece = connection.replies.front();
      if (piece.due > now || connection.next_send > now) return;
      std::uint64_t count = piece.bytes.size() - piece.sent;
      if (toxics.slice_bytes > 0) count = std::min(count, toxics.slice_bytes);
      if (toxics.bytes_per_second > 0) {
        count = std::min(count, std::max<std::uint64_t>(1, toxics.bytes_per_second / 100));
      }
      if (toxics.reset_after) {
        if (connection.delivered >= *toxics.reset_after) return reset(connection);
        count = std::min(count, *toxics.reset_after - connection.delivered);
      }
      const ssize_t sent =
          ::send(connection.client.get(), piece.bytes.data() + piece.sent, count, MSG_NOSIGNAL);
      if (sent < 0) {
        if (!would_block()) reset(connection);
        return;
      }
      const auto done = static_cast<std::uint64_t>(sent);
      piece.sent += done;
      connection.delivered += done;
      connection.reply_bytes -= done;
      if (piece.sent == piece.bytes.size()) connection.replies.pop_front();
      if (toxics.slice_bytes > 0) connection.next_send = now + kSliceGap;
      if (toxics.bytes_per_second > 0) {
        const std::chrono::duration<double> takes(static_cast<double>(done) /
                                                  static_cast<double>(toxics.bytes_per_second));
        const auto from = std::max(now, connection.next_send);
        connection.next_send = from + std::chrono::duration_cast<SteadyClock::duration>(takes);
      }
    }
  }

  FaultProxy& proxy_;
  Fd listener_;
  const std::uint16_t upstream_port_;
  std::mt19937_64 random_;
  Orders orders_;
  std::list<Connection> connections_;
  std::vector<char> buffer_ = std::vector<char>(kReadMax);
};

Result<std::unique_ptr<FaultProxy>> FaultProxy::start(std::uint16_t upstream_port,
                                                      std::uint64_t seed) {
  std::unique_ptr<FaultProxy> out(new FaultProxy);
  out->wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Fd listener = listen_on(0);
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (out->wake_fd_ < 0 || !listener ||
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return fail(Errc::unavailable, "can't start the proxy: {}",
                std::generic_category().message(errno));
  }
  out->port_ = ntohs(address.sin_port);
  out->thread_ = std::jthread([proxy = out.get(), upstream_port, seed,
                               fd = std::move(listener)](const std::stop_token& stop) mutable {
    Loop(*proxy, std::move(fd), upstream_port, seed).run(stop);
  });
  return out;
}

FaultProxy::~FaultProxy() {
  thread_.request_stop();
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof(one));
  if (thread_.joinable()) thread_.join();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

template <class Change>
void FaultProxy::order(Change&& change) {
  const std::uint64_t wanted = orders_.with([&](Orders& orders) {
    change(orders);
    return orders.toxics_set + orders.resets;
  });
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof(one));
  for (std::uint64_t seen = obeyed_; seen < wanted; seen = obeyed_) obeyed_.wait(seen);
}

void FaultProxy::set(const Toxics& toxics) {
  order([&](Orders& orders) {
    orders.toxics = toxics;
    ++orders.toxics_set;
  });
}

void FaultProxy::reset_all() {
  order([](Orders& orders) { ++orders.resets; });
}

}  // namespace leyden::cache::testing
