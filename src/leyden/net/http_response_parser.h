#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "leyden/net/http.h"

namespace leyden::net {

// Takes the bytes of responses as they come and gives their parts. Any split of the same bytes gives the same head, body and end. Interim
// responses (1xx) are skipped. Confined to one thread.
class HttpResponseParser {
 public:
  HttpResponseParser();
  ~HttpResponseParser();

  // A new response. `bodiless`: the request was HEAD or CONNECT, whose answers have no body, whatever their fields say.
  void begin(const HttpLimits& limits, bool bodiless);

  enum class Part : std::uint8_t {
    none,  // All of the bytes are taken: more are needed.
    head,  // head() is whole.
    body,  // body() is the next piece of it.
    end,
  };
  // The next part, after taking its bytes off the front of `bytes`. Errors: corrupt (not HTTP/1.x, or over a limit), unsupported (a
  // coding that was not asked for); from then on each call answers the same.
  [[nodiscard]] Result<Part> next(BytesView& bytes);
  // The connection has ended, with all that came taken before: the end of a body that says no length, else unavailable.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] const HttpResponseHead& head() const { return head_; }
  // Valid until the next call, and as long as the bytes given.
  [[nodiscard]] BytesView body() const { return body_; }

  // After the end:
  [[nodiscard]] bool body_cut() const {
    return cut_;
  }  // It is an error's, and longer than is kept.
  // Whether another request may be sent: the server wants it and nothing came that was not asked for.
  [[nodiscard]] bool keep_alive() const;

 private:
  class Message;
  Result<Part> found_head();
  Result<Part> found_body();
  Result<bool> parse(BytesView& bytes);
  std::unexpected<Error> broken(std::string_view what, Errc code = Errc::corrupt);

  HttpLimits limits_;
  bool bodiless_ = false;
  HttpResponseHead head_;
  BytesView body_;
  std::unique_ptr<Message> message_;
  std::string held_;            // What has come of a line or a head that is not whole ...
  std::size_t held_taken_ = 0;  // ... after so many bytes.
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool head_given_ = false;
  bool cut_ = false;
  bool ended_ = false;
  std::optional<Error> broken_;
};

}  // namespace leyden::net
