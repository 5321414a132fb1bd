#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leyden::tokenizer {

// Byte-level vocabularies write each byte as one printable character (GPT-2's table: 0x20 is U+0120, ...), in tokenizer.json and
// GGUF alike. This gives the bytes back; nullopt when the text has a character that stands for no byte.
[[nodiscard]] std::optional<std::string> bytes_of_byte_level(std::string_view text);

// The character that a byte is written as.
[[nodiscard]] char32_t letter_of_byte(unsigned char byte);

}  // namespace leyden::tokenizer
