#pragma once

#include <string>
#include <utility>

#include "leyden/tokenizer/normalizers/normalized_text.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {

// Replaces characters one by one: `change(c, out)` is true where `c` becomes `out` (empty at the call; left empty, the
// character goes), false where it stays. Nothing is copied when nothing changes.
template <class Change>
void map_chars(NormalizedText& normalized, Change&& change) {
  std::string_view text = normalized.text();
  NormalizedText out(normalized.tracked());
  std::string changed;
  std::size_t copied = 0;
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    ClassedChar c = classed_char(text, at);
    changed.clear();
    if (change(c, changed)) {
      if (!any) out.reserve(text.size());
      any = true;
      out.copy(normalized, copied, at);
      out.put(changed, normalized, at, at + c.size);
      copied = at + c.size;
    }
    at += c.size;
  }
  if (!any) return;
  out.copy(normalized, copied, text.size());
  normalized = std::move(out);
}

}  // namespace leyden::tokenizer
