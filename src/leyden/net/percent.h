#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leyden::net {

// Each %XX of a URL's part as the byte that it stands for (RFC 3986, 2.1); nothing where a % is not followed by two hex digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace leyden::net
