#include "leyden/net/resp.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace leyden::net {
namespace {

constexpr std::size_t kReservedItemsMax = 1024;  // More only once they are there.
constexpr std::size_t kReservedBytesMax = 1 * MiB;

std::optional<std::int64_t> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

RespValue text_value(RespValue::Type type, std::string_view text) {
  RespValue value;
  value.type = type;
  const BytesView bytes = as_bytes(text);
  value.bytes.assign(bytes.begin(), bytes.end());
  return value;
}

RespValue integer_value(std::int64_t integer) {
  RespValue value;
  value.type = RespValue::Type::integer;
  value.integer = integer;
  return value;
}

}  // namespace

bool RespValue::is_error(std::string_view code) const {
  const std::string_view all = text();
  return is_error() && all.starts_with(code) &&
         (all.size() == code.size() || all[code.size()] == ' ');
}

std::string RespValue::message() const {
  constexpr std::size_t kMessageMax = 200;
  std::string out(text().substr(0, std::min(text().find(", with args"), kMessageMax)));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

Result<void> RespParser::broken(std::string_view what) {
  broken_ = true;
  return fail(Errc::corrupt, "the server's reply is not RESP: {}", what);
}

Result<void> RespParser::feed(BytesView bytes, std::vector<RespValue>& out) {
  if (broken_) return broken("an earlier one was not");
  while (!bytes.empty()) {
    if (in_bulk_) {
      const std::size_t take = std::min(bulk_size_ - bulk_.bytes.size(), bytes.size());
      bulk_.bytes.insert(bulk_.bytes.end(), bytes.begin(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(take));
      bytes = bytes.subspan(take);
      for (; bulk_.bytes.size() == bulk_size_ && bulk_end_ < 2 && !bytes.empty(); ++bulk_end_) {
        if (static_cast<char>(bytes.front()) != "\r\n"[bulk_end_])
          return broken("a string of another length than it says");
        bytes = bytes.subspan(1);
      }
      if (bulk_end_ < 2) continue;
      in_bulk_ = false;
      if (verbatim_) {  // "txt:" before the text
        if (bulk_size_ < 4 || bulk_.text()[3] != ':')
          return broken("a verbatim string without a format");
        bulk_.bytes.erase(bulk_.bytes.begin(), bulk_.bytes.begin() + 4);
      }
      complete(std::exchange(bulk_, {}), out);
      continue;
    }
    const auto* end = static_cast<const std::byte*>(std::memchr(bytes.data(), '\n', bytes.size()));
    const std::size_t size =
        end == nullptr ? bytes.size() : static_cast<std::size_t>(end - bytes.data()) + 1;
    if (line_.size() + size > limits_.line_bytes) return broken("a line that is too long");
    line_ += as_text(bytes.first(size));
    bytes = bytes.subspan(size);
    if (end == nullptr) break;
    if (!line_.ends_with("\r\n")) return broken("a line that ends in no CR LF");
    const std::string line = std::exchange(line_, {});
    if (auto taken = take_line(std::string_view(line).substr(0, line.size() - 2), out); !taken)
      return taken;
  }
  return {};
}

// leyden:ignore common.complex-function the grammar of RESP, a case a type
Result<void> RespParser::take_line(std::string_view line, std::vector<RespValue>& out) {
  using Type = RespValue::Type;
  if (line.empty()) return broken("an empty line");
  if (++reply_values_ > limits_.reply_values) return broken("too many values in one reply");
  reply_bytes_ += line.size();
  if (reply_bytes_ > limits_.reply_bytes) return broken("a reply that is too large");
  const std::string_view rest = line.substr(1);
  switch (line.front()) {
    case '+':
    case ',':
    case '(':
      complete(text_value(Type::text, rest), out);
      return {};
    case '-':
      complete(text_value(Type::error, rest), out);
      return {};
    case ':': {
      const auto value = number(rest);
      if (!value) return broken("an integer that is none");
      complete(integer_value(*value), out);
      return {};
    }
    case '#':
      if (rest != "t" && rest != "f") return broken("a boolean that is none");
      complete(integer_value(rest == "t" ? 1 : 0), out);
      return {};
    case '_':
      if (!rest.empty()) return broken("a null that is none");
      complete({}, out);
      return {};
    case '$':
      return open_bulk(Type::text, false, rest, out);
    case '=':
      return open_bulk(Type::text, true, rest, out);
    case '!':
      return open_bulk(Type::error, false, rest, out);
    case '*':
    case '~':
      return open_aggregate(Type::array, false, rest, 1, out);
    case '%':
      return open_aggregate(Type::map, false, rest, 2, out);
    case '|':
      return open_aggregate(Type::map, true, rest, 2, out);
    case '>':
      // Not inside of a reply: it would be taken for one of its items.
      if (!open_.empty()) return broken("a push inside of a reply");
      return open_aggregate(Type::push, false, rest, 1, out);
    default:
      return broken("an unknown type");
  }
}

Result<void> RespParser::open_bulk(RespValue::Type type, bool verbatim, std::string_view size,
                                   std::vector<RespValue>& out) {
  const auto bytes = number(size);
  if (bytes == -1) {
    complete({}, out);
    return {};
  }
  if (!bytes || *bytes < 0) return broken("a length that is none");
  if (static_cast<std::uint64_t>(*bytes) > limits_.bulk_bytes)
    return broken("a string that is too long");
  reply_bytes_ += static_cast<std::size_t>(*bytes);
  if (reply_bytes_ > limits_.reply_bytes) return broken("a reply that is too large");
  in_bulk_ = true;
  verbatim_ = verbatim;
  bulk_end_ = 0;
  bulk_size_ = static_cast<std::size_t>(*bytes);
  bulk_.type = type;
  bulk_.bytes.reserve(std::min(bulk_size_, kReservedBytesMax));
  return {};
}

Result<void> RespParser::open_aggregate(RespValue::Type type, bool attribute,
                                        std::string_view count, std::size_t per_item,
                                        std::vector<RespValue>& out) {
  const auto items = number(count);
  if (items == -1 && type == RespValue::Type::array) {
    complete({}, out);
    return {};
  }
  if (!items || *items < 0) return broken("a length that is none");
  if (static_cast<std::uint64_t>(*items) > limits_.reply_values / per_item)
    return broken("too many values in one reply");
  Open opened;
  opened.value.type = type;
  opened.attribute = attribute;
  opened.items_left = static_cast<std::size_t>(*items) * per_item;
  if (opened.items_left == 0) {
    if (!attribute) complete(std::move(opened.value), out);
    return {};
  }
  if (open_.size() >= limits_.depth) return broken("too deep");
  opened.value.items.reserve(std::min(opened.items_left, kReservedItemsMax));
  open_.push_back(std::move(opened));
  return {};
}

void RespParser::complete(RespValue value, std::vector<RespValue>& out) {
  while (!open_.empty()) {
    Open& into = open_.back();
    into.value.items.push_back(std::move(value));
    if (--into.items_left > 0) return;
    value = std::move(into.value);
    const bool attribute = into.attribute;
    open_.pop_back();
    if (attribute) return;
  }
  reply_bytes_ = 0;
  reply_values_ = 0;
  out.push_back(std::move(value));
}

void RespRequest::add(std::span<const std::string_view> arguments) {
  const auto append_number = [this](char type, std::size_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    wire_ += type;
    wire_.append(digits, end);
    wire_ += "\r\n";
  };
  append_number('*', arguments.size());
  for (const std::string_view argument : arguments) {
    append_number('$', argument.size());
    wire_ += argument;
    wire_ += "\r\n";
  }
  ++commands_;
}

void RespRequest::append(const RespRequest& other) {
  wire_ += other.wire_;
  commands_ += other.commands_;
}

}  // namespace leyden::net
