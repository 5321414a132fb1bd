// The only file with Beast in it.
#include "leyden/net/http_response_parser.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace leyden::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

BytesView view_of(beast::string_view text) {
  return as_bytes(std::string_view(text.data(), text.size()));
}

}  // namespace

// What Beast finds in the bytes of one message, one piece at a time.
class HttpResponseParser::Message final : public http::basic_parser<false> {
 public:
  Message(HttpResponseHead& into, const HttpLimits& limits, bool bodiless)
      : head_(into), fields_max_(limits.fields) {
    head_ = {};
    header_limit(
        static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes, UINT32_MAX)));
    body_limit(boost::none);  // Counted by the caller, who cuts those of errors.
    skip(bodiless);
  }

  BytesView body;  // Found by the last put().
  bool bad_coding = false;
  // Between two chunks, where their sizes and extensions are; or in the trailers.
  [[nodiscard]] bool in_chunk_line() const {
    return is_header_done() && !is_done() && chunked() && chunk_left_ == 0;
  }
  [[nodiscard]] bool after_chunk() const { return after_chunk_; }

 private:
  void on_request_impl(http::verb, beast::string_view, beast::string_view, int,
                       beast::error_code&) override {}
  void on_response_impl(int code, beast::string_view, int, beast::error_code& error) override {
    if (code < 100) error = http::error::bad_status;
    head_.status = static_cast<unsigned>(code);
  }
  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (++fields_ > fields_max_) {
      error = http::error::header_limit;
      return;
    }
    if (is_header_done()) return;  // A trailer.
    if (field == http::field::transfer_encoding && !beast::iequals(value, "chunked"))
      bad_coding = true;
    head_.fields.push_back(
        {std::string(name.data(), name.size()), std::string(value.data(), value.size())});
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
    body = view_of(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, beast::error_code&) override {
    chunk_left_ = size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t left, beast::string_view bytes,
                                 beast::error_code&) override {
    body = view_of(bytes);
    chunk_left_ = left - bytes.size();
    after_chunk_ = true;
    return bytes.size();
  }
  void on_finish_impl(beast::error_code&) override {}

  HttpResponseHead& head_;
  const std::size_t fields_max_;
  std::size_t fields_ = 0;
  std::uint64_t chunk_left_ = 0;
  bool after_chunk_ = false;  // The next chunk's line begins with the last one's line end.
};

HttpResponseParser::HttpResponseParser() = default;
HttpResponseParser::~HttpResponseParser() = default;

void HttpResponseParser::begin(const HttpLimits& limits, bool bodiless) {
  limits_ = limits;
  bodiless_ = bodiless;
  message_ = std::make_unique<Message>(head_, limits, bodiless);
  body_ = {};
  held_.clear();
  held_taken_ = header_bytes_ = body_bytes_ = 0;
  head_given_ = cut_ = ended_ = false;
  broken_.reset();
}

bool HttpResponseParser::keep_alive() const {
  return ended_ && !cut_ && held_taken_ == held_.size() && message_->is_done() &&
         message_->keep_alive();
}

std::unexpected<Error> HttpResponseParser::broken(std::string_view what, Errc code) {
  broken_ = Error{code, fmt::format("the server's response {}", what)};
  return std::unexpected(*broken_);
}

Result<HttpResponseParser::Part> HttpResponseParser::next(BytesView& bytes) {
  body_ = {};
  while (!ended_) {
    if (broken_) return std::unexpected(*broken_);
    if (message_->is_header_done() && !head_given_) {
      if (message_->bad_coding)
        return broken("has a transfer coding that was not asked for", Errc::unsupported);
      if (head_.status == 101) return broken("changes the protocol, which was not asked for");
      if (head_.status >= 200) return found_head();
      message_ = std::make_unique<Message>(head_, limits_, bodiless_);
    }
    if (!message_->body.empty()) return found_body();
    if (message_->is_done()) {
      ended_ = true;
      break;
    }
    const auto progress = parse(bytes);
    if (!progress) return std::unexpected(progress.error());
    if (!*progress) return Part::none;
  }
  return Part::end;
}

