#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "leyden/net/asio.h"

namespace leyden::net {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using Socket = asio::generic::stream_protocol::socket;  // TCP and unix sockets alike.

class Tls final : public TlsContext {
 public:
  explicit Tls(TlsOptions given)
      : options(std::move(given)), context(asio::ssl::context::tls_client) {}
  TlsOptions options;
  asio::ssl::context context;
};

// `closed`: close() was called meanwhile, which ends no look-up of a name.
awaitable<void> connect_socket(Socket& socket, const Endpoint& endpoint, const bool& closed) {
  if (!endpoint.path.empty()) {
    const asio::local::stream_protocol::endpoint at(endpoint.path);
    co_await socket.async_connect(at, use_awaitable);
    co_return;
  }
  std::vector<asio::ip::tcp::endpoint> candidates;
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(endpoint.host, not_an_address);
  if (!not_an_address) {
    candidates.emplace_back(address, endpoint.port);
  } else {
    asio::ip::tcp::resolver resolver(socket.get_executor());
    const auto found = co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port),
                                                       use_awaitable);
    for (const auto& entry : found) candidates.push_back(entry.endpoint());
    if (closed) throw boost::system::system_error(asio::error::operation_aborted);
  }
  for (std::size_t i = 0;; ++i) {
    boost::system::error_code error;
    boost::system::error_code ignored;
    socket.close(ignored);
    co_await socket.async_connect(candidates.at(i), asio::redirect_error(use_awaitable, error));
    if (!error) break;
    if (error == asio::error::operation_aborted || i + 1 == candidates.size())
      throw boost::system::system_error(error);
  }
  socket.set_option(asio::ip::tcp::no_delay(true));
}

// What can be read now: 0 at the end, and -1 where nothing can, with errno.
ssize_t peek(Socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(const asio::any_io_executor& executor) : socket_(executor) {}
  ~PlainStream() override {
    if (released_ >= 0) ::close(released_);
  }
  awaitable<void> reach(const Endpoint& endpoint) override {
    return connect_socket(socket_, endpoint, closed_);
  }
  awaitable<void> secure(const std::string&) override { co_return; }
  awaitable<std::size_t> read_some(std::span<std::byte> into) override {
    return socket_.async_read_some(asio::buffer(into.data(), into.size()), use_awaitable);
  }
  awaitable<void> write(const std::vector<asio::const_buffer>& buffers) override {
    if (released_ < 0) {
      co_await asio::async_write(socket_, buffers, use_awaitable);
      co_return;
    }
    // For this write only: as long as the I/O thread knows a socket, each reply wakes it.
    Socket socket(socket_.get_executor(), protocol_, ::fcntl(released_, F_DUPFD_CLOEXEC, 0));
    co_await asio::async_write(socket, buffers, use_awaitable);
  }
  int release() override {
    protocol_ = socket_.local_endpoint().protocol();
    socket_.native_non_blocking(true);
    return released_ = socket_.release();
  }
  std::optional<std::chrono::system_clock::time_point> certificate_expires() override {
    return std::nullopt;
  }
  bool looks_quiet() override { return peek(socket_) < 0 && errno == EAGAIN; }
  void close() override {
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (released_ >= 0) ::shutdown(released_, SHUT_RDWR);
  }

 private:
  Socket socket_;
  asio::generic::stream_protocol protocol_{AF_UNIX, 0};
  int released_ = -1;
  bool closed_ = false;
};

