#pragma once

#include <string>
#include <string_view>

namespace leyden::tokenizer {

// Unicode Normalization Form C (UAX #15) of valid UTF-8, at Unicode 9.0 as the reference does it (normalizer.cc). Linear. Text that is ASCII is returned as it is.
[[nodiscard]] std::string to_nfc(std::string_view text);

// True when NFC leaves the text as it is for a reason that is cheap to see: it is ASCII.
[[nodiscard]] bool is_ascii(std::string_view text);

}  // namespace leyden::tokenizer
