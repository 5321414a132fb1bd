// Redis, and the bare cost of the same: a socket, the request, and the bytes of the reply unlooked at.
#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "contender.h"
#include "leyden/base/clock.h"
#include "leyden/cache/bit_packing.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/net/resp.h"
#include "redis_entrants.h"
#include "store_hits.h"

namespace leyden::bench {
namespace {

const cache::Integrity kIntegrity = cache::Integrity::keyed(Secret{std::byte{1}});
const cache::CodecContext kCodec{.vocabulary_size = kVocabularySize};
const unsigned kBits = cache::bits_per_id(kVocabularySize);

// A blocking connection. Confined to one thread.
class RawConnection {
 public:
  explicit RawConnection(const net::Endpoint& to) {
    sockaddr_storage address{};
    socklen_t size = 0;
    if (to.path.empty()) {
      auto* tcp = reinterpret_cast<sockaddr_in*>(&address);
      tcp->sin_family = AF_INET;
      tcp->sin_port = htons(to.port);
      tcp->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      size = sizeof(*tcp);
    } else {
      auto* local = reinterpret_cast<sockaddr_un*>(&address);
      local->sun_family = AF_UNIX;
      to.path.copy(local->sun_path, sizeof(local->sun_path) - 1);
      size = sizeof(*local);
    }
    fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(::connect(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    const int on = 1;
    if (to.path.empty()) ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  ~RawConnection() { ::close(fd_); }

  // A reply that is known to have `size` bytes; a view until the next call.
  BytesView exchange(std::string_view request, std::size_t size) {
    send(request);
    if (buffer_.size() < size) buffer_.resize(size);
    for (std::size_t have = 0; have < size;) {
      const ssize_t got = ::recv(fd_, buffer_.data() + have, size - have, 0);
      must(got > 0);
      have += static_cast<std::size_t>(got);
    }
    return BytesView(buffer_).first(size);
  }

  net::RespValue ask(std::initializer_list<std::string_view> command) {
    net::RespRequest request;
    request.add(command);
    send(request.wire());
    std::vector<net::RespValue> replies;
    net::RespParser parser;
    buffer_.resize(std::max<std::size_t>(buffer_.size(), 64 * KiB));
    while (replies.empty()) {
      const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
      must(got > 0);
      must(parser.feed(BytesView(buffer_).first(static_cast<std::size_t>(got)), replies)
               .has_value());
    }
    return std::move(replies.front());
  }

 private:
  void send(std::string_view bytes) const {
    must(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size()));
  }
  int fd_ = -1;
  Bytes buffer_;
};

// The value that Leyden writes, by GET or one MGET; or, one by one, by as many round trips as there are passages. The
// requests are made beforehand; of the replies nothing is decoded but each passage's first ID.
class Bare final : public Contender {
 public:
  Bare(const Contexts& contexts, net::Endpoint endpoint, bool one_by_one)
      : endpoint_(std::move(endpoint)) {
    for (const std::size_t tokens : contexts.sizes)
      payload_sizes_.push_back(cache::packed_size(tokens, kBits));
    const auto connection = take_connection();
    for (const auto& keys : contexts.context) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        names.push_back("bare:" + keys[i].hex());
        const Bytes value =
            cache::encode_block(keys[i], contexts.ids_of(keys[i], i), kCodec, kIntegrity);
        header_size_ = value.size() - payload_sizes_[i];
        must(connection->ask({"SET", names.back(), as_text(value)}).is_ok());
      }
      requests_.emplace(keys.front(), requests_of(names, one_by_one));
    }
    give_back(connection);
  }

  void get(std::span<const cache::BlockKey> context, TokenId* out) override {
    const auto connection = take_connection();
    const auto& requests = requests_.find(context.front())->second;
    const std::size_t each = context.size() / requests.size();  // Passages a request.
    std::size_t next = 0;
    for (const std::string& request : requests) {
      std::size_t at = each == 1 ? 0 : head_size(each);
      std::size_t size = at;
      for (std::size_t i = next; i < next + each; ++i) size += framed_size(i);
      const BytesView reply = connection->exchange(request, size);
      for (; at < size; ++next) {
        const BytesView value = reply.subspan(at + head_size(value_size(next)), value_size(next));
        cache::unpack(value.subspan(header_size_, cache::packed_size(1, kBits)), kBits,
                      std::span(out++, 1));
        at += framed_size(next);
      }
    }
    give_back(connection);
  }
  [[nodiscard]] bool copies() const override { return false; }

