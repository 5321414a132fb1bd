#include "leyden/prompt/chat/template_part.h"

#include <utility>

namespace leyden::prompt {

PartWriter& PartWriter::markup(std::string_view text) {
  while (!text.empty()) {
    std::size_t at = text.size();
    std::string_view found;
    for (std::string_view mark : marks_) {
      std::size_t position = text.find(mark);
      if (position < at || (position == at && mark.size() > found.size() && at < text.size())) {
        at = position;
        found = mark;
      }
    }
    add(text.substr(0, at), false, false);
    if (!found.empty()) add(found, true, false);
    text.remove_prefix(at + found.size());
  }
  return *this;
}

PartWriter& PartWriter::add(std::string_view text, bool special, bool content) {
  if (text.empty()) return *this;
  if (!special && !parts_.empty() && !parts_.back().special && parts_.back().content == content) {
    parts_.back().text += text;
  } else {
    parts_.push_back({.text = std::string(text), .special = special, .content = content});
  }
  return *this;
}

std::string rendered_text(const std::vector<TemplatePart>& parts) {
  std::string text;
  for (const TemplatePart& part : parts) text += part.text;
  return text;
}

}  // namespace leyden::prompt
