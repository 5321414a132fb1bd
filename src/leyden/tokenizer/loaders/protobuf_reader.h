#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace leyden::tokenizer {

// Reads the fields of one protobuf message (protobuf.dev/programming-guides/encoding). Safe on any bytes; views point into
// them.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  struct Field {
    std::uint32_t number = 0;
    std::uint64_t value = 0;  // Varint and fixed fields.
    std::string_view bytes;   // Length-delimited ones.

    [[nodiscard]] float as_float() const {
      auto bits = static_cast<std::uint32_t>(value);
      float out = 0;
      std::memcpy(&out, &bits, sizeof(out));
      return out;
    }
  };
  // nullopt at the end, and where the message is malformed: then ok() is false.
  [[nodiscard]] std::optional<Field> next() {
    if (rest_.empty()) return std::nullopt;
    auto key = varint();
    if (!key || (*key >> 3) == 0 || (*key >> 3) > 0x1FFFFFFF) return malformed();
    Field field{.number = static_cast<std::uint32_t>(*key >> 3)};
    switch (*key & 7) {
      case 0: {
        auto value = varint();
        if (!value) return malformed();
        field.value = *value;
        return field;
      }
      case 1:
        return fixed(field, 8);
      case 5:
        return fixed(field, 4);
      case 2: {
        auto size = varint();
        if (!size || *size > rest_.size()) return malformed();
        field.bytes = rest_.substr(0, *size);
        rest_.remove_prefix(*size);
        return field;
      }
      default:
        return malformed();  // Groups: no file of ours has them.
    }
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::optional<Field> malformed() {
    ok_ = false;
    rest_ = {};
    return std::nullopt;
  }
  std::optional<Field> fixed(Field field, std::size_t size) {
    if (rest_.size() < size) return malformed();
    std::memcpy(&field.value, rest_.data(), size);
    rest_.remove_prefix(size);
    return field;
  }
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace leyden::tokenizer
