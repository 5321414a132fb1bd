#include "leyden/net/http_fetch.h"

#include <optional>
#include <utility>

namespace leyden::net {
namespace {

class GatheringSink final : public HttpSink {
 public:
  void on_head(const HttpResponseHead& head) override { response_.head = head; }
  void on_body(BytesView bytes) override { response_.body += as_text(bytes); }
  void on_end(bool body_cut) override { response_.body_cut = body_cut; }
  void on_error(const HttpError& error) override { error_ = error; }

  // Only once the call has ended.
  [[nodiscard]] std::expected<HttpResponse, HttpError> take() {
    if (error_) return std::unexpected(*std::move(error_));
    return std::move(response_);
  }

 private:
  HttpResponse response_;
  std::optional<HttpError> error_;
};

}  // namespace

std::expected<HttpResponse, HttpError> http_fetch(HttpClient& client, HttpRequest request,
                                                  const std::stop_token& stop) {
  GatheringSink sink;
  auto call = client.start(std::move(request), sink);
  if (!call) return std::unexpected(HttpError{call.error(), Reached::no});
  {
    // Fires at once when `stop` was requested before.
    std::stop_callback cancel(stop, [&] { (*call)->cancel(); });
    (*call)->wait();
  }
  return sink.take();
}

}  // namespace leyden::net
