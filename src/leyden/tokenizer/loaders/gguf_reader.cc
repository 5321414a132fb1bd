#include "leyden/tokenizer/loaders/gguf_reader.h"
#include "leyden/base/utf8.h"

#include <bit>
#include <cstring>
#include <type_traits>

namespace leyden::tokenizer {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF is read as it lies in memory");

enum Type : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64
};

class Cursor {
 public:
  explicit Cursor(BytesView bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - position_; }

  template <class T>
  std::optional<T> take() {
    static_assert(std::is_trivially_copyable_v<T>);
    if (left() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }
  std::optional<std::string_view> take_string() {
    auto length = take<std::uint64_t>();
    if (!length || *length > left()) return std::nullopt;
    std::string_view text = as_text(bytes_.subspan(position_, *length));
    position_ += *length;
    return text;
  }
  std::optional<std::string_view> take_bytes(std::size_t count) {
    if (count > left()) return std::nullopt;
    std::string_view text = as_text(bytes_.subspan(position_, count));
    position_ += count;
    return text;
  }
  bool skip(std::size_t count, std::size_t size) {
    if (count > left() / size) return false;
    position_ += count * size;
    return true;
  }

 private:
  BytesView bytes_;
  std::size_t position_ = 0;
};

std::size_t size_of(std::uint32_t type) {
  switch (type) {
    case u8:
    case i8:
    case boolean:
      return 1;
    case u16:
    case i16:
      return 2;
    case u32:
    case i32:
    case f32:
      return 4;
    case u64:
    case i64:
    case f64:
      return 8;
    default:
      return 0;
  }
}

std::optional<std::int64_t> take_integer(Cursor& cursor, std::uint32_t type) {
  auto widen = [](auto value) -> std::optional<std::int64_t> {
    if (!value) return std::nullopt;
    return static_cast<std::int64_t>(*value);
  };
  switch (type) {
    case u8:
    case boolean:
      return widen(cursor.take<std::uint8_t>());
    case i8:
      return widen(cursor.take<std::int8_t>());
    case u16:
      return widen(cursor.take<std::uint16_t>());
    case i16:
      return widen(cursor.take<std::int16_t>());
    case u32:
      return widen(cursor.take<std::uint32_t>());
    case i32:
      return widen(cursor.take<std::int32_t>());
    case u64:
      return widen(cursor.take<std::uint64_t>());
    case i64:
      return widen(cursor.take<std::int64_t>());
    default:
      return std::nullopt;
  }
}

std::optional<Gguf::Value> take_array(Cursor& cursor) {
  auto type = cursor.take<std::uint32_t>();
  auto count = cursor.take<std::uint64_t>();
  if (!type || !count) return std::nullopt;
  if (*type == string) {
    if (*count > cursor.left() / 8) return std::nullopt;  // Each has a length of 8 bytes.
    Gguf::Strings strings(*count);
    for (std::string_view& entry : strings) {
      auto text = cursor.take_string();
      if (!text) return std::nullopt;
      entry = *text;
    }
    return strings;
  }
  std::size_t size = size_of(*type);
  if (size == 0) return std::nullopt;  // Arrays of arrays: none of the keys that we know has them.
  if (*count > cursor.left() / size) return std::nullopt;
  if (*type == f64) {
    if (!cursor.skip(*count, size)) return std::nullopt;
    return Gguf::Value{};
  }
  if (*type == f32) {
    Gguf::Floats floats(*count);
    for (float& entry : floats) entry = *cursor.take<float>();
    return floats;
  }
  if (*type == u8 || *type == i8) return Gguf::Bytes{*cursor.take_bytes(*count)};
  Gguf::Integers integers(*count);
  for (std::int64_t& entry : integers) entry = *take_integer(cursor, *type);
  return integers;
}

std::optional<Gguf::Value> take_value(Cursor& cursor, std::uint32_t type) {
  auto wrap = [](auto value) -> std::optional<Gguf::Value> {
    if (!value) return std::nullopt;
    return Gguf::Value(*value);
  };
  switch (type) {
    case string:
      return wrap(cursor.take_string());
    case array:
      return take_array(cursor);
    case f64:
      return wrap(cursor.take<double>());
    case f32: {
      auto value = cursor.take<float>();
      return value ? std::optional<Gguf::Value>(static_cast<double>(*value)) : std::nullopt;
    }
    case boolean: {
      auto value = cursor.take<std::uint8_t>();
      return value ? std::optional<Gguf::Value>(*value != 0) : std::nullopt;
    }
    case u8:
    case u16:
    case u32:
    case u64: {
      auto value = take_integer(cursor, type);
      return value ? std::optional<Gguf::Value>(static_cast<std::uint64_t>(*value)) : std::nullopt;
    }
    default:
      return wrap(take_integer(cursor, type));
  }
}

}  // namespace

std::string Gguf::text(std::string_view key) const {
  const auto* found = find<std::string_view>(key);
  return found != nullptr ? std::string(*found) : std::string();
}

std::optional<std::uint64_t> Gguf::number(std::string_view key) const {
  if (const auto* found = find<std::uint64_t>(key)) return *found;
  if (const auto* found = find<std::int64_t>(key); found != nullptr && *found >= 0) {
    return static_cast<std::uint64_t>(*found);
  }
  return std::nullopt;
}

std::optional<bool> Gguf::flag(std::string_view key) const {
  const auto* found = find<bool>(key);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

Result<Gguf> read_gguf(BytesView content, const std::string& where) {
  Cursor cursor(content);
  auto truncated = [&](std::string_view what) {
    return fail(Errc::corrupt, "{} is cut off or damaged in {} (byte {}): get it again", where,
                what, cursor.position());
  };
  auto magic = cursor.take<std::uint32_t>();
  if (!magic || *magic != 0x46554747U) return fail(Errc::corrupt, "{} is not a GGUF file", where);
  auto version = cursor.take<std::uint32_t>();
  if (!version) return truncated("its header");
  if (*version != 2 && *version != 3) {
    return fail(Errc::unsupported, "{} is GGUF version {}: versions 2 and 3 are read", where,
                *version);
  }
  auto tensors = cursor.take<std::uint64_t>();
  auto pairs = cursor.take<std::uint64_t>();
  if (!tensors || !pairs) return truncated("its header");
  Gguf gguf;
  for (std::uint64_t i = 0; i < *pairs; ++i) {
    auto key = cursor.take_string();
    auto type = cursor.take<std::uint32_t>();
    if (!key || !type) return truncated("its metadata");
    auto value = take_value(cursor, *type);
    if (!value) return truncated(fmt::format("the value of {:.80}", utf8::one_line(*key)));
    gguf.metadata.insert_or_assign(*key, *std::move(value));
  }
  return gguf;
}

}  // namespace leyden::tokenizer
