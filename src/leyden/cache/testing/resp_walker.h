#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace leyden::cache::testing {

// Walks over a stream of RESP2/RESP3 values as it comes, in pieces of any size, without keeping it: tells
// where the payloads of bulk strings are and where a value ends. What is not RESP is passed over in
// silence from there on. Confined to one thread.
class RespWalker {
 public:
  struct Events {
    // A part of a bulk string's payload, in place, and whether it begins and ends here.
    std::function<void(std::span<char> part, bool begins, bool ends)> bulk;
    // A value that stands in no other one is over; a push (">") is no reply.
    std::function<void(bool is_push)> end;
  };

  explicit RespWalker(Events events) : events_(std::move(events)) {}

  void walk(std::span<char> bytes) {
    for (std::size_t i = 0; i < bytes.size() && !lost_;) {
      if (bulk_left_ > 0) {
        i += in_bulk(bytes.subspan(i));
      } else {
        in_line(bytes[i++]);
      }
    }
  }

 private:
  static constexpr std::uint64_t kLineBreak = 2;

  std::size_t in_bulk(std::span<char> bytes) {
    const std::size_t taken = std::min<std::uint64_t>(bytes.size(), bulk_left_);
    const std::uint64_t payload_left = bulk_left_ > kLineBreak ? bulk_left_ - kLineBreak : 0;
    const std::size_t payload = std::min<std::uint64_t>(taken, payload_left);
    if (payload > 0) {
      events_.bulk(bytes.first(payload), bulk_begins_, payload == payload_left);
      bulk_begins_ = false;
    }
    bulk_left_ -= taken;
    if (bulk_left_ == 0) over();
    return taken;
  }

  // leyden:ignore common.complex-function a plain walk through the grammar, to check the real parser by
  void in_line(char c) {
    if (c != '\n') {
      if (line_.size() < 32 || c == '\r') line_ += c;  // Of longer ones the beginning is enough.
      return;
    }
    if (line_.empty() || line_.back() != '\r') {
      lost_ = true;
      return;
    }
    line_.pop_back();
    const char type = line_.empty() ? '\0' : line_[0];
    const long long count = line_.size() > 1 ? std::strtoll(line_.c_str() + 1, nullptr, 10) : 0;
    line_.clear();
    switch (type) {
      case '$':
      case '=':
      case '!':
        if (count < 0) return over();
        bulk_left_ = static_cast<std::uint64_t>(count) + kLineBreak;
        bulk_begins_ = true;
        return;
      case '*':
      case '~':
      case '>':
        if (open_.empty()) is_push_ = type == '>';
        return open(count);
      case '%':
        return open(2 * count);
      case '|':  // Attributes stand before the value that they belong to.
        return open(2 * count + 1);
      case '+':
      case '-':
      case ':':
      case '_':
      case '#':
      case ',':
      case '(':
        return over();
      default:
        lost_ = true;
    }
  }

  void open(long long count) {
    if (count <= 0) return over();
    open_.push_back(static_cast<std::uint64_t>(count));
  }

  // A value is over, and perhaps what it stands in.
  void over() {
    while (!open_.empty() && --open_.back() == 0) open_.pop_back();
    if (!open_.empty()) return;
    events_.end(is_push_);
    is_push_ = false;
  }

  Events events_;
  std::string line_;
  std::vector<std::uint64_t> open_;  // How many values are still to come in each aggregate around.
  std::uint64_t bulk_left_ = 0;      // The line break behind it included.
  bool bulk_begins_ = false;
  bool is_push_ = false;
  bool lost_ = false;
};

}  // namespace leyden::cache::testing
