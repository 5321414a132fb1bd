#include "leyden/retrieval/document_text.h"

#include <fmt/format.h>

#include "leyden/base/bytes.h"
#include "leyden/base/utf8.h"

namespace leyden::retrieval {

std::optional<std::string> binary_reason(std::string_view content) {
  std::string_view head = content.substr(0, 64 * KiB);
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
    return "is UTF-16 (convert it to UTF-8)";
  if (std::size_t nul = head.substr(0, 8 * KiB).find('\0'); nul != std::string_view::npos) {
    return fmt::format("looks binary (NUL byte at {})", nul);
  }
  // A few stray bytes are a text in an old encoding; a tenth of them is none.
  std::size_t ill_formed = 0;
  for (std::size_t at = 0; at < head.size();) {
    at += utf8::valid_prefix(head.substr(at));
    if (at >= head.size()) break;
    at += utf8::decode(head, at).size;
    ++ill_formed;
  }
  if (ill_formed > 1 && ill_formed * 10 > head.size())
    return fmt::format("looks binary ({} of its first {} bytes are not UTF-8)", ill_formed,
                       head.size());
  return std::nullopt;
}

std::string document_text(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  return utf8::replace_invalid(content);
}

}  // namespace leyden::retrieval
