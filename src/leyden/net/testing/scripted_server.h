#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "leyden/net/endpoint.h"

struct ssl_ctx_st;
struct ssl_st;

namespace leyden::net::testing {

// One connection, as a script sees it. Calls block; they end when the server does.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Some bytes; "" at the client's end.
  std::string receive();
  // A whole HTTP request, head and body; "" where the client's end came before.
  std::string receive_request();
  // False: the client is gone.
  bool say(std::string_view text);
  // Each byte by itself: packets of their own.
  bool drip(std::string_view text);
  // Until the client has ended. What comes meanwhile is dropped.
  void wait_for_end();
  // From now on all is TLS. False: the client did not go along.
  bool secure(const std::shared_ptr<ssl_ctx_st>& tls);
  // The name that the client asked for (SNI); "" without.
  [[nodiscard]] std::string server_name() const;
  void
  close();  // In order: what was said arrives. With TLS after goodbye() only is it an end, else a cut.
  void goodbye();  // TLS's close_notify.
  void reset();    // By RST, at once.
  // Whether the client has closed its side, as far as can be seen without reading; does not block.
  [[nodiscard]] bool left() const;
  // As close(), by any thread: the script's calls fail from now on.
  void interrupt();

 private:
  std::mutex closing_;
  int fd_;
  std::shared_ptr<ssl_st> tls_;
  std::string received_;  // Of the next request.
};

// A server on 127.0.0.1, or on a unix socket, whose connections do what scripts say, each on a thread of its own. The first connection
// gets the first script and so on; the last one is for all that follow.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;
  explicit ScriptedServer(Script script) : ScriptedServer(std::vector<Script>{std::move(script)}) {}
  // `tls` (may be null): each connection begins with it. `path`: of a unix socket, which is removed at the end.
  explicit ScriptedServer(std::vector<Script> scripts, std::shared_ptr<ssl_ctx_st> tls = nullptr,
                          std::string path = {});
  // Ends all connections and waits for the scripts.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] Endpoint endpoint() const {
    return path_.empty() ? Endpoint{"127.0.0.1", port_, ""} : Endpoint{"", 0, path_};
  }
  [[nodiscard]] int accepted() const { return accepted_; }  // So far.

 private:
  struct Talk {
    explicit Talk(int fd) : peer(fd) {}
    Peer peer;
    std::atomic<bool> over{false};
    std::jthread thread;
  };
  void accept_all();

  const std::vector<Script> scripts_;
  const std::shared_ptr<ssl_ctx_st> tls_;
  const std::string path_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::list<Talk> talks_;  // Of the accepting thread, until it has ended.
  std::jthread accepting_;
};

}  // namespace leyden::net::testing