Result<HttpResponseParser::Part> HttpResponseParser::found_head() {
  head_given_ = true;
  const bool error = head_.status >= 400;
  const auto length = message_->is_done() ? boost::none : message_->content_length();
  if (length && !error && *length > limits_.body_bytes)
    return broken(
        fmt::format("has a body of {} bytes, {} are allowed", *length, limits_.body_bytes));
  return Part::head;
}

Result<HttpResponseParser::Part> HttpResponseParser::found_body() {
  const bool error = head_.status >= 400;
  const std::size_t allowed = error ? limits_.error_body_bytes : limits_.body_bytes;
  const BytesView found = std::exchange(message_->body, {});
  body_ = found.first(std::min(found.size(), allowed - body_bytes_));
  body_bytes_ += body_.size();
  if (body_.size() < found.size()) {
    if (error) {
      ended_ = cut_ = true;
    } else {
      (void)broken(fmt::format("has a body of more than {} bytes", allowed));
    }
    if (body_.empty()) {
      if (broken_) return std::unexpected(*broken_);
      return Part::end;
    }
  }
  return Part::body;
}

// Takes the next piece off what is held and `bytes`. False: there is no whole one, and all of it is held.
Result<bool> HttpResponseParser::parse(BytesView& bytes) {
  if (held_taken_ == held_.size()) {
    held_.clear();
    held_taken_ = 0;
  }
  const bool holding = !held_.empty();
  if (holding && !bytes.empty()) {
    held_.erase(0, std::exchange(held_taken_, 0));
    held_ += as_text(bytes);
    bytes = {};
  }
  const std::string_view input =
      holding ? std::string_view(held_).substr(held_taken_) : as_text(bytes);
  const bool in_head = !message_->is_header_done();
  const bool in_chunk_line = message_->in_chunk_line();
  std::size_t taken = 0;
  // Beast asserts that it does not look twice at less than the five bytes of a final chunk; no response ends with less.
  constexpr std::size_t kFinalChunkBytes = 5;
  if (!input.empty() && (!in_chunk_line || input.size() >= kFinalChunkBytes)) {
    if (in_chunk_line) {
      const std::string_view line = input.substr(message_->after_chunk() ? 2 : 0);
      if (std::min(line.find('\n'), line.size()) > limits_.chunk_line_bytes)
        return broken(fmt::format("has a chunk whose first line is longer than {} bytes",
                                  limits_.chunk_line_bytes));
    }
    beast::error_code error;
    taken = message_->put({input.data(), input.size()}, error);
    if (error == http::error::header_limit) return broken("has too long a head or too many fields");
    if (error && error != http::error::need_more)
      return broken(fmt::format("is not HTTP: {}", error.message()));
  }
  if (in_head) {
    header_bytes_ += taken;
    const std::size_t incomplete = message_->is_header_done() ? 0 : input.size() - taken;
    if (header_bytes_ + incomplete > limits_.header_bytes)
      return broken(fmt::format("has a head of more than {} bytes", limits_.header_bytes));
  } else if (in_chunk_line) {
    const std::size_t size = taken > 0 ? taken : input.size();
    if (size > limits_.chunk_line_bytes + limits_.header_bytes)
      return broken(fmt::format("has trailers of more than {} bytes", limits_.header_bytes));
  }
  if (holding) {
    held_taken_ += taken;
  } else if (taken > 0) {
    bytes = bytes.subspan(taken);
  } else {
    held_ = as_text(bytes);
    bytes = {};
  }
  return taken > 0;
}

Result<void> HttpResponseParser::finish() {
  if (broken_) return std::unexpected(*broken_);
  if (ended_) return {};
  const Error cut{Errc::unavailable,
                  "the server closed the connection in the middle of its response"};
  if (message_ == nullptr || !message_->got_some()) {
    return fail(Errc::unavailable, "the server closed the connection without a response");
  }
  beast::error_code error;
  message_->put_eof(error);
  if (error || !head_given_) return std::unexpected(cut);
  ended_ = true;
  return {};
}

}  // namespace leyden::net
