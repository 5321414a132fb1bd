#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::net {

// A value of RESP2 or RESP3, the protocol of Redis and Valkey.
struct RespValue {
  enum class Type : std::uint8_t {
    null,     // Also RESP2's absent string and absent array.
    text,     // Simple, bulk and verbatim strings, doubles and big numbers as they were written.
    error,    // Its first word is the code: "WRONGTYPE Operation against ...".
    integer,  // Also booleans, 0 or 1.
    array,    // Also sets.
    map,      // Items: key, value, key, value ...
    push,     // Sent unasked: an invalidation, a message.
  };
  Type type = Type::null;
  std::int64_t integer = 0;
  Bytes bytes;  // Of a text or an error.
  std::vector<RespValue> items;

  [[nodiscard]] std::string_view text() const { return as_text(bytes); }
  [[nodiscard]] bool is_null() const { return type == Type::null; }
  [[nodiscard]] bool is_error() const { return type == Type::error; }
  // Whether it is an error with that code: is_error("MOVED").
  [[nodiscard]] bool is_error(std::string_view code) const;
  // An error's text for a person: printable, not long, and without the arguments (a password, a value) that a server quotes when
  // it does not know a command.
  [[nodiscard]] std::string message() const;
  [[nodiscard]] bool is_ok() const { return type == Type::text && text() == "OK"; }

  friend bool operator==(const RespValue&, const RespValue&) = default;
};

// What a server may send at most. More is an error of the connection, never an allocation.
struct RespLimits {
  std::size_t line_bytes = 64 * KiB;   // Simple strings, errors, numbers.
  std::size_t bulk_bytes = 64 * MiB;   // One string.
  std::size_t reply_bytes = 1 * GiB;   // All strings of one reply together.
  std::size_t reply_values = 4 << 20;  // All values of one reply together.
  std::size_t depth = 8;
};

// Takes bytes as they come and gives values once they are whole. Confined to one thread.
class RespParser {
 public:
  explicit RespParser(const RespLimits& limits = {}) : limits_(limits) {}

  // Appends the values that `bytes` completes. Error: corrupt (not RESP, or over a limit); from then on each call answers the
  // same: there is no way back into step.
  [[nodiscard]] Result<void> feed(BytesView bytes, std::vector<RespValue>& out);

 private:
  // An aggregate of which some items are still to come.
  struct Open {
    RespValue value;
    std::size_t items_left = 0;
    bool attribute = false;  // Said about the value that follows, and dropped.
  };
  Result<void> take_line(std::string_view line, std::vector<RespValue>& out);
  Result<void> open_aggregate(RespValue::Type type, bool attribute, std::string_view count,
                              std::size_t per_item, std::vector<RespValue>& out);
  Result<void> open_bulk(RespValue::Type type, bool verbatim, std::string_view size,
                         std::vector<RespValue>& out);
  void complete(RespValue value, std::vector<RespValue>& out);
  Result<void> broken(std::string_view what);

  RespLimits limits_;
  std::string line_;  // What has come of a line that is not whole.
  RespValue bulk_;
  std::size_t bulk_size_ = 0;
  bool in_bulk_ = false;
  bool verbatim_ = false;
  std::size_t bulk_end_ = 0;  // How much of the line end after a bulk has come.
  std::vector<Open> open_;
  std::size_t reply_bytes_ = 0;
  std::size_t reply_values_ = 0;
  bool broken_ = false;
};

// Commands as they go over the wire, sent together and answered one by one.
class RespRequest {
 public:
  void add(std::span<const std::string_view> arguments);
  void add(std::initializer_list<std::string_view> arguments) {
    add(std::span(arguments.begin(), arguments.size()));
  }
  void append(const RespRequest& other);

  [[nodiscard]] std::size_t commands() const { return commands_; }
  [[nodiscard]] const std::string& wire() const { return wire_; }

 private:
  std::string wire_;
  std::size_t commands_ = 0;
};

}  // namespace leyden::net
