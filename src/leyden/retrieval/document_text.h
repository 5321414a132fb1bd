#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leyden::retrieval {

// Why a file's content is no text, such as "looks binary (NUL byte at 17)"; nullopt when it is text. Looks at the first 64 KiB.
[[nodiscard]] std::optional<std::string> binary_reason(std::string_view content);

// The content as UTF-8: without byte order mark, ill-formed parts replaced by U+FFFD.
[[nodiscard]] std::string document_text(std::string_view content);

}  // namespace leyden::retrieval
