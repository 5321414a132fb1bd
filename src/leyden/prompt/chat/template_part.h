#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leyden::prompt {

// A piece of a rendered conversation: a special token by its text, the template's own ordinary text, or content: text of
// others (messages, tool definitions, results). All that is not special is encoded with special tokens switched off, so
// content can never become a control token.
struct TemplatePart {
  std::string text;
  bool special = false;
  bool content = false;

  friend bool operator==(const TemplatePart&, const TemplatePart&) = default;
};

// Appends parts; neighbours of one kind become one part.
class PartWriter {
 public:
  // `marks`: the special tokens that markup() finds in the template's own text.
  explicit PartWriter(std::vector<std::string_view> marks = {}) : marks_(std::move(marks)) {}

  // Text of the template, with special tokens in it.
  PartWriter& markup(std::string_view text);
  PartWriter& text(std::string_view text) { return add(text, false, false); }
  PartWriter& content(std::string_view text) { return add(text, false, true); }
  PartWriter& special(std::string_view text) { return add(text, true, false); }

  [[nodiscard]] std::vector<TemplatePart> take() { return std::move(parts_); }

 private:
  PartWriter& add(std::string_view text, bool special, bool content);

  std::vector<std::string_view> marks_;
  std::vector<TemplatePart> parts_;
};

// The parts' texts, one after the other: what the reference renderer gives.
[[nodiscard]] std::string rendered_text(const std::vector<TemplatePart>& parts);

}  // namespace leyden::prompt