 private:
  static std::vector<std::string> requests_of(const std::vector<std::string>& names,
                                              bool one_by_one) {
    std::vector<std::string> out;
    if (one_by_one || names.size() == 1) {
      for (const std::string& name : names) {
        net::RespRequest request;
        request.add({"GET", name});
        out.push_back(request.wire());
      }
      return out;
    }
    std::vector<std::string_view> words{"MGET"};
    words.insert(words.end(), names.begin(), names.end());
    net::RespRequest request;
    request.add(words);
    return {request.wire()};
  }

  // "$9264\r\n", "*18\r\n"
  static std::size_t head_size(std::size_t number) { return std::to_string(number).size() + 3; }
  [[nodiscard]] std::size_t value_size(std::size_t i) const {
    return header_size_ + payload_sizes_[i];
  }
  [[nodiscard]] std::size_t framed_size(std::size_t i) const {
    return head_size(value_size(i)) + value_size(i) + 2;
  }

  // One for each thread that is calling.
  std::shared_ptr<RawConnection> take_connection() {
    std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_shared<RawConnection>(endpoint_);
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  void give_back(std::shared_ptr<RawConnection> connection) {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }

  const net::Endpoint endpoint_;
  std::vector<std::size_t> payload_sizes_;
  std::size_t header_size_ = 0;
  std::unordered_map<cache::BlockKey, std::vector<std::string>, cache::BlockKeyHash> requests_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<RawConnection>> idle_;
};

// The store with its values under a MAC, or under a checksum only.
class Redis final : public Contender {
 public:
  Redis(const Contexts& contexts, const cache::RedisStoreOptions& options,
        const cache::Integrity& integrity) {
    auto opened = cache::RedisStore::open(options, clock_);
    must(opened.has_value());
    store_ = std::move(*opened);
    hits_.emplace(*store_, contexts, integrity);
  }
  void get(std::span<const cache::BlockKey> context, TokenId* out) override {
    hits_->get(context, true, out);
  }

 private:
  SystemClock clock_;
  std::unique_ptr<cache::RedisStore> store_;
  std::optional<StoreHits> hits_;
};

std::uint64_t number_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  std::uint64_t value = 0;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
  return value;
}

}  // namespace

struct RedisPlace::State {
  std::unique_ptr<cache::testing::RedisServer> server;  // Where it is our own.
  cache::RedisStoreOptions options;
  std::optional<RawConnection> counters;
};

Result<RedisPlace> RedisPlace::make(std::string url) {
  RedisPlace place;
  place.state_ = std::make_shared<State>();
  if (url.empty()) {
    if (!cache::testing::have_server("redis"))
      return fail(Errc::unavailable, "no redis-server is installed");
    auto started = cache::testing::RedisServer::start({});
    if (!started) return std::unexpected(started.error());
    place.state_->server = std::move(*started);
    url = "unix://" + place.state_->server->socket();
  }
  auto options = cache::RedisStoreOptions::from_url(url);
  if (!options) return std::unexpected(options.error());
  place.state_->options = std::move(*options);
  place.state_->counters.emplace(place.state_->options.endpoints.front());
  return place;
}

std::vector<Entrant> RedisPlace::entrants() const {
  const auto leyden = [state = state_](const char* prefix, cache::Integrity integrity) {
    return [state, prefix, integrity](const Contexts& c) -> std::unique_ptr<Contender> {
      cache::RedisStoreOptions options = state->options;
      options.prefix = prefix;
      return std::make_unique<Redis>(c, options, integrity);
    };
  };
  const auto bare = [state = state_](bool one_by_one) {
    return [state, one_by_one](const Contexts& c) -> std::unique_ptr<Contender> {
      return std::make_unique<Bare>(c, state->options.endpoints.front(), one_by_one);
    };
  };
  return {
      {"redis", "bare", bare(false)},
      {"redis", "Leyden, MAC", leyden("mac:", kIntegrity)},
      {"redis", "Leyden, checksum", leyden("checksum:", {})},
      {"redis", "bare, a GET for each passage", bare(true)},
  };
}

ServerWork RedisPlace::work() const {
  const net::RespValue said = state_->counters->ask({"INFO", "stats"});
  return {.commands = number_after(said.text(), "total_commands_processed:"),
          .reads = number_after(said.text(), "total_reads_processed:"),
          .writes = number_after(said.text(), "total_writes_processed:")};
}

}  // namespace leyden::bench
