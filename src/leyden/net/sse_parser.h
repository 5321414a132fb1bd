#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::net {

// What a server may send at most. More is an error of the stream. What is kept of a stream is at most a line and an event.
struct SseLimits {
  std::size_t line_bytes =
      16 * MiB;  // Without its end; the first event of a long prompt holds all of its IDs.
  std::size_t event_bytes = 16 * MiB;  // Its data.
};

// One event of a stream. Views are valid until the parser's next call, and as long as the bytes that were given to it.
struct SseEvent {
  std::string_view type;  // "message" where the server says none.
  std::string_view data;  // Its lines, with LF between them.
  std::string_view id;    // Of this event, or of the last one that had any.
};

// Reads text/event-stream (WHATWG HTML, section 9.2.6) as it comes; bytes that are not UTF-8 are given as they are. Any split of the
// same bytes gives the same events. An event that lies whole in the bytes given is not copied, unless it has several lines of data.
// Confined to one thread.
class SseParser {
 public:
  explicit SseParser(const SseLimits& limits = {}) : limits_(limits) {}

  // The next event that is complete, after taking its bytes off the front of `bytes`; nothing, when all of `bytes` is taken. To be called
  // until then. Error: corrupt (over a limit); from then on each call answers the same.
  [[nodiscard]] Result<std::optional<SseEvent>> next(std::string_view& bytes);

  // Whether a part of an event has come, which is lost if the stream ends here.
  [[nodiscard]] bool in_event() const { return !line_.empty() || has_data_ || !type_.empty(); }
  // How long the server wants a client to wait before it connects again: what it said last.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  // Text of an event: a view into the caller's bytes as long as that will do, else a copy.
  class Text {
   public:
    void clear() { view_ = {}, copied_ = false; }
    void set(std::string_view text, bool lasts);
    void add_line(std::string_view text);
    void keep();  // The bytes that it views go away.
    [[nodiscard]] std::string_view view() const { return copied_ ? copy_ : view_; }
    [[nodiscard]] bool empty() const { return view().empty(); }

   private:
    std::string copy_;
    std::string_view view_;
    bool copied_ = false;
  };

  void skip_byte_order_mark(std::string_view& bytes);
  // `lasts`: the line's bytes stay where they are until this call of next() returns nothing.
  [[nodiscard]] bool take_line(std::string_view line, bool lasts);
  std::unexpected<Error> broken(std::string_view what, std::size_t limit);

  SseLimits limits_;
  std::size_t mark_bytes_ = 0;  // Of a byte order mark at the very beginning; npos: that is past.
  std::string line_;            // What has come of a line that is not whole.
  bool after_cr_ = false;       // An LF that comes now belongs to the line end before it.
  Text type_;
  Text data_;
  bool has_data_ = false;  // Data may be empty and be there.
  bool given_ = false;     // The event was given out: begin anew.
  std::string id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::optional<Error> broken_;
};

}  // namespace leyden::net