class TlsStream final : public Stream {
 public:
  TlsStream(const asio::any_io_executor& executor, std::shared_ptr<Tls> tls)
      : tls_(std::move(tls)), stream_(Socket(executor), tls_->context) {}
  awaitable<void> reach(const Endpoint& endpoint) override {
    return connect_socket(stream_.next_layer(), endpoint, closed_);
  }
  awaitable<void> secure(const std::string& host) override {
    const std::string name = tls_->options.server_name.empty() ? host : tls_->options.server_name;
    stream_.set_verify_mode(asio::ssl::verify_peer);
    stream_.set_verify_callback([this, verify = asio::ssl::host_name_verification(name)](
                                    bool trusted, asio::ssl::verify_context& context) {
      const bool well = verify(trusted, context);
      other_name_ = trusted && !well;
      return well;
    });
    boost::system::error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    // SNI is for names only (RFC 6066).
    if (not_an_address) SSL_set_tlsext_host_name(stream_.native_handle(), name.c_str());
    boost::system::error_code error;
    co_await stream_.async_handshake(asio::ssl::stream_base::client,
                                     asio::redirect_error(use_awaitable, error));
    if (error && other_name_)
      throw std::runtime_error("the server's certificate is not for " + name);
    const auto verified = SSL_get_verify_result(stream_.native_handle());
    if (error && verified != X509_V_OK) {
      throw std::runtime_error(std::string("the server's certificate can't be trusted: ") +
                               X509_verify_cert_error_string(verified));
    }
    if (error) throw boost::system::system_error(error);
    secured_ = true;
  }
  awaitable<std::size_t> read_some(std::span<std::byte> into) override {
    const auto buffer = asio::buffer(into.data(), into.size());
    return secured_ ? stream_.async_read_some(buffer, use_awaitable)
                    : stream_.next_layer().async_read_some(buffer, use_awaitable);
  }
  awaitable<void> write(const std::vector<asio::const_buffer>& buffers) override {
    if (secured_) {
      co_await asio::async_write(stream_, buffers, use_awaitable);
    } else {
      co_await asio::async_write(stream_.next_layer(), buffers, use_awaitable);
    }
  }
  int release() override { return -1; }
  std::optional<std::chrono::system_clock::time_point> certificate_expires() override {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        SSL_get1_peer_certificate(stream_.native_handle()), &X509_free);
    std::tm utc{};
    if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &utc) != 1)
      return std::nullopt;
    return std::chrono::system_clock::from_time_t(::timegm(&utc));
  }
  // What has come may be TLS's own business, and nothing that the server says.
  bool looks_quiet() override {
    const ssize_t found = peek(stream_.next_layer());
    return found > 0 || (found < 0 && errno == EAGAIN);
  }
  void close() override {
    closed_ = true;
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  std::shared_ptr<Tls> tls_;
  asio::ssl::stream<Socket> stream_;
  bool other_name_ = false;
  bool secured_ = false;
  bool closed_ = false;
};

}  // namespace

awaitable<void> Stream::connect(const Endpoint& endpoint) {
  co_await reach(endpoint);
  co_await secure(endpoint.host);
}

std::string Endpoint::text() const {
  if (!path.empty()) return path;
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsOptions& options) {
  const auto bad = [](std::string_view what, const std::filesystem::path& file,
                      const boost::system::error_code& error) {
    return fail(Errc::invalid_argument, "TLS: {} {}: {}", what, file.string(), error.message());
  };
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return fail(Errc::invalid_argument,
                "TLS: a certificate of ours needs its key, and a key its certificate");
  }
  auto tls = std::make_shared<Tls>(options);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(tls->context.native_handle(), TLS1_2_VERSION);
  if (options.ca_file.empty()) {
    tls->context.set_default_verify_paths(error);
    if (error)
      return fail(Errc::invalid_argument, "TLS: no authorities of the system: {}", error.message());
  } else if (tls->context.load_verify_file(options.ca_file.string(), error); error) {
    return bad("authorities in", options.ca_file, error);
  }
  if (!options.certificate_file.empty()) {
    tls->context.use_certificate_chain_file(options.certificate_file.string(), error);
    if (error) return bad("certificate in", options.certificate_file, error);
    tls->context.use_private_key_file(options.key_file.string(), asio::ssl::context::pem, error);
    if (error) return bad("key in", options.key_file, error);
  }
  return tls;
}

std::unique_ptr<Stream> make_stream(const asio::any_io_executor& executor,
                                    std::shared_ptr<TlsContext> tls) {
  if (tls == nullptr) return std::make_unique<PlainStream>(executor);
  // Each TlsContext is made above.
  return std::make_unique<TlsStream>(executor, std::static_pointer_cast<Tls>(std::move(tls)));
}

}  // namespace leyden::net
